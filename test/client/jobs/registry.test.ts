import { expect, test } from "vitest";
import * as z from "zod";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

test("a registry has its queue, its tasks and where it is defined", () => {
  const run = () => 1;
  const tasks = defineTasks("images", { resize: task({ run, maxAttempts: 3 }) }, { module: "file:///tasks.ts" });

  expect(tasks.queue).toBe("images");
  expect(tasks.tasks.resize).toMatchObject({ run, rules: { maxAttempts: 3 } });
  expect(tasks.module).toBe("file:///tasks.ts");
});

test.each([
  ["then", "A task cannot be named then: JavaScript would take the client of the tasks for a promise."],
  ["toJSON", "A task cannot be named toJSON: JSON.stringify would call it."],
  ["job", "A task cannot be named job: the client of the tasks has a call of this name."],
  ["_hidden", 'The name of a task must be 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit, not "_hidden".'],
  ["", 'The name of a task must be 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit, not "".'],
])("a task cannot be named %j", (name, message) => {
  expect(() => defineTasks("images", { [name]: task({}) })).toThrow(new RangeError(message));
});

test("names of objects and of the client's other parts are no other than others", () => {
  const names = ["constructor", "toString", "submit", "a".repeat(64), "mail.send-now_2"];

  for (const name of names) expect(Object.keys(defineTasks("a", { [name]: task({}) }).tasks)).toEqual([name]);
});

test("mistakes are told where they are made", () => {
  const loose = { task: task as unknown as (options: object) => unknown };
  const define = defineTasks as unknown as (queue: unknown, tasks: unknown, options?: object) => unknown;

  expect(() => loose.task({ attempts: 3 })).toThrow(
    'task() has no option "attempts". Did you mean "maxAttempts"? It has: input, output, run, maxAttempts, ' +
      "retryDelaySeconds, retentionSeconds, resultSeconds, priority, timeoutSeconds, jsonSchema.",
  );
  expect(() => loose.task({ input: { url: "text" } })).toThrow(
    "input must be a Standard Schema, as those of zod 3.24, valibot 1 and arktype 2 or later are, not an object.",
  );
  expect(() => loose.task({ run: "resize" })).toThrow('run must be a function, not "resize".');
  expect(() => loose.task({ resultSeconds: 2_592_001 })).toThrow(
    "resultSeconds must be a number from 0 to 2592000, not 2592001.",
  );
  expect(() => loose.task({ timeoutSeconds: 0 })).toThrow(
    "timeoutSeconds must be a number from 0.001 to 31622400, not 0.",
  );
  expect(() => loose.task({ priority: 256 })).toThrow("priority must be an integer from 0 to 255, not 256.");
  expect(() => loose.task({ maxAttempts: -1 })).toThrow(/^maxAttempts must be an integer from 0 to/);
  expect(() => loose.task({ jsonSchema: "{}" })).toThrow('jsonSchema must be an object, not "{}".');
  expect(() => define("images", { resize: () => 1 })).toThrow("resize must be a task, made by task(), not a function.");
  expect(() => define("images", [])).toThrow(
    "defineTasks() takes its tasks as an object, by their names, not an array.",
  );
  expect(() => define("../images", {})).toThrow(
    'The name of a queue must be 1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or a digit, not "../images".',
  );
  expect(() => define("images", {}, { modul: "a" })).toThrow(
    'defineTasks() has no option "modul". Did you mean "module"? It has: module.',
  );
  expect(() => define("images", {}, { module: 1 })).toThrow("module must be a text, as import.meta.url, not 1.");
});

test("a schema that is a function, as those of arktype are, is one", () => {
  const schema = Object.assign(() => undefined, { "~standard": z.string()["~standard"] });

  expect(task({ input: schema as never }).input).toBe(schema);
});
