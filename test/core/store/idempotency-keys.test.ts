import { expect, test } from "vitest";
import { IdempotencyKeys } from "../../../src/queue/store/idempotency-keys.ts";
import type { RowReader } from "../../../src/queue/store/rows.ts";

const NOTHING_STORED: RowReader = {
  state: () => ({ state: null, notes: null }),
  payloads: () => "",
  groups: () => "",
  keys: () => "",
  fingerprints: () => "",
  jobRecords: () => "",
  jobFingerprints: () => "",
  lastInboundTransfer: () => undefined,
  sendersUsedBy: () => ({ sources: 0, lastUsedAt: 0 }),
  sendersUnusedSince: () => [],
};

test("a key that is in two rows, twice in one of them, is known until it has expired in the other", () => {
  const keys = new IdempotencyKeys(NOTHING_STORED);
  keys.remember(3, { key: "key", contentHash: 7, until: 100, ranges: [] });
  keys.remember(3, { key: "key", contentHash: 7, until: 200, ranges: [] });
  keys.remember(5, { key: "key", contentHash: 7, until: 300, ranges: [] });

  const forgotten = keys.expire(250);

  expect(forgotten).toEqual([3]);
  expect(keys.find("key", () => 7, 250)).toEqual([]);
  expect(keys.find("key", () => 8, 250)).toBe("other");
  expect(keys.find("key", () => 7, 300)).toBeUndefined();
});
