import { expect, test } from "vitest";
import { RECEIPT_CHARACTERS_MAX } from "../../src/contract/limits.ts";
import { formatId, formatReceipt, idPrefix, parseId, parseReceipt, partitionOf } from "../../src/queue/base/receipt.ts";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "../support/core/memory-rows.ts";
import { TestQueue } from "../support/core/test-queue.ts";

const PREFIX = idPrefix(7, "gen");

test("an id names the partition, the generation, the segment and the index, and a receipt also the delivery", () => {
  const place = { segmentNumber: 12, index: 34 };

  expect(formatId(PREFIX, place)).toBe("7.gen-12-34");
  expect(formatReceipt(PREFIX, { ...place, delivery: 5 })).toBe("7.gen-12-34-5");
  expect(parseId(PREFIX, "7.gen-12-34")).toEqual(place);
  expect(parseReceipt(PREFIX, "7.gen-12-34-5")).toEqual({ ...place, delivery: 5 });
  expect(["7.gen-12-34", "0.gen-12-34-5"].map(partitionOf)).toEqual([7, 0]);
});

test("a text in any other form is neither an id nor a receipt", () => {
  const receipts = [
    ...["", "gen-12-34-5", "8.gen-12-34-5", "07.gen-12-34-5", "7.other-12-34-5", "7.gen", "7.gen-12-34"],
    ...["7.gen-0-34-5", "7.gen-12-34-0", "7.gen-12-34-05", "7.gen--34-5", "7.gen-12-34-5 ", "7.gen-12-34-5-6"],
    ...["7.gen-12-34-1e3", `7.gen-12-34-${"1".repeat(11)}`, `7.gen-${"1".repeat(16)}-34-5`],
  ];

  expect(receipts.filter((text) => parseReceipt(PREFIX, text) !== undefined)).toEqual([]);
  expect(["gen-12-34", "8.gen-12-34", "7.gen-12-34-5"].filter((text) => parseId(PREFIX, text))).toEqual([]);
});

test("only a whole number in digits before the first point is a partition", () => {
  const texts = ["", "gen-1-0", ".gen-1-0", "00.gen-1-0", "-1.gen-1-0", "1e1.gen-1-0", "1234567.gen-1-0", " 1.gen-1-0"];

  expect(texts.map(partitionOf)).toEqual(texts.map(() => undefined));
});

test("the longest receipt is no longer than a request may carry", () => {
  const receipt = { segmentNumber: 10 ** 15 - 1, index: 999_999, delivery: 2 ** 31 - 1 };
  const text = formatReceipt(idPrefix(999_999, "g".repeat(64)), receipt);

  expect(text.length).toBeLessThanOrEqual(RECEIPT_CHARACTERS_MAX);
  expect(parseReceipt(idPrefix(999_999, "g".repeat(64)), text)).toEqual(receipt);
});

test("an id of another partition is unknown, and a receipt of one is stale", () => {
  const rows = new MemoryRows();
  const queue = new TestQueue(rows, new Queue("i", rows, undefined, 3));

  expect(queue.put({ body: 1 })).toEqual(["3.i-1-0"]);
  queue.receive(1);

  expect(queue.run({ verb: "peek", id: "0.i-1-0" })).toMatchObject({ code: "unknown_message" });
  expect(queue.run({ verb: "ack", receipts: ["0.i-1-0-1"], finish: true })).toMatchObject({ acked: 0 });
  expect(queue.run({ verb: "ack", receipts: ["3.i-1-0-1"], finish: true })).toMatchObject({ acked: 1 });
});
