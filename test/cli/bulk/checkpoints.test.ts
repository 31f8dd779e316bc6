import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CheckpointFile } from "../../../worker-client/cli/bulk/put/checkpoint.ts";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { environmentFor, runCli } from "../in-process.ts";

const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-checkpoints-"));

beforeAll(() => server.start());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function put(args: readonly string[], input: string) {
  return runCli(["put", ...args], { environment: environmentFor(server), input, folder });
}

function freshQueue(): Queue {
  return server.manager().queue(freshName());
}

async function itemsIn(queue: Queue): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const { item } of queue.messages({ pageSize: 1_000 })) items.push(item);
  return items;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("a checkpoint of another server is refused, so that no line counts as put there", async () => {
  const queue = freshQueue();
  const path = join(folder, "moved.progress");
  await put([queue.name, "--checkpoint", path], "1\n2\n");
  const checkpoint = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...checkpoint, server: "https://other.example" }));

  const outcome = await put([queue.name, "--checkpoint", path], "1\n2\n3\n");

  expect(outcome).toMatchObject({
    status: 2,
    errors: `Error: The checkpoint ${path} is of puts to the server https://other.example, not to ${server.address}. Name another file; if it is the same server under another address, change "server" in the file.\n`,
  });
  expect(await itemsIn(queue)).toEqual([1, 2]);
});

test("what follows a refused batch is kept in a checkpoint of its own, with which the put goes on without such lines", async () => {
  const queue = freshQueue();
  // Ten lines that are not read as messages, then one that the server refuses in the first batch of two.
  const bodies = Array.from(
    { length: 1_500 },
    (_, index) => `{"body":${index}${index === 0 ? ',"priority":999' : ""}}\n`,
  );
  const lines = `${"x\n".repeat(10)}${bodies.join("")}`;
  const goOn = (errors: string) => /put .*(--checkpoint \S+) </.exec(errors)?.[1]?.split(" ") ?? [];

  const first = await put([queue.name, "--messages", "--from-line", "11"], lines);
  const second = await put([queue.name, "--messages", "--from-line", "11"], lines);
  const last = await put([queue.name, "--messages", "--skip-invalid", ...goOn(first.errors)], lines);

  expect(first.errors).toContain(" Leave such lines out with --skip-invalid. ");
  expect(goOn(second.errors)).not.toEqual(goOn(first.errors));
  expect(last).toMatchObject({ status: 0, output: '{"put":999,"leftOut":1,"lines":1510}\n' });
  // The first two runs have each put the second batch.
  expect(new Set(await itemsIn(queue))).toEqual(new Set(numbers(1_499)));
  expect(await queue.qsize()).toBe(999 + 500 + 500);
});

test("where no checkpoint can be written, the lines that may have been put are named", async () => {
  const queue = freshQueue();
  const lines = Array.from({ length: 1_500 }, (_, index) => `{"body":1,"priority":${index === 0 ? 999 : 1}}\n`).join(
    "",
  );
  const place = { environment: environmentFor(server), input: lines, folder: "/nowhere" };

  const { status, errors } = await runCli(["put", queue.name, "--messages"], place);

  expect(status).toBe(1);
  expect(errors).toMatch(
    /No line was put\. The checkpoint \S+ cannot be written: .*\. Behind it the lines 1001 to 1500 were put, or may have been: leave them out of the input\. To go on, .* --from-line 1 </,
  );
});

test("two puts that begin with one checkpoint at once put each line once", async () => {
  const queue = freshQueue();
  const path = join(folder, "shared.progress");

  await Promise.all([1, 2].map(() => put([queue.name, "--checkpoint", path], "1\n2\n")));

  expect(await itemsIn(queue)).toEqual([1, 2]);
  // The one that comes last does not begin a job of its own.
  expect(() => new CheckpointFile(path).create(JSON.parse(readFileSync(path, "utf8")))).toThrow(
    `Another run has begun with the checkpoint ${path}: let it end first.`,
  );
});
