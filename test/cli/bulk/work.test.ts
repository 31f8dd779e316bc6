import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { environmentFor } from "../in-process.ts";
import { CliProcess } from "./cli-process.ts";

const CLIENT = join(import.meta.dirname, "../../../worker-client/src/index.ts");
const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-work-"));

beforeAll(() => server.start());
afterEach(() => CliProcess.killAll());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function start(...args: string[]): CliProcess {
  return new CliProcess(args, { environment: environmentFor(server), folder });
}

function freshQueue(): Queue {
  return server.manager().queue(freshName());
}

function handlerFile(text: string, ending = "ts"): string {
  const path = join(folder, `${freshName()}.${ending}`);
  writeFileSync(path, text);
  return path;
}

/** Prints the item of each message. */
const PRINTS = "export default (message: { item: unknown }) => console.log('item', message.item);";
/** Prints the item, and then never ends, unless its message is lost. */
const HANGS = `export default (message, { signal }) => new Promise(() => console.log("began", message.item));`;

test("each message is given to the handler, and acked", async () => {
  const queue = freshQueue();
  await queue.putMany([1, 2, 3]);

  const command = start("work", queue.name, handlerFile(PRINTS));
  await command.printed(/item 3/);
  await queue.join();
  command.interrupt();

  expect(await command.status).toBe(130);
  expect(command.output).toMatch(/^item 1\nitem 2\nitem 3\n$/);
  expect(await queue.describe()).toMatchObject({ done: 3, visible: 0, leased: 0 });
});

test("with --json each finished message is one line, and what the handler prints goes to standard error", async () => {
  const queue = freshQueue();
  const handler = handlerFile(
    'export default ({ item }) => { console.log("printed"); if (item === 2) throw new RangeError("two"); };',
    "mjs",
  );
  await queue.configure({ maxAttempts: 1 });
  await queue.putMany([1, 2]);

  const command = start("work", queue.name, handler, "--json");
  await command.printed(/"failed".*\n/);
  command.interrupt();
  await command.status;

  const lines = command.output.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { id: expect.any(String), outcome: "done", attempt: 1, seconds: expect.any(Number) },
    { id: expect.any(String), outcome: "failed", attempt: 1, seconds: expect.any(Number), error: "RangeError: two" },
  ]);
  expect(command.errors).toContain("printed");
});

test("several processes share the messages, and one that dies is followed by another", async () => {
  const queue = freshQueue();
  await queue.configure({ leaseSeconds: 1 });
  const handler = handlerFile(
    'export default ({ item, attempt }) => { if (item === "die" && attempt === 1) process.kill(process.pid, "SIGKILL"); console.log("item", item); };',
    "js",
  );
  await queue.put("die");

  const command = start("work", queue.name, handler, "--processes", "2");
  await command.printed(/process_died: Process \d+ was ended by SIGKILL, .*\. Another one begins in 0\.5 seconds\.\n/);
  await command.printed(/item die/);
  await queue.join();
  command.interrupt();

  expect(await command.status).toBe(130);
});

test("Ctrl-C lets handlers finish, and takes nothing more", async () => {
  const queue = freshQueue();
  const control = freshQueue();
  const handler = handlerFile(
    `import { QueueManager } from ${JSON.stringify(CLIENT)};
    const control = new QueueManager().queue(${JSON.stringify(control.name)});
    export default async ({ item }) => { console.log("began", item); await control.get(); console.log("ended", item); };`,
  );
  await queue.putMany([1, 2]);
  const command = start("work", queue.name, handler);
  await command.printed(/began 1/);

  command.interrupt();
  await control.put("go on");

  expect(await command.status).toBe(130);
  expect(command.output).toBe("began 1\nended 1\n");
  expect(await queue.describe()).toMatchObject({ done: 1, visible: 1, leased: 0 });
});

test("a second Ctrl-C gives back at once what is in hand, without an attempt", async () => {
  const queue = freshQueue();
  await queue.put("hangs");
  const command = start("work", queue.name, handlerFile(HANGS, "mjs"));
  await command.printed(/began hangs/);

  command.interrupt();
  await command.printed(/stopping: Messages in hand are finished\. A second Ctrl-C gives them back at once\./);
  command.interrupt();

  expect(await command.status).toBe(130);
  const [message] = await queue.receive({ timeoutSeconds: 0 });
  expect(message).toMatchObject({ item: "hangs", attempt: 1 });
});

test("--shutdown-seconds bounds how long Ctrl-C waits, and its processes end when the command is killed", async () => {
  const queue = freshQueue();
  await queue.putMany(["a", "b"]);
  const bounded = start("work", queue.name, handlerFile(HANGS, "mjs"), "--shutdown-seconds", "0");
  await bounded.printed(/began a/);
  bounded.interrupt();
  const status = await bounded.status;

  const killed = start("work", queue.name, handlerFile(PRINTS));
  await killed.printed(/item b/);
  killed.kill("SIGKILL");

  expect(status).toBe(130);
  // The pipes of its output are closed when the last process has ended.
  expect(await killed.status).toBe(null);
});

test("it ends when the queue was shut down and nothing is left", async () => {
  const queue = freshQueue();
  await queue.put(1);
  await queue.shutdown();

  const command = start("work", queue.name, handlerFile(PRINTS), "--processes", "2");

  expect(await command.status).toBe(0);
});

