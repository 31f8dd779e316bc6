import { expect, test } from "vitest";
import { utf8Bytes } from "../../../src/queue/base/bytes.ts";
import { TestQueue } from "../../support/core/test-queue.ts";
import { Random } from "../../support/random.ts";

const encoder = new TextEncoder();

test.each([
  ["", 0],
  ["plain", 5],
  ["\u0000\u007f", 2],
  ["\u0080\u07ff", 4],
  ["\u0800\uffff", 6],
  ["\u{10000}\u{10ffff}", 8],
  ["a high half alone: \ud83d", 22],
  ["a low half alone: \udc00", 21],
  ["\ud83d\ud83d\udc00", 7],
  ["\udc00\ud83d", 6],
  ["\ud83d\ue000", 6],
])("the bytes of %j are counted as they are encoded", (text, bytes) => {
  expect(encoder.encode(text)).toHaveLength(bytes);
  expect(utf8Bytes(text)).toBe(bytes);
});

test("the bytes of texts of any code units are counted as they are encoded", () => {
  const random = new Random(7);
  // The borders between the lengths, each with its neighbours.
  const borders = [0, 0x80, 0x800, 0xd800, 0xdc00, 0xe000, 0xffff];
  for (let batch = 0; batch < 5_000; batch += 1) {
    const codes = Array.from({ length: random.integer(20) }, () => {
      return random.chance(0.5) ? random.integer(0x10000) : random.pick(borders) + random.integer(3) - 1;
    });
    const text = String.fromCharCode(...codes);

    expect(utf8Bytes(text), JSON.stringify(text)).toBe(encoder.encode(text).length);
  }
});

test("the bytes of long texts are counted as they are encoded, wherever a character of two halves is", () => {
  const random = new Random(11);
  for (let batch = 0; batch < 300; batch += 1) {
    const length = random.pick([2_048, 8_191, 8_192, 8_193, 16_384, 50_000]);
    const filler = random.pick(["a", "é", "語", "😀", "\ud83d", "\udc00"]);
    const begin = "a".repeat(random.integer(4));
    const text = begin + filler.repeat(Math.ceil(length / filler.length)) + random.pick(["", "\ud83d", "\udc00", "b"]);

    expect(utf8Bytes(text), `${begin}${JSON.stringify(filler)}`).toBe(encoder.encode(text).length);
  }
});

test("the size of a segment is that of its payloads in UTF-8", () => {
  const queue = new TestQueue();
  queue.put({ body: "plain" }, { body: "ümläut" }, { body: "語" }, { body: "😀" });
  const [segment] = queue.rows.load()?.segments ?? [];

  expect(segment?.bytes).toBe(encoder.encode(queue.rows.payloads(1)).length);
});
