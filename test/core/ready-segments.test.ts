import { expect, test } from "vitest";
import { ORDERS } from "../../src/queue/schedule/orders.ts";
import { ReadyBlocks } from "../../src/queue/schedule/ready-segments.ts";
import { Block } from "../../src/queue/store/segment.ts";

test("blocks that are done with are let go of, although nobody receives", () => {
  const ready = new ReadyBlocks(ORDERS.fifo);
  const lane = { priority: 0, areLetters: false, isGrouped: false };
  for (let number = 1; number <= 10_000; number += 1) {
    const block = new Block(number, number, lane, 0);
    block.append(10, 0);
    ready.add(block);
    if (number > 1) ready.drop(block);
  }

  expect(ready.size).toBeLessThan(2_000);
  expect(ready.first()?.number).toBe(1);
});
