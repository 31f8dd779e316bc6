/** The directory keeps the newest counts that each queue has reported, and lists them without waking a queue. */
import { abortAllDurableObjects, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { type CountsReport, REPORT_MS } from "../../src/api/directory-calls.ts";
import { COUNT_NAMES } from "../../src/contract/states.ts";
import { directoryOf, type Env } from "../../src/env.ts";
import { call, freshQueue, listedQueue, nameOf, numbers } from "../support/call.ts";
import { interceptStatements } from "../support/storage.ts";

vi.spyOn(console, "error").mockReturnValue();

const NONE = Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as Required<CountsReport["counts"]>;
const NOW = 1_800_000_000_000;

function reportOf(visible: number, countedAt: number): CountsReport {
  return { counts: { ...NONE, visible }, oldestAt: visible === 0 ? null : NOW, countedAt };
}

/** A name that the directory has, with no object behind it. */
async function entered(generation: string): Promise<string> {
  const queue = freshQueue();
  await directoryOf(env).add(nameOf(queue), generation);
  return queue;
}

test("a list shows the counts of the newest report, when the oldest message was put, and when that was so", async () => {
  const queue = await entered("life");
  const before = await listedQueue(queue);

  await directoryOf(env).report(nameOf(queue), "life", reportOf(7, NOW + 500));

  expect(before).toEqual({ name: nameOf(queue) });
  expect(await listedQueue(queue)).toEqual({
    name: nameOf(queue),
    counts: { ...NONE, visible: 7 },
    oldestAt: NOW / 1_000,
    countedAt: NOW / 1_000 + 0.5,
  });
});

test("a report within a minute of the one before is not taken, and is told when one will be", async () => {
  const queue = await entered("life");
  const report = (visible: number, at: number) => directoryOf(env).report(nameOf(queue), "life", reportOf(visible, at));
  await report(1, NOW);

  expect(await report(2, NOW + REPORT_MS - 1)).toBe(NOW + REPORT_MS);
  // One that is late.
  expect(await report(3, NOW - 1)).toBe(NOW + REPORT_MS);
  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 1 }, countedAt: NOW / 1_000 });
  expect(await report(2, NOW + REPORT_MS)).toBeNull();
  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 2 } });
});

test("a report after the clock was set back by an hour is taken", async () => {
  const queue = await entered("life");
  await directoryOf(env).report(nameOf(queue), "life", reportOf(1, NOW));

  expect(await directoryOf(env).report(nameOf(queue), "life", reportOf(2, NOW - 3_600_000))).toBeNull();
  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 2 } });
});

test("a report of the same counts writes nothing", async () => {
  const queue = await entered("life");
  await directoryOf(env).report(nameOf(queue), "life", reportOf(1, NOW));
  let rowsWritten = 0;
  await interceptStatements(directoryOf(env), {
    after: (rows) => {
      rowsWritten += rows;
    },
  });

  const nextAt = await directoryOf(env).report(nameOf(queue), "life", reportOf(1, NOW + REPORT_MS));
  await abortAllDurableObjects();

  expect([nextAt, rowsWritten]).toEqual([null, 0]);
  expect(await listedQueue(queue)).toMatchObject({ countedAt: NOW / 1_000 });
});

test("a report of an earlier generation, or of a name that is not entered, changes nothing", async () => {
  const queue = await entered("second");
  const unknown = freshQueue();
  await directoryOf(env).report(nameOf(queue), "second", reportOf(2, NOW));

  expect(await directoryOf(env).report(nameOf(queue), "first", reportOf(1, NOW + 2 * REPORT_MS))).toBeNull();
  expect(await directoryOf(env).report(nameOf(unknown), "first", reportOf(1, NOW))).toBeNull();

  expect(await listedQueue(queue)).toMatchObject({ counts: { visible: 2 } });
  expect(await listedQueue(unknown)).toBeUndefined();
});

test("a new life of a name that was not confirmed begins without the counts of the one before", async () => {
  const queue = await entered("first");
  await directoryOf(env).report(nameOf(queue), "first", reportOf(1, NOW));

  await directoryOf(env).add(nameOf(queue), "second");

  expect(await listedQueue(queue)).toEqual({ name: nameOf(queue) });
});

test("a report of a build that counts other states shows those that this build knows, and 0 for the others", async () => {
  const queue = await entered("life");
  const counts = { visible: 3, suspended: 1 } as CountsReport["counts"];

  await directoryOf(env).report(nameOf(queue), "life", { counts, oldestAt: null, countedAt: NOW });

  expect(await listedQueue(queue)).toMatchObject({ counts: { ...NONE, visible: 3 } });
});

test("a list of 1,000 queues wakes none of them", async () => {
  await runInDurableObject(directoryOf(env), (directory) =>
    Promise.all(numbers(1_000).map((number) => directory.add(`many-${number}`, "life"))),
  );
  const before = await listDurableObjectIds((env as Env).QUEUE);

  const { body } = await call("GET", "/v1/queues?prefix=many-&limit=1000");

  expect(body.queues).toHaveLength(1_000);
  expect(await listDurableObjectIds((env as Env).QUEUE)).toHaveLength(before.length);
});
