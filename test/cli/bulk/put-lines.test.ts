import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { environmentFor, Running } from "../in-process.ts";

const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-bulk-"));

beforeAll(() => server.start());
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function begin(args: readonly string[], input: string): Running {
  return new Running(args, { environment: environmentFor(server), input, folder });
}

const put = (args: readonly string[], input: string) => begin(["put", ...args], input).outcome;

function freshQueue(): Queue {
  return server.manager().queue(freshName());
}

async function itemsIn(queue: Queue): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const { item } of queue.messages({ pageSize: 1_000 })) items.push(item);
  return items;
}

function linesOf(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("each line of standard input is put, in order, and their number is said", async () => {
  const queue = freshQueue();

  const outcome = await put([queue.name], linesOf(3_500));

  expect(outcome).toEqual({ status: 0, output: '{"put":3500,"leftOut":0,"lines":3500}\n', errors: "" });
  expect(await itemsIn(queue)).toEqual(numbers(3_500));
});

test("empty lines, a byte order mark, CRLF and a last line without an end are no matter", async () => {
  const queue = freshQueue();

  await put([queue.name], '\ufeff"a"\r\n\r\n  \n"b"');

  expect(await itemsIn(queue)).toEqual(["a", "b"]);
});

test("the flags of a message hold for each line, and --text takes lines as they are", async () => {
  const queue = freshQueue();

  await put([queue.name, "--text", "--priority", "7", "--header", "a=b"], "{x\n 1\n");

  expect(await itemsIn(queue)).toEqual(["{x", " 1"]);
  for await (const view of queue.messages()) expect(view).toMatchObject({ priority: 7, headers: { a: "b" } });
});

test("a line that is not JSON stops the put before it, and is named with how to go on", async () => {
  const queue = freshQueue();

  const outcome = await put([queue.name], "1\n2\n{x}\n4\n");
  const mended = await put([queue.name, "--from-line", "3"], "1\n2\n3\n4\n");

  expect(outcome.status).toBe(1);
  expect(outcome.errors).toMatch(
    /^Error: Line 3 is not JSON: .* Mend it, or leave such lines out with --skip-invalid\. /,
  );
  expect(outcome.errors).toContain(
    `Every line up to 2 was put. To go on, with the same options: durable-queue put ${queue.name} --from-line 3 < the same input\n`,
  );
  expect(mended.status).toBe(0);
  expect(await itemsIn(queue)).toEqual([1, 2, 3, 4]);
});

test("--skip-invalid leaves out lines that are no message, names the first 20 and counts all", async () => {
  const queue = freshQueue();

  const outcome = await put([queue.name, "--skip-invalid"], `1\n${"x\n".repeat(30)}2\n`);

  expect(outcome).toMatchObject({ status: 0, output: '{"put":2,"leftOut":30,"lines":32}\n' });
  expect(outcome.errors.match(/^Warning: Line \d+ is not JSON: .* It is left out\.$/gm)).toHaveLength(20);
  expect(await itemsIn(queue)).toEqual([1, 2]);
});

test("lines that the server or the client refuses are named, and left out with --skip-invalid", async () => {
  const queue = freshQueue();
  const lines = ['{"body":1}', '{"body":2,"priority":999}', '{"body":3,"headers":{"dq-x":"1"}}', '{"body":4}'].join(
    "\n",
  );

  const strict = await put([queue.name, "--messages"], lines);
  const lenient = await put([queue.name, "--messages", "--skip-invalid"], lines);

  expect(strict).toMatchObject({ status: 1, errors: expect.stringMatching(/^Error: Line [23] is refused: /) });
  expect(lenient.output).toBe('{"put":2,"leftOut":2,"lines":4}\n');
  expect(lenient.errors).toMatch(/Line 2 is refused: priority /);
  expect(await itemsIn(queue)).toEqual([1, 4]);
});

test("lines that share options that the client refuses are named and left out like others", async () => {
  const queue = freshQueue();
  const lines = `${'{"body":1}\n'.repeat(1_000)}${'{"body":2,"headers":{"dq-x":"1"}}\n'.repeat(2)}`;

  const strict = await put([queue.name, "--messages"], lines);
  const lenient = await put([queue.name, "--messages", "--skip-invalid"], lines);

  expect(strict.status).toBe(1);
  expect(strict.errors).toMatch(
    /^Error: Line 1001 is refused: The name of a header must not begin with dq-.* --from-line 1001 /,
  );
  expect(lenient).toMatchObject({ status: 0, output: '{"put":1000,"leftOut":2,"lines":1002}\n' });
});

test("a body that is too large is named by its line", async () => {
  const queue = freshQueue();

  const outcome = await put([queue.name], `1\n"${"x".repeat(1024 * 1024)}"\n`);

  expect(outcome.errors).toContain("Error: Line 2 is refused: it has 1048578 bytes, more than 1048576.");
});

test("a checkpoint makes the same command go on where the last one ended, also where the input has grown", async () => {
  const queue = freshQueue();
  const args = [queue.name, "--checkpoint", "grown.progress"];

  const first = await put(args, linesOf(1_500));
  const again = await put(args, linesOf(1_500));
  const grown = await put(args, linesOf(1_600));

  expect([first, again, grown].map(({ output }) => JSON.parse(output).put)).toEqual([1_500, 0, 100]);
  expect(await itemsIn(queue)).toEqual(numbers(1_600));
});

test("batches that were under way when a run was killed are sent again, and stored once", async () => {
  const queue = freshQueue();
  const path = join(folder, "killed.progress");
  await put([queue.name, "--checkpoint", path], linesOf(4_000));
  const { later: _, through: __, digest: ___, ...job } = JSON.parse(readFileSync(path, "utf8"));
  // As if the process had been killed when the second batch was put, and the third was sent.
  const digests = await Promise.all([1_000, 2_000, 3_000].map(digestOf));
  const range = (at: number, isPut: boolean) => {
    return { first: at * 1_000 + 1, last: (at + 1) * 1_000, isPut, sentAt: Date.now(), digest: digests[at] };
  };
  const later = [range(1, true), range(2, false)];
  writeFileSync(path, JSON.stringify({ ...job, through: 1_000, digest: digests[0], later }));

  const outcome = await put([queue.name, "--checkpoint", path], linesOf(5_000));

  expect(outcome).toMatchObject({ status: 0, output: expect.stringContaining('"put":3000') });
  const items = await itemsIn(queue);
  expect(items.slice(0, 4_000)).toEqual(numbers(4_000));
  // The idempotency keys are those of the lines, so only the batch that the first run had not sent is new.
  expect(items).toHaveLength(5_000);
});

async function digestOf(count: number): Promise<string> {
  const path = join(folder, `digest-${count}`);
  await put([freshName(), "--checkpoint", path], linesOf(count));
  return JSON.parse(readFileSync(path, "utf8")).digest;
}

test("batches that may have been put too long ago are not sent again unless the user says so", async () => {
  const queue = freshQueue();
  const path = join(folder, "old.progress");
  await put([queue.name, "--checkpoint", path], "1\n2\n");
  const { digest, ...job } = JSON.parse(readFileSync(path, "utf8"));
  const later = [{ first: 1, last: 2, isPut: false, sentAt: Date.now() - 400_000, digest }];
  writeFileSync(path, JSON.stringify({ ...job, through: 0, digest: "", later }));

  const asked = await put([queue.name, "--checkpoint", path], "1\n2\n3\n");
  const skipped = await put([queue.name, "--checkpoint", path, "--uncertain", "skip"], "1\n2\n3\n");

  expect(asked).toMatchObject({
    status: 2,
    errors:
      "Error: The earlier run was ended while the lines 1 to 2 were on their way, and the queue remembers puts for 300 seconds only: they may have been put, or not. Look for them in the queue, then give --uncertain skip if they are there, or --uncertain put.\n",
  });
  expect(skipped.status).toBe(0);
  expect(await itemsIn(queue)).toEqual([1, 2, 3]);
});

test("a checkpoint of another queue, of other options or of another input is refused", async () => {
  const queue = freshQueue();
  const args = [queue.name, "--checkpoint", "other.progress"];
  await put(args, linesOf(10));

  const others = await Promise.all([
    put([freshName(), ...args.slice(1)], linesOf(10)),
    put([...args, "--priority", "1"], linesOf(10)),
    put(args, "0\n".repeat(20)),
    put(args, linesOf(3)),
  ]);

  expect(others.map(({ status }) => status)).toEqual([2, 2, 1, 1]);
  expect(others[2]?.errors).toContain("The first 10 lines of the input are not those that were put.");
  expect(others[3]?.errors).toContain("The input has only 3 lines, but the put goes on behind line 10.");
  expect(await itemsIn(queue)).toHaveLength(10);
});

test("a full queue is waited for, and with --no-wait fails and says how to go on", async () => {
  const queue = freshQueue();
  await queue.configure({ maxSize: 1_500 });

  const failed = await put([queue.name, "--no-wait", "--in-flight", "1"], linesOf(3_000));
  const waiting = begin(["put", queue.name, "--from-line", "1001"], linesOf(3_000));
  const received = await queue.receive({ max: 1_000, leaseSeconds: 60 });
  await Promise.all(received.map((message) => message.ack()));
  await queue.configure({ maxSize: 0 });

  expect(failed.status).toBe(1);
  expect(failed.errors).toContain("Every line up to 1000 was put.");
  expect(failed.errors).toContain(`put ${queue.name} --from-line 1001 < the same input`);
  expect(await waiting.outcome).toMatchObject({ status: 0 });
  expect(await itemsIn(queue)).toEqual(numbers(3_000).slice(1_000));
});

test("Ctrl-C while a full queue is waited for says exactly which lines were put", async () => {
  const queue = freshQueue();
  await queue.configure({ maxSize: 1_000 });
  const running = begin(["put", queue.name], linesOf(9_000));
  while ((await queue.qsize()) < 1_000);

  running.interrupt();
  const outcome = await running.outcome;
  await queue.configure({ maxSize: 0 });

  expect(outcome.status).toBe(130);
  expect(outcome.errors).toBe(
    `Every line up to 1000 was put. To go on, with the same options: durable-queue put ${queue.name} --from-line 1001 < the same input\n`,
  );
  expect(await itemsIn(queue)).toEqual(numbers(1_000));
});

test("flags that are for one message are refused for lines", async () => {
  const [key, both, two] = await Promise.all([
    put(["q", "--dedupe-key", "a"], "1\n"),
    put(["q", "--text", "--messages"], "1\n"),
    put(["q", "--checkpoint", "x", "--from-line", "2"], "1\n"),
  ]);

  expect([key, both, two].map(({ status }) => status)).toEqual([2, 2, 2]);
});
