import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MessageView, Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { environmentFor, runCli } from "../in-process.ts";

const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-export-"));

beforeAll(() => server.start());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function cli(args: readonly string[], input = "") {
  return runCli(args, { environment: environmentFor(server), input, folder });
}

function freshQueue(): Queue {
  return server.manager().queue(freshName());
}

async function viewsIn(queue: Queue): Promise<MessageView<unknown>[]> {
  const views: MessageView<unknown>[] = [];
  for await (const view of queue.messages({ pageSize: 1_000 })) views.push(view);
  return views;
}

const linesIn = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("an export has a message's options, and an import puts them again", async () => {
  const queue = freshQueue();
  const copy = freshQueue();
  const at = new Date((Math.floor(Date.now() / 1_000) + 3_600) * 1_000);
  const options = { priority: 7, group: "g", headers: { a: "b" }, maxAttempts: 3, retryDelaySeconds: 5 };
  await queue.put({ n: 1 }, { ...options, retentionSeconds: 900, at });
  await queue.put(new Uint8Array([0, 255]));

  const exported = await cli(["export", queue.name]);
  const imported = await cli(["import", copy.name], exported.output);

  expect(imported).toMatchObject({ status: 0, output: '{"put":2,"leftOut":0,"lines":2}\n' });
  const [first, second] = await viewsIn(copy);
  expect(first).toMatchObject({ item: { n: 1 }, ...options, retentionSeconds: 900, at, state: "delayed" });
  expect(second).toMatchObject({ item: new Uint8Array([0, 255]), priority: 100, state: "visible" });
});

test("an export has messages of all states, or of one, with what is known of them, and takes none", async () => {
  const queue = freshQueue();
  await queue.putMany(["dead", "leased", "visible"]);
  await queue.put("delayed", { delaySeconds: 600 });
  const [dead] = await queue.receive({ max: 2, leaseSeconds: 600 });
  await dead?.reject({ error: "no such user" });

  const all = linesIn((await cli(["export", queue.name])).output);
  const some = linesIn((await cli(["export", queue.name, "--state", "dead"])).output);

  expect(all.map(({ body, state }) => [body, state])).toEqual([
    ["dead", "dead"],
    ["leased", "leased"],
    ["visible", "visible"],
    ["delayed", "delayed"],
  ]);
  expect(all[0]).toMatchObject({ attempts: 1, reason: "rejected", lastError: "no such user" });
  expect(all[3].at).toBeGreaterThan(Date.now() / 1_000 + 590);
  expect(some).toEqual([all[0]]);
  expect(await queue.describe()).toMatchObject({ visible: 1, delayed: 1, leased: 1, dead: 1 });
});

test("an import takes the messages of one state where it is told so", async () => {
  const queue = freshQueue();
  const lines = '{"body":1,"state":"dead"}\n{"body":2,"state":"visible"}\n{"body":3}\n';

  const outcome = await cli(["import", queue.name, "--state", "visible"], lines);

  expect(outcome.output).toBe('{"put":1,"leftOut":0,"lines":3}\n');
  expect((await viewsIn(queue)).map(({ item }) => item)).toEqual([2]);
});

test("an export goes on behind the last whole line of its file, wherever that was cut", async () => {
  const queue = freshQueue();
  const path = join(folder, "cut.jsonl");
  await queue.putMany([...Array(50).keys()]);
  await queue.put("x".repeat(300_000));
  await queue.putMany([...Array(10).keys()]);
  const whole = (await cli(["export", queue.name])).output;

  for (const bytes of [0, 1, 100, 150, 151, whole.length - 500, whole.length - 1_500, whole.length - 1, whole.length]) {
    writeFileSync(path, whole.slice(0, bytes));
    const outcome = await cli(["export", queue.name, "--resume", path]);

    expect(outcome.status).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(whole);
  }
});

test("an export that goes on has no message twice whose priority was changed, and leaves none out", async () => {
  const queue = freshQueue();
  const path = join(folder, "moved.jsonl");
  await queue.configure({ order: "priority" });
  const ids = await queue.putMany([1, 2, 3], { priority: 9 });
  await queue.putMany([4, 5]);
  await queue.change(ids[0] as string, { priority: 100 });
  const whole = (await cli(["export", queue.name])).output;

  for (let lines = 1; lines <= 5; lines += 1) {
    writeFileSync(path, whole.split("\n").slice(0, lines).join("\n"));
    appendFileSync(path, "\n");
    await cli(["export", queue.name, "--resume", path]);
    expect(readFileSync(path, "utf8")).toBe(whole);
  }
});

test("a file of something else, or of another queue, is left as it is", async () => {
  const queue = freshQueue();
  const other = freshQueue();
  await queue.put(1);
  await other.put(2);
  const path = join(folder, "other.jsonl");
  const foreign = join(folder, "foreign.txt");
  writeFileSync(path, (await cli(["export", other.name])).output);
  const oneLine = join(folder, "one-line.txt");
  writeFileSync(foreign, "hello\nworld");
  writeFileSync(oneLine, '{"name":"x"}');

  const outcomes = [
    await cli(["export", queue.name, "--resume", path]),
    await cli(["export", queue.name, "--resume", foreign]),
    await cli(["export", queue.name, "--resume", oneLine]),
  ];

  expect(outcomes[0]).toMatchObject({
    status: 1,
    errors: `Error: ${path} has messages of another queue, or the queue was deleted since: the export cannot go on.\n`,
  });
  expect(outcomes[1]).toMatchObject({
    status: 2,
    errors: `Error: The last line of ${foreign} is no message of an export, so that the export cannot go on behind it.\n`,
  });
  expect(outcomes[2]?.status).toBe(2);
  expect(readFileSync(foreign, "utf8")).toBe("hello\nworld");
  expect(readFileSync(oneLine, "utf8")).toBe('{"name":"x"}');
});

test("an export of a queue that does not exist fails", async () => {
  expect(await cli(["export", freshName()])).toMatchObject({ status: 1, output: "" });
});

test("integers that a program on another platform has put, and that may have lost digits, are warned of", async () => {
  const queue = freshQueue();
  await queue.put([2 ** 60]);
  await queue.put("1152921504606846976");

  const { errors } = await cli(["export", queue.name]);

  expect(errors).toBe(
    "Warning: 1 message has integers above 2^53, whose last digits may be others than those that were put.\n",
  );
});

test("an import from a file goes on with its checkpoint", async () => {
  const queue = freshQueue();
  const copy = freshQueue();
  const path = join(folder, "whole.jsonl");
  await queue.putMany([...Array(900).keys()]);
  await cli(["export", queue.name, "--resume", path]);
  const text = readFileSync(path, "utf8");
  truncateSync(path, text.split("\n").slice(0, 500).join("\n").length + 1);
  const args = ["import", copy.name, path, "--checkpoint", "import.progress"];

  const half = await cli(args);
  writeFileSync(path, text);
  const rest = await cli(args);

  expect([half, rest].map(({ output }) => JSON.parse(output).put)).toEqual([500, 400]);
  expect((await viewsIn(copy)).map(({ item }) => item)).toEqual([...Array(900).keys()]);
});

test("an import of a file that does not exist, or of a directory, fails before anything is put", async () => {
  expect(await cli(["import", "q", "nothing.jsonl"])).toMatchObject({
    status: 2,
    errors: `Error: The file ${join(folder, "nothing.jsonl")} cannot be read (ENOENT).\n`,
  });
  expect(await cli(["import", "q", "."])).toMatchObject({
    status: 2,
    errors: `Error: ${folder} is a directory, not a file.\n`,
  });
});
