/** Tasks called from the command line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { freshName } from "../../support/server.ts";
import { CliServer } from "./cli-server.ts";

const ROOT = join(import.meta.dirname, "../../..");
const cli = new CliServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-tasks-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** How a call ends that is refused before anything is sent. */
function refused(sentence: string) {
  return { status: 2, output: "", errors: `Error: ${sentence}\n` };
}

describe("a call", () => {
  test("prints the result of the job as one line of JSON", async () => {
    const { name } = await cli.served();

    expect(await cli.run(["tasks", "call", name, "resize", '{"url":"a"}'])).toEqual({
      ...{ status: 0, output: '{"key":"A"}\n', errors: "" },
    });
    expect(await cli.run(["tasks", "call", name, "echo"])).toMatchObject({ status: 0, output: "null\n" });
  });

  test("of a job that fails has status 1 and the error, with the stack on a terminal", async () => {
    const { name } = await cli.served();

    const { status, output, errors } = await cli.run(["tasks", "call", name, "fail", '"boom"', "--json"]);
    expect({ status, output }).toEqual({ status: 1, output: "" });
    const { code, message } = JSON.parse(errors).error as { code: string; message: string };
    expect(code).toBe("job_failed");
    expect(message).toMatch(
      new RegExp(`^The job \\S+ \\(fail\\) of ${name} failed after 1 attempt: .*TypeError: boom`),
    );

    const onTerminal = await cli.run(["tasks", "call", name, "fail", '"boom"'], { columns: 80 });
    expect(onTerminal.status).toBe(1);
    expect(onTerminal.errors).toMatch(/TypeError: boom/);
    expect(onTerminal.errors).toMatch(/at .*cli-server\.ts/);
  });

  test("with --no-wait prints the id, by which the result is found", async () => {
    const { name } = await cli.served();

    const { output } = await cli.run(["tasks", "call", name, "echo", "[1]", "--no-wait"], { columns: 80 });

    expect(await cli.run(["jobs", "result", name, output.trim()])).toMatchObject({ status: 0, output: "[1]\n" });
  });

  test("takes its input from a file, and the flags of a put", async () => {
    const { name, queue } = await cli.served();
    writeFileSync(join(folder, "input.json"), '\ufeff{"url":"file"}\n');
    const flags = ["--priority", "7", "--result-seconds", "60", "--header", "trace-id=1", "--idempotency-key", name];
    const args = ["tasks", "call", name, "resize", "--file", "input.json", "--no-wait", ...flags];

    const { output } = await cli.run([...args, "--delay-seconds", "600"], { folder });
    const { id } = JSON.parse(output) as { id: string };

    expect(JSON.parse(output)).toEqual({ id, queue: name, task: "resize" });
    expect(await queue.peek(id)).toMatchObject({
      ...{ item: { url: "file" }, priority: 7, resultSeconds: 60, state: "delayed" },
      headers: { "dq-task": "resize", "trace-id": "1" },
    });
    expect(JSON.parse((await cli.run([...args, "--delay-seconds", "600"], { folder })).output)).toMatchObject({ id });
  });
});