test("what is no handler is said in a sentence", async () => {
  const cases: [string, string, number, RegExp][] = [
    ["export const handle = 1;", "ts", 2, /^Error: The handler \S+ has no default export, and not a function: export/],
    [
      "export default { a: 1 };",
      "mjs",
      2,
      /^Error: The handler \S+ exports an object by default, and not a function: /,
    ],
    ["export default (", "ts", 1, /^Error: The handler \S+ cannot be loaded: SyntaxError: .*\(.*\.ts(:\d+)*\)\.$/],
    ["enum A { B }\nexport default () => A.B;", "ts", 1, /^Error: The handler \S+ cannot be loaded: .*enum/],
    [
      '\nthrow new Error("no\\nway");',
      "mjs",
      1,
      /^Error: The handler \S+ cannot be loaded: Error: no way \(.*\.mjs:2:7\)\.$/,
    ],
    ['import "./nothing.ts";', "ts", 1, /^Error: The handler \S+ cannot be loaded: Error: Cannot find module/],
  ];
  const outcomes = await Promise.all(
    cases.map(async ([text, ending]) => {
      const command = start("work", "q", handlerFile(text, ending));
      const status = await command.status;
      return { status, error: command.errors.trimEnd().split("\n").at(-1) };
    }),
  );

  expect(outcomes).toEqual(cases.map(([, , status, error]) => ({ status, error: expect.stringMatching(error) })));
});

test("a handler that does not exist, and a wrong key, are said before a process begins", async () => {
  const missing = start("work", "q", "nothing.ts");
  const refused = start("work", "q", handlerFile(PRINTS), "--authkey", "wrong", "--address", server.address);

  expect(await missing.status).toBe(2);
  expect(missing.errors).toBe("Error: The handler nothing.ts cannot be read (ENOENT).\n");
  expect(await refused.status).toBe(1);
  expect(refused.errors).toMatch(/refused the authkey/);
});

test("Ctrl-C ends --watch also while a handler that cannot be loaded is waited for", async () => {
  const command = start("work", freshName(), handlerFile("export default ("), "--watch", "--processes", "2");
  await command.printed(/handler_unusable.*\n/);

  command.interrupt();

  expect(await command.status).toBe(130);
});

test("a process that is restarted by --watch has finished what it had in hand before the next one begins", async () => {
  const queue = freshQueue();
  const control = freshQueue();
  const handler = (word: string) => `import { QueueManager } from ${JSON.stringify(CLIENT)};
    const control = new QueueManager().queue(${JSON.stringify(control.name)});
    export default async () => { console.log("${word} began"); await control.get(); console.log("${word} ended"); };`;
  const path = handlerFile(handler("first"));
  await queue.putMany([1, 2]);
  const command = start("work", queue.name, path, "--watch");
  await command.printed(/first began/);

  writeFileSync(path, handler("second"));
  await command.printed(/handler_changed/);
  await control.putMany([1, 2]);
  await command.printed(/second ended/);
  command.interrupt();
  await command.status;

  expect(command.output).toBe("first began\nfirst ended\nsecond began\nsecond ended\n");
});

test("--watch begins anew with what has changed, also in an imported file, and waits for a handler to be mended", async () => {
  const queue = freshQueue();
  const imported = handlerFile('export const word = "first";');
  const handler = handlerFile(
    `import { word } from ${JSON.stringify(imported)}; export default ({ item }) => console.log(word, item);`,
  );
  await queue.put(1);
  const command = start("work", queue.name, handler, "--watch");
  await command.printed(/first 1/);

  writeFileSync(imported, "export const word = ;");
  await command.printed(/handler_unusable: .* It is loaded again when it changes\./);
  writeFileSync(imported, 'export const word = "second";');
  await queue.put(2);
  await command.printed(/second 2/);
  command.interrupt();

  expect(await command.status).toBe(130);
});

test.each(["processes", "threads"])(
  "a handler that blocks for three leases keeps its message, which is done once: in %s",
  async (isolation) => {
    const queue = freshQueue();
    await queue.configure({ leaseSeconds: 1, maxAttempts: 1 });
    const handler = handlerFile(
      `const nothing = new Int32Array(new SharedArrayBuffer(4));
      export default ({ item, attempt }) => { console.log("began", item, attempt); Atomics.wait(nothing, 0, 0, 3_000); };`,
      "mjs",
    );
    await queue.putMany([1, 2, 3]);

    const command = start("work", queue.name, handler, "--isolation", isolation, "--processes", "2");
    await queue.join();
    command.interrupt();
    await command.status;

    expect(command.output.trimEnd().split("\n").sort()).toEqual(["began 1 1", "began 2 1", "began 3 1"]);
    expect(await queue.describe()).toMatchObject({ done: 3, dead: 0 });
  },
);

test("with --json what a handler in a thread prints goes to standard error", async () => {
  const queue = freshQueue();
  await queue.put(1);

  const command = start("work", queue.name, handlerFile(PRINTS), "--json", "--isolation", "threads");
  await command.printed(/"done".*\n/);
  command.interrupt();
  await command.status;

  expect(JSON.parse(command.output)).toMatchObject({ outcome: "done", attempt: 1 });
  expect(command.errors).toContain("item 1");
});

test("--max-tasks-per-process replaces a process after so many messages", async () => {
  const queue = freshQueue();
  await queue.putMany([1, 2, 3, 4]);

  const command = start(
    ...["work", queue.name, handlerFile("export default () => console.log(process.pid);", "mjs")],
    ...["--max-tasks-per-process", "2"],
  );
  await queue.join();
  command.interrupt();
  await command.status;

  const ids = command.output.trimEnd().split("\n");
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(2);
});
