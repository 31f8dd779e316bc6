import { expect, test } from "vitest";
import { IdleCollection } from "../../src/idle-collection.ts";

const NOW = 1_700_000_000_000;

test("garbage is collected when the server was idle for a while, and once more when idle objects are gone", () => {
  const collection = new IdleCollection();
  let collections = 0;
  const collect = () => {
    collections += 1;
  };
  collection.noteWork(NOW);

  const looks = [0, 2_999, 3_000, 3_001, 14_999, 15_000, 60_000];

  expect(looks.map((ms) => collection.collectIfIdle(NOW + ms, collect))).toEqual([
    ...[false, false, true, false, false, true, false],
  ]);
  expect(collections).toBe(2);
});

test("while the server works no garbage is collected, however often it is checked", () => {
  const collection = new IdleCollection();
  for (let ms = 0; ms < 60_000; ms += 1_000) {
    collection.noteWork(NOW + ms);
    expect(collection.collectIfIdle(NOW + ms + 500, () => undefined)).toBe(false);
  }
});

test("without the means to collect garbage nothing happens", () => {
  const collection = new IdleCollection();
  collection.noteWork(NOW);

  expect(collection.collectIfIdle(NOW + 60_000)).toBe(false);
});