describe("before it is sent", () => {
  test("an unknown task is refused, with what was probably meant", async () => {
    const { name, queue } = await cli.served();
    const known = `The workers of ${name} have announced: resize, echo, fail, wait. --force submits it all the same.`;

    expect(await cli.run(["tasks", "call", name, "rezise", "{}"])).toEqual(
      refused(`There is no task "rezise". Did you mean resize? ${known}`),
    );
    expect(await cli.run(["tasks", "call", name, "toString"])).toEqual(
      refused(`There is no task "toString". ${known}`),
    );
    expect((await queue.describe()).accepted).toBe(0);
    expect(await cli.run(["tasks", "call", name, "other", "--force", "--no-wait"])).toMatchObject({ status: 0 });
    expect((await queue.describe()).accepted).toBe(1);
  });

  test("an input that does not fit the schema is refused, and so is none", async () => {
    const { name, queue } = await cli.served();
    const call = (...args: string[]) => cli.run(["tasks", "call", name, "resize", ...args]);
    const schema = "The input of the task resize does not fit its schema";

    expect(await call('{"uri":"a","width":"3"}')).toEqual(
      refused(`${schema}: url is missing; width must be a number. --force sends it as it is.`),
    );
    expect(await call()).toEqual(
      refused(
        "There is no input, and that of the task resize has a schema: it must be an object. --force sends it as it is.",
      ),
    );
    expect((await queue.describe()).accepted).toBe(0);
    const forced = await call('{"uri":"a"}', "--force");
    expect(forced).toMatchObject({ status: 1, output: "" });
    expect(forced.errors).toMatch(/InvalidInput/);
  });

  test.each([
    [
      ["hello"],
      /^Error: The input is not JSON: .*\. Quote it for the shell: '\{"n": 1\}', and a text as '"text"'\.\n$/,
    ],
    [["12345678901234567890"], /^Error: The input has the number 12345678901234567890, which a queue would store as /],
    [["1", "--file", "x"], /^Error: Give either an input or --file, not both\.\n$/],
    [["--file", "none.json"], /^Error: The file none\.json cannot be read \(ENOENT\)\.\n$/],
    [["1", "--timeout-seconds", "0"], /It must be a number of 0\.001 or more/],
  ])("an input that is none is refused: %j", async (args, error) => {
    const { status, output, errors } = await cli.run(["tasks", "call", "q", "t", ...args], { folder });

    expect({ status, output }).toEqual({ status: 2, output: "" });
    expect(errors).toMatch(error);
  });

  test("names that no task can have are refused, also with --force", async () => {
    for (const task of ["a b", "then", "job", ""]) {
      const { status, errors } = await cli.run(["tasks", "call", freshName(), task, "--force", "--no-wait"]);
      expect([task, status, errors]).toEqual([task, 2, expect.stringMatching(/^Error: (The name of a task|A task)/)]);
    }
  });

  test("nothing is checked where no worker has announced tasks, which is said on a terminal", async () => {
    const name = freshName();

    expect(await cli.run(["tasks", "call", name, "any", "1", "--no-wait"], { columns: 80 })).toMatchObject({
      status: 0,
      errors: `No worker has announced the tasks of ${name} yet: name and input are checked by its workers.\n`,
    });
  });
});

describe("while it waits", () => {
  test("a terminal shows state and progress, and the line is gone when the result comes", async () => {
    const { name, gate } = await cli.served();
    const call = cli.start(["tasks", "call", name, "wait"], { columns: 80 });

    await call.stderr.has(/running {2}\d+ s {2}25 %/);
    gate.open();

    expect(await call.outcome).toMatchObject({ status: 0, output: '"through"\n' });
    expect(call.stderr.text.endsWith("\r\u001b[K")).toBe(true);
  });

  test("--timeout-seconds ends the wait with status 1, and says how to look at the job", async () => {
    const { name } = await cli.served();

    const { status, output, errors } = await cli.run(["tasks", "call", name, "wait", "--timeout-seconds", "0.2"]);

    expect({ status, output }).toEqual({ status: 1, output: "" });
    const [, id] = /durable-queue jobs result \S+ (\S+) waits for it/.exec(errors) ?? [];
    expect(errors).toMatch(
      new RegExp(`Error: The job ${id} of ${name} had not ended after [0-9.]+ s\\. It goes on\\.\n$`),
    );
    expect(JSON.parse((await cli.run(["jobs", "show", name, `${id}`])).output)).toMatchObject({ id, task: "wait" });
  });

  test("Ctrl-C ends the wait, the job goes on, and its result is found later", async () => {
    const { name, gate } = await cli.served();
    const call = cli.start(["tasks", "call", name, "wait"], { columns: 80 });
    await call.stderr.has(/running/);

    call.interrupt();
    const { status, output, errors } = await call.outcome;

    expect({ status, output }).toEqual({ status: 130, output: "" });
    const [, id = ""] = /The job (\S+) goes on\.\n/.exec(errors) ?? [];
    expect(errors).toContain(`durable-queue jobs cancel ${name} ${id} cancels it.\n`);
    gate.open();
    expect(await cli.run(["jobs", "result", name, id])).toEqual({ status: 0, output: '"through"\n', errors: "" });
  });

  test("Ctrl-C cancels the job with --cancel-on-interrupt", async () => {
    const { name, queue } = await cli.served();
    const call = cli.start(["tasks", "call", name, "wait", "--cancel-on-interrupt"], { columns: 80 });
    await call.stderr.has(/running/);

    call.interrupt();
    const { status, errors } = await call.outcome;

    expect(status).toBe(130);
    const [, id = ""] = /The job (\S+) is cancelled\.\n/.exec(errors) ?? [];
    expect(await queue.status(id)).toMatchObject({ state: "cancelled" });
  });

  test("a job goes on while the server restarts", async () => {
    const { name, gate } = await cli.served();
    const call = cli.start(["tasks", "call", name, "wait"], { columns: 80 });
    await call.stderr.has(/running/);

    await cli.server.crash();
    await cli.server.start();
    gate.open();

    expect(await call.outcome).toMatchObject({ status: 0, output: '"through"\n' });
  });
});

