import { expect, test } from "vitest";
import { APPEND_BYTES_MAX, SEGMENT_BYTES_MAX } from "../../../src/queue/base/row-budget.ts";
import { IdempotencyKeys } from "../../../src/queue/store/idempotency-keys.ts";
import { Ledger } from "../../../src/queue/store/ledger.ts";
import { Payloads } from "../../../src/queue/store/payloads.ts";
import { RowTable } from "../../../src/queue/store/row-table.ts";
import { Segment } from "../../../src/queue/store/segment.ts";
import { LEASED } from "../../../src/queue/store/states.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";

const KIND = { priority: 0, areDeadLetters: false, isGrouped: false };

/** A table of rows with one new segment of one message. */
function tableOfOne() {
  const rows = new MemoryRows();
  const payloads = new Payloads(rows, 1_000);
  const table = new RowTable(payloads, new IdempotencyKeys(rows), 1);
  const segment = new Segment(table.take(), 1, KIND, 0, new Ledger());
  table.created(segment);
  const append = (payload: string) => {
    segment.append(payload.length, 0);
    table.appended(segment);
    payloads.add(segment, payload, undefined);
  };
  append("{1}");
  return { table, segment, append };
}

test("a segment is written whole, then what is appended to it, then its states, then that its row is free", () => {
  const { table, segment, append } = tableOfOne();
  expect(table.takeChanges()).toMatchObject([{ kind: "write", keepsMessages: false, number: 1, payloads: "{1}\n" }]);

  append("{2}");
  expect(table.takeChanges()).toMatchObject([{ kind: "write", keepsMessages: true, count: 2, payloads: "{2}\n" }]);

  segment.move(0, LEASED, 10);
  table.changed(segment);
  expect(table.takeChanges()).toMatchObject([{ kind: "update", slot: 1, counts: { visible: 1, leased: 1 } }]);

  for (const index of [0, 1]) segment.remove(index, "done", true);
  table.finished(segment);
  expect(table.takeChanges()).toMatchObject([{ kind: "write", keepsMessages: false, number: 0, payloads: "" }]);
  expect(table.take()).toBe(1);
});

test("a segment that came and went between two commits writes only the totals", () => {
  const { table, segment } = tableOfOne();
  segment.remove(0, "done", true);
  table.finished(segment);

  expect(table.takeChanges()).toMatchObject([{ kind: "totals", slot: 1, keys: "" }]);
});

test("a segment takes more bytes while it is not stored than afterwards", () => {
  const { table, segment } = tableOfOne();
  expect(table.hasRoomFor(segment, 1, SEGMENT_BYTES_MAX - segment.bytes)).toBe(true);
  expect(table.hasRoomFor(segment, 1, SEGMENT_BYTES_MAX)).toBe(false);

  table.takeChanges();
  expect(table.hasRoomFor(segment, 1, APPEND_BYTES_MAX - segment.bytes)).toBe(true);
  expect(table.hasRoomFor(segment, 1, APPEND_BYTES_MAX)).toBe(false);
});

test("what a handler began is written when its time is over, or with another change before", () => {
  const { table, segment } = tableOfOne();
  table.takeChanges();
  table.begun(segment, 1_000);

  expect(table.isOnlyInMemory(segment)).toBe(true);
  expect(table.prepareCommit(1_500, 10)).toBe(false);
  expect(table.prepareCommit(table.nextMarkAt, 10)).toBe(true);
  expect(table.takeChanges()).toMatchObject([{ kind: "update", slot: 1 }]);
  expect(table.isOnlyInMemory(segment)).toBe(false);
});
