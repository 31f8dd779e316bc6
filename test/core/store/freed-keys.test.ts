import { beforeEach, expect, test } from "vitest";
import type { Command, NewMessage, Result } from "../../../src/queue/base/commands.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";

const NOW = 1_800_000_000_000;

let rows: MemoryRows;
let queue: Queue;

beforeEach(() => {
  rows = new MemoryRows();
  queue = new Queue("i", rows);
});

function runBatch(...commands: Command[]): (Result | undefined)[] {
  queue.advance(NOW);
  for (const [requestId, command] of commands.entries()) queue.apply(requestId, command, NOW);
  const commit = queue.takeCommit();
  if (commit !== undefined) rows.write(commit);
  return queue.takeResults().map(({ result }) => result);
}

function restart(): void {
  const { generation, configuration } = queue;
  const stored = rows.load();
  queue = new Queue(stored ? { generation, configuration, stored } : generation, rows);
}

function message(dedupeKey?: string): NewMessage {
  return { content: '"body":1', priority: 100, delayMs: 0, dedupeKey };
}

function putOf(dedupeKeys: (string | undefined)[], idempotencyKey?: string): Command {
  return { verb: "put", messages: dedupeKeys.map(message), timeoutMs: 0, idempotencyKey };
}

function put(dedupeKeys: (string | undefined)[], idempotencyKey?: string): { ids: string[]; duplicates?: number[] } {
  const [result] = runBatch(putOf(dedupeKeys, idempotencyKey));
  if (result?.verb !== "put") throw new Error(`a put was answered with ${JSON.stringify(result)}`);
  return result;
}

const KEYS = ["a", "b", "c", "d"];

/** Puts four messages, of which the first is acked, the second leased and the others visible. */
function putFour(): string[] {
  const { ids } = put(KEYS);
  const [receive] = runBatch({ verb: "receive", max: 2, timeoutMs: 0, leaseMs: 30_000, autoAck: false });
  const [first] = receive?.verb === "receive" ? receive.deliveries : [];
  runBatch({ verb: "ack", receipts: [first?.lease?.receipt ?? ""], finish: true });
  return ids;
}

for (const isRestarted of [false, true]) {
  const when = isRestarted ? ", also after a restart" : "";

  test(`a cancelled message can be put again under its dedupe key, and no other${when}`, () => {
    const ids = putFour();
    runBatch({ verb: "cancel", id: ids[1] as string });
    runBatch({ verb: "cancel", id: ids[3] as string });
    if (isRestarted) restart();

    const again = put(KEYS);

    expect(again.duplicates).toEqual([0, 2]);
    expect([again.ids[0], again.ids[2]]).toEqual([ids[0], ids[2]]);
    if (isRestarted) restart();
    expect(put(KEYS)).toMatchObject({ ids: again.ids, duplicates: [0, 1, 2, 3] });
  });

  test(`purged messages can be put again under their dedupe keys, and messages done before cannot${when}`, () => {
    const ids = putFour();
    runBatch({ verb: "purge" });
    if (isRestarted) restart();

    const again = put(KEYS);

    expect(again.duplicates).toEqual([0]);
    expect(again.ids[0]).toBe(ids[0]);
  });

  test(`a dead message keeps its dedupe key until it is purged${when}`, () => {
    const { ids } = put(["a", "b"]);
    const [receive] = runBatch({ verb: "receive", max: 1, timeoutMs: 0, leaseMs: 30_000, autoAck: false });
    const receipts = receive?.verb === "receive" ? receive.deliveries.map(({ lease }) => lease?.receipt ?? "") : [];
    runBatch({ verb: "reject", receipts });
    const whileDead = put(["a", "b"]);
    runBatch({ verb: "purge", only: "dead" });
    if (isRestarted) restart();

    expect(whileDead).toMatchObject({ ids, duplicates: [0, 1] });
    expect(put(["a", "b"]).duplicates).toEqual([1]);
  });

  test(`a put repeated under its idempotency key gets the same result, although its messages were purged${when}`, () => {
    put(["known"]);
    const first = put(["known", "a", "a"], "put");
    runBatch({ verb: "purge" });
    if (isRestarted) restart();

    expect(first.duplicates).toEqual([0, 2]);
    expect(put(["known", "a", "a"], "put")).toEqual(first);
  });
}

test("a message that is put, cancelled and put again in one commit batch is stored once", () => {
  const results = runBatch(putOf(["a"]), { verb: "cancel", id: "0.i-1-0" }, putOf(["a"]), putOf(["a"]));
  restart();

  expect(results.map((result) => result?.verb)).toEqual(["put", "cancel", "put", "put"]);
  expect(results[2]).not.toHaveProperty("duplicates");
  expect(results[3]).toMatchObject({ duplicates: [0] });
  expect(put(["a"]).duplicates).toEqual([0]);
});

test("a cancel and a purge write no more rows for the keys", () => {
  const ids = putFour();
  const before = rows.rowsWritten;
  runBatch({ verb: "cancel", id: ids[2] as string });
  const afterCancel = rows.rowsWritten;
  runBatch({ verb: "purge" });

  expect([afterCancel - before, rows.rowsWritten - afterCancel]).toEqual([1, 1]);
});

test("a purge adds nothing to rows whose messages had no dedupe keys", () => {
  put([undefined], "put");
  const keys = rows.keys(1);

  runBatch({ verb: "purge" });

  expect(rows.keys(1)).toBe(keys);
});
