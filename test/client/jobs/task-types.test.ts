/** What the compiler knows of tasks: their inputs and results; and what it refuses, in which words. */
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { gather, type Job, QueueManager } from "../../../worker-client/src/index.ts";
import {
  defineTasks,
  type InputOf,
  type Jsonified,
  type ResultOf,
  type StandardSchemaV1,
  task,
} from "../../../worker-client/src/tasks/index.ts";
import { compiled } from "./compiled.ts";

const { tasks } = defineTasks("images", {
  resize: task({
    input: z.object({ url: z.url(), width: z.number().default(100) }),
    run: async ({ url, width }, { attempt }) => ({ url, pixels: width * attempt, at: new Date(), note: noteOf(url) }),
  }),
  count: task({
    input: z.string(),
    output: z.object({ count: z.string().transform(Number), kind: z.enum(["a", "b"]) }),
    run: async (text) => ({ count: String(text.length), kind: "a" as const }),
  }),
  declared: task({ input: z.array(z.string()), output: z.map(z.string(), z.number()) }),
  untested: task({ run: (input: { n: number }) => (input.n > 1 ? "many" : undefined) }),
  nothing: task({ run: async () => {} }),
});

type Tasks = typeof tasks;

function noteOf(url: string): string | undefined {
  return url === "" ? undefined : url;
}

describe("the types of a task", () => {
  test("are those of its schemas", () => {
    expectTypeOf<InputOf<Tasks["resize"]>>().toEqualTypeOf<{ url: string; width?: number | undefined }>();
    expectTypeOf<InputOf<Tasks["count"]>>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<Tasks["count"]>>().toEqualTypeOf<{ count: number; kind: "a" | "b" }>();
    expectTypeOf<InputOf<Tasks["declared"]>>().toEqualTypeOf<string[]>();
    expectTypeOf<ResultOf<Tasks["declared"]>>().toEqualTypeOf<Record<string, never>>();
  });

  test("are those of its handler where it has no schema, as JSON makes them", () => {
    type Resized = { url: string; pixels: number; at: string; note?: string };
    expectTypeOf<ResultOf<Tasks["resize"]>>().toEqualTypeOf<Resized>();
    expectTypeOf<InputOf<Tasks["untested"]>>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<ResultOf<Tasks["untested"]>>().toEqualTypeOf<"many" | null>();
    expectTypeOf<InputOf<Tasks["nothing"]>>().toEqualTypeOf<unknown>();
    expectTypeOf<ResultOf<Tasks["nothing"]>>().toEqualTypeOf<null>();
  });

  test("come from schemas of any library", () => {
    const input = {
      "~standard": { version: 1, vendor: "own", validate: (value: unknown) => ({ value: Number(value) }) },
    };
    const own = task({ input: input as StandardSchemaV1<string, number>, run: (n) => n.toFixed(2) });

    expectTypeOf<InputOf<typeof own>>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<typeof own>>().toEqualTypeOf<string>();
  });
});

describe("what JSON makes of a value", () => {
  test("has texts for dates and what else has toJSON", () => {
    expectTypeOf<Jsonified<Date>>().toEqualTypeOf<string>();
    expectTypeOf<Jsonified<{ at: Date | null }>>().toEqualTypeOf<{ at: string | null }>();
    expectTypeOf<Jsonified<{ toJSON(): { at: Date } }>>().toEqualTypeOf<{ at: string }>();
    expectTypeOf<Jsonified<URL>>().toEqualTypeOf<string>();
  });

  test("has no member that is undefined or a function", () => {
    type Value = { a: undefined; b: () => void; c: string | undefined; d?: number; e: symbol; f: number };
    expectTypeOf<Jsonified<Value>>().toEqualTypeOf<{ c?: string; d?: number; f: number }>();
    expectTypeOf<Jsonified<(string | undefined)[]>>().toEqualTypeOf<(string | null)[]>();
    expectTypeOf<Jsonified<[Date, () => void]>>().toEqualTypeOf<[string, null]>();
    expectTypeOf<Jsonified<undefined>>().toEqualTypeOf<null>();
  });

  test("is empty for maps and sets", () => {
    expectTypeOf<Jsonified<Map<string, number>>>().toEqualTypeOf<Record<string, never>>();
    expectTypeOf<Jsonified<{ of: Set<string> }>>().toEqualTypeOf<{ of: Record<string, never> }>();
  });

  test("does not exist for a bigint", () => {
    expectTypeOf<Jsonified<bigint>>().toEqualTypeOf<never>();
  });

  test("is the same for JSON, and for what is not known", () => {
    type Json = { a: (string | number)[]; b: { c: boolean | null } };
    expectTypeOf<Jsonified<Json>>().toEqualTypeOf<Json>();
    expectTypeOf<Jsonified<unknown>>().toEqualTypeOf<unknown>();
    expectTypeOf<Jsonified<{ a: unknown }>>().toEqualTypeOf<{ a: unknown }>();
  });
});