describe("with a file of tasks", () => {
  const sources = `import { defineTasks, task } from ${JSON.stringify(join(ROOT, "worker-client/src/tasks/index.ts"))};
    import * as z from ${JSON.stringify(join(ROOT, "node_modules/zod/index.js"))};`;

  function tasksFile(text: string): string {
    const name = `${freshName()}.ts`;
    writeFileSync(join(folder, name), `${sources}\n${text}`);
    return `./${name}`;
  }

  test("the queue is the one of the tasks, and the input is checked by their schema", async () => {
    const { name } = await cli.served();
    const file = tasksFile(
      `export const images = defineTasks(${JSON.stringify(name)}, {
        resize: task({ input: z.object({ url: z.string().startsWith("https://") }) }) });
      export { images as default };`,
    );

    expect(await cli.run(["tasks", "call", file, "resize", '{"url":"https://a"}'], { folder })).toMatchObject({
      ...{ status: 0, output: '{"key":"HTTPS://A"}\n' },
    });
    const wrong = await cli.run(["tasks", "call", file, "resize", '{"url":"a"}'], { folder });
    expect(wrong).toMatchObject({ status: 2, output: "" });
    expect(wrong.errors).toMatch(/^Error: The input of the task resize does not fit its schema: url: .*https:\/\//);
    expect(await cli.run(["tasks", "call", file, "Resize"], { folder })).toEqual(
      refused(
        `There is no task "Resize". Did you mean resize? The tasks of ${name} have: resize. --force submits it all the same.`,
      ),
    );
  });

  test("what is no such file is said in a sentence", async () => {
    const none = tasksFile("export const other = 1;");
    const several = tasksFile('export const a = defineTasks("a", {}); export const b = defineTasks("b", {});');
    const call = async (file: string) => (await cli.run(["tasks", "call", file, "t"], { folder })).errors;

    expect(await call("./nothing.ts")).toBe("Error: The module ./nothing.ts cannot be read (ENOENT).\n");
    expect(await call(none)).toBe(
      `Error: The module ${none} exports no tasks that defineTasks() of durable-queue/tasks has made.\n`,
    );
    expect(await call(several)).toBe(
      `Error: The module ${several} exports several registries of tasks: a of a, b of b. Export the one that is meant by default, or, for work, name its queue before the file.\n`,
    );
  });
});

describe("the list of tasks", () => {
  test("shows the form of inputs on a terminal, and their JSON Schemas in a pipe", async () => {
    const { name } = await cli.served();

    const table = await cli.run(["tasks", "ls", name], { columns: 80 });
    expect(table.output.split("\n").slice(0, 3)).toEqual([
      "TASK    INPUT",
      "resize  { url: string, width?: number }",
      "echo    no schema",
    ]);
    const lines = (await cli.run(["tasks", "ls", name])).output.trimEnd().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ name: "resize", input: { required: ["url"] } });
    expect(lines.slice(1)).toEqual(['{"name":"echo"}', '{"name":"fail"}', '{"name":"wait"}']);
  });

  test("of a queue without any says so, and completes names of tasks where there are some", async () => {
    const { name } = await cli.served();
    const empty = freshName();

    expect(await cli.run(["tasks", "ls", empty])).toEqual({ status: 0, output: "", errors: "" });
    expect((await cli.run(["tasks", "ls", empty], { columns: 80 })).errors).toBe(
      `No worker has announced tasks of ${empty}: workers do when they begin, as durable-queue work ./tasks.ts.\n`,
    );
    const complete = (...words: string[]) => cli.run(["__complete", "--", ...words]);
    expect(await complete("tasks", "call", name, "r")).toMatchObject({ output: "resize\n" });
    expect(await complete("jobs", "ls", name, "--task", "f")).toMatchObject({ output: "fail\n" });
    expect(await complete("tasks", "call", name.slice(0, -1))).toMatchObject({ output: expect.stringContaining(name) });
    expect(await complete("tasks", "call", "./tasks.ts", "")).toMatchObject({ output: "" });
  });
});
