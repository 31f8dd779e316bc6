/** `work` with a file of tasks, and `tasks call` as whole programs. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../../support/server.ts";
import { environmentFor } from "../in-process.ts";
import { CliProcess } from "./cli-process.ts";

const TASKS = join(import.meta.dirname, "../../../worker-client/src/tasks/index.ts");
const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-work-tasks-"));

beforeAll(() => server.start());
afterEach(() => CliProcess.killAll());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function start(...args: string[]): CliProcess {
  return new CliProcess(args, { environment: environmentFor(server), folder });
}

function tasksFile(text: string, ending = "ts"): string {
  const path = join(folder, `${freshName()}.${ending}`);
  writeFileSync(path, `import { defineTasks, task } from ${JSON.stringify(TASKS)};\n${text}`);
  return path;
}

/** Tasks of a queue that double numbers and fail, exported under a name of their own. */
const doubling = (queue: string, more = "") =>
  `export const tasks = defineTasks(${JSON.stringify(queue)}, {
    double: task({ run: async (n) => { console.log("double", n); return 2 * n; } }),
    fail: task({ maxAttempts: 1, run: () => { throw new TypeError("boom"); } }),
    elsewhere: task({}), ${more}
  });`;

test("the tasks of a file are served: the queue is theirs, results and errors are kept", async () => {
  const name = freshName();
  const file = tasksFile(doubling(name));

  const command = start("work", file, "--processes", "2", "--concurrency", "5");
  await command.printed(new RegExp(`^${name}, serving: double, fail\\.\n`, "m"));
  const call = start("tasks", "call", name, "double", "21");
  expect(await call.status).toBe(0);
  const failed = start("tasks", "call", file, "fail");
  expect(await failed.status).toBe(1);
  command.interrupt();

  expect(await command.status).toBe(130);
  expect(call.output).toBe("42\n");
  expect(failed.errors).toMatch(/failed after 1 attempt: .*TypeError: boom/);
  expect(command.errors.match(/serving/g)).toHaveLength(1);
});

test("with --json each finished job is one line with its task, and what handlers print goes to standard error", async () => {
  const name = freshName();
  const command = start("work", tasksFile(doubling(name)), "--json");
  await command.printed(/serving/);
  await start("tasks", "call", name, "double", "1").status;
  await start("tasks", "call", name, "fail", "--max-attempts", "1").status;
  await command.printed(/"failed".*\n/);
  command.interrupt();
  await command.status;

  expect(
    command.output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: expect.any(String), task: "double", outcome: "done", attempt: 1, seconds: expect.any(Number) },
    {
      ...{ id: expect.any(String), task: "fail", outcome: "failed", attempt: 1, seconds: expect.any(Number) },
      error: "TypeError: boom",
    },
  ]);
  expect(command.errors).toContain("double 1");
});

test("a queue that is named must be the one of the tasks, and chooses among several", async () => {
  const [one, other] = [freshName(), freshName()];
  const two = tasksFile(`${doubling(one)}
    export const others = defineTasks(${JSON.stringify(other)}, { other: task({ run: () => 1 }) });`);
  const cases: [args: string[], error: RegExp][] = [
    [
      ["nothing"],
      /^Error: There is no file nothing\. If it is a queue, name the file of its handler too: durable-queue/,
    ],
    [[one, tasksFile(doubling(other))], new RegExp(`^Error: The tasks of \\S+ are those of ${other}, not of ${one}: `)],
    [[two], new RegExp(`exports several registries of tasks: tasks of ${one}, others of ${other}\\. Export the one`)],
    [
      [tasksFile('export const tasks = defineTasks("a", { b: task({}) });')],
      /^Error: No task of \S+ has a handler: task/,
    ],
    [
      [tasksFile("export default () => 1;")],
      /^Error: The handler \S+ does not say on which queue it works: durable-queue/,
    ],
    [
      [tasksFile("export const a = 1;")],
      /^Error: The handler \S+ has no default export, and not a function: export def/,
    ],
    [
      [tasksFile('defineTasks("a b", {});')],
      /^Error: The handler \S+ cannot be loaded: RangeError: The name of a queue/,
    ],
  ];
  const outcomes = await Promise.all(
    cases.map(async ([args]) => {
      const command = start("work", ...args);
      await command.status;
      return command.errors.trimEnd().split("\n").at(-1);
    }),
  );
  expect(outcomes).toEqual(cases.map(([, error]) => expect.stringMatching(error)));

  const chosen = start("work", other, two);
  await chosen.printed(new RegExp(`${other}, serving: other\\.`));
});

test("--watch begins anew with the tasks as they are now, and says which", async () => {
  const name = freshName();
  const file = tasksFile(doubling(name));
  const command = start("work", file, "--watch");
  await command.printed(/serving: double, fail\.\n/);

  writeFileSync(
    file,
    `import { defineTasks, task } from ${JSON.stringify(TASKS)};\n${doubling(name, "triple: task({ run: (n) => 3 * n }),")}`,
  );
  await command.printed(/serving: double, fail, triple\.\n/);
  const call = start("tasks", "call", file, "triple", "2");

  expect([await call.status, call.output]).toEqual([0, "6\n"]);
  expect(command.errors).toContain(`${name}, handler_changed: `);
});

test("a call is cancelled by another command while its handler runs", async () => {
  const name = freshName();
  const file = tasksFile(`export default defineTasks(${JSON.stringify(name)}, {
    hang: task({ run: (_, { id, signal }) => new Promise((_, fail) => {
      console.log("began", id);
      signal.addEventListener("abort", () => { console.log("aborted"); fail(signal.reason); });
    }) }) });`);
  const worker = start("work", file);
  const call = start("tasks", "call", file, "hang");
  const [, id = ""] = await worker.printed(/began (\S+)/);

  expect(await start("jobs", "cancel", name, id).status).toBe(0);

  await worker.printed(/aborted/);
  expect([await call.status, call.output]).toEqual([1, ""]);
  expect(call.errors).toBe(`Error: The job ${id} (hang) of ${name} was cancelled.\n`);
});

test("a file of tasks that prints and keeps something open does not hold a call up, nor spoil its output", async () => {
  const name = freshName();
  const worker = start("work", tasksFile(doubling(name)));
  await worker.printed(/serving/);
  const file = tasksFile(`console.log("injected env (0)"); setInterval(() => {}, 1_000); ${doubling(name)}`);

  const call = start("tasks", "call", file, "double", "4");
  const refused = start("tasks", "call", file, "doubel", "4");

  expect([await call.status, call.output, call.errors]).toEqual([0, "8\n", "injected env (0)\n"]);
  expect([await refused.status, refused.output]).toEqual([2, ""]);
});