const manager = new QueueManager({ authkey: "a" });
const client = manager.tasks(defineTasks("images", tasks));

describe("the client of tasks", () => {
  test("has the inputs and the results of each", () => {
    expectTypeOf(client.resize.submit).parameter(0).toEqualTypeOf<{ url: string; width?: number | undefined }>();
    expectTypeOf(client.count.submit("a")).resolves.toEqualTypeOf<Job<{ count: number; kind: "a" | "b" }>>();
    expectTypeOf(client.count.job("0.a-1-0").result()).resolves.toEqualTypeOf<{ count: number; kind: "a" | "b" }>();
    expectTypeOf(client.nothing.submit).toBeCallableWith();
    expectTypeOf(gather([client.count.job("a"), client.nothing.job("b")])).resolves.toEqualTypeOf<
      [{ count: number; kind: "a" | "b" }, null]
    >();
    expectTypeOf(gather([] as Job<string>[])).resolves.toEqualTypeOf<string[]>();
  });

  test("is the same with types alone", () => {
    const registry = defineTasks("images", tasks);
    expectTypeOf(manager.tasks<typeof registry>("images")).toEqualTypeOf(client);
  });
});

const IMPORTS = 'import * as z from "zod"; import { defineTasks, task } from "durable-queue/tasks";\n';

/** A program that submits jobs. */
const SUBMITS = `${IMPORTS} import { QueueManager } from "durable-queue";
const run = async (input: { url: string; width: number }) => ({ key: input.url });
const tasks = defineTasks("images", { resize: task({ run, input: z.object({ url: z.string(), width: z.number() }) }) });
const manager = new QueueManager(); const client = manager.tasks(tasks);
`;

