import { expect, test } from "vitest";
import { TestQueue } from "../support/core/test-queue.ts";

test("no group is forgotten when most messages of many groups leave from the middle", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { order: "priority" } });
  const groups = [...Array(40).keys()];
  const ids: string[] = [];
  for (let priority = 0; priority < 60; priority += 1) {
    ids.push(...queue.put(...groups.map((group) => ({ body: group, group: `group-${group}`, priority }))));
  }

  for (const id of ids.slice(0, -groups.length)) queue.run({ verb: "cancel", id });

  expect(queue.receive(1_000).sort((a, b) => Number(a) - Number(b))).toEqual(groups);
});