describe("the compiler", () => {
  const said = compiled({
    right: `${IMPORTS}
      defineTasks("images", { resize: task({ input: z.object({ url: z.string() }), run: async ({ url }) => url }) });`,
    output: `${IMPORTS}
      task({ input: z.string(), output: z.object({ n: z.number() }), run: async (text) => ({ n: text }) });`,
    missing: `${IMPORTS}
      task({ output: z.object({ n: z.number() }), run: async (text: string) => (text === "" ? undefined : { n: 1 }) });`,
    input: `${IMPORTS}
      task({ input: z.string(), run: async (input: number) => input });`,
    member: `${IMPORTS}
      task({ input: z.object({ url: z.string() }), run: async (input) => input.uri });`,
    option: `${IMPORTS}
      task({ input: z.string(), maxRetries: 3 });`,
    names: `${IMPORTS}
      defineTasks("images", { then: task({}) });
      defineTasks("images", { job: task({}) });`,
    submitted: `${SUBMITS}
      await client.resize.submit({ url: 7, width: 1 });
      await client.resize.submit({ url: "a" });
      await client.resize.submit();`,
    name: `${SUBMITS}
      await client.resise.submit({ url: "a", width: 1 });`,
    result: `${SUBMITS}
      const job = await client.resize.submit({ url: "a", width: 1 });
      const key: number = (await job.result()).key;`,
    submitOption: `${SUBMITS}
      await client.resize.submit({ url: "a", width: 1 }, { delay: 5 });`,
    queue: `${SUBMITS}
      manager.tasks<typeof tasks>("imagez");`,
    noTask: `${IMPORTS}
      defineTasks("images", { resize: async () => 1 });`,
  });

  test("takes what is right", () => {
    expect(said.right).toBe("");
  });

  test("refuses a handler that returns something else than its output", () => {
    expect(said.output).toMatchInlineSnapshot(`
      "(3,70): error TS2322: Type '(text: string) => Promise<{ n: string; }>' is not assignable to type '(input: string, context: TaskContext) => Promise<{ n: number; }> | { n: number; }'.
        Type 'Promise<{ n: string; }>' is not assignable to type 'Promise<{ n: number; }> | { n: number; }'.
          Type 'Promise<{ n: string; }>' is not assignable to type 'Promise<{ n: number; }>'.
            Type '{ n: string; }' is not assignable to type '{ n: number; }'.
              Types of property 'n' are incompatible.
                Type 'string' is not assignable to type 'number'."
    `);
    expect(said.missing).toMatchInlineSnapshot(`
      "(3,51): error TS2322: Type '(text: string) => Promise<{ n: number; } | undefined>' is not assignable to type '(input: string, context: TaskContext) => Promise<{ n: number; }> | { n: number; }'.
        Type 'Promise<{ n: number; } | undefined>' is not assignable to type 'Promise<{ n: number; }> | { n: number; }'.
          Type 'Promise<{ n: number; } | undefined>' is not assignable to type 'Promise<{ n: number; }>'.
            Type '{ n: number; } | undefined' is not assignable to type '{ n: number; }'.
              Type 'undefined' is not assignable to type '{ n: number; }'."
    `);
  });

  test("refuses a handler that takes another input", () => {
    expect(said.input).toMatchInlineSnapshot(`
      "(3,33): error TS2322: Type '(input: number) => Promise<number>' is not assignable to type '(input: string, context: TaskContext) => number | Promise<number>'.
        Types of parameters 'input' and 'input' are incompatible.
          Type 'string' is not assignable to type 'number'."
    `);
  });

  test("refuses a member of the input that there is not", () => {
    expect(said.member).toMatchInlineSnapshot(
      `"(3,80): error TS2339: Property 'uri' does not exist on type '{ url: string; }'."`,
    );
  });

  test("refuses an option that there is not", () => {
    expect(said.option).toMatchInlineSnapshot(
      `"(3,33): error TS2353: Object literal may only specify known properties, and 'maxRetries' does not exist in type 'TaskOptions<string, string, unknown, unknown, unknown, NoSchema>'."`,
    );
  });

  test("refuses names that a promise or JSON would look up", () => {
    expect(said.names).toMatchInlineSnapshot(`
      "(3,31): error TS2322: Type 'Task<unknown, unknown>' is not assignable to type 'Task<unknown, unknown> & "A task cannot be named then."'.
        Type 'Task<unknown, unknown>' is not assignable to type '"A task cannot be named then."'.
      (4,31): error TS2322: Type 'Task<unknown, unknown>' is not assignable to type 'Task<unknown, unknown> & "A task cannot be named job."'.
        Type 'Task<unknown, unknown>' is not assignable to type '"A task cannot be named job."'."
    `);
  });

  test("refuses what is no task", () => {
    expect(said.noTask).toMatchInlineSnapshot(
      `"(3,31): error TS2322: Type '() => Promise<number>' is not assignable to type 'AnyTask'."`,
    );
  });

  test("refuses inputs, names, results and options that are none of the task", () => {
    expect(said.submitted).toMatchInlineSnapshot(`
      "(7,36): error TS2322: Type 'number' is not assignable to type 'string'.
      (8,34): error TS2741: Property 'width' is missing in type '{ url: string; }' but required in type '{ url: string; width: number; }'.
      (9,27): error TS2554: Expected 1-2 arguments, but got 0."
    `);
    expect(said.name).toMatchInlineSnapshot(
      `"(7,20): error TS2551: Property 'resise' does not exist on type 'TaskClient<{ resize: Task<{ url: string; width: number; }, { key: string; }>; }>'. Did you mean 'resize'?"`,
    );
    expect(said.result).toMatchInlineSnapshot(
      `"(8,13): error TS2322: Type 'string' is not assignable to type 'number'."`,
    );
    expect(said.submitOption).toMatchInlineSnapshot(
      `"(7,60): error TS2353: Object literal may only specify known properties, and 'delay' does not exist in type 'SubmitOptions'."`,
    );
  });

  test("refuses another queue than that of the tasks", () => {
    expect(said.queue).toMatchInlineSnapshot(
      `"(7,35): error TS2345: Argument of type '"imagez"' is not assignable to parameter of type '"images" | TaskRegistry<{ resize: Task<{ url: string; width: number; }, { key: string; }>; }, "images">'."`,
    );
  });
});
