import { expect, test } from "vitest";
import { DamagedRow } from "../../../src/queue/base/damage.ts";
import { Ledger } from "../../../src/queue/store/ledger.ts";
import type { StoredSegment } from "../../../src/queue/store/rows.ts";
import { Segment } from "../../../src/queue/store/segment.ts";
import { States } from "../../../src/queue/store/segment-states.ts";
import type { SegmentState } from "../../../src/queue/store/segment-summary.ts";
import { NONE } from "../../../src/queue/store/states.ts";
import { firstPresent } from "../../../src/queue/store/visible-range.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

/** Rows of which some are read with other values than were stored. */
class ChangedRows extends MemoryRows {
  #summary: Partial<StoredSegment> = {};
  #state: Partial<SegmentState> = {};
  #storedPayloads: string | undefined;
  #groups: string | undefined;

  change({ state, notes, payloads, groups, ...summary }: Change): void {
    this.#summary = summary;
    this.#state = { ...(state === undefined ? {} : { state }), ...(notes === undefined ? {} : { notes }) };
    this.#storedPayloads = payloads;
    this.#groups = groups;
  }

  override load() {
    const stored = super.load();
    return stored && { ...stored, segments: [...stored.segments].map((segment) => ({ ...segment, ...this.#summary })) };
  }

  override state(slot: number): SegmentState {
    return { ...super.state(slot), ...this.#state };
  }

  override payloads(slot: number): string {
    return this.#storedPayloads ?? super.payloads(slot);
  }

  override groups(slot: number): string {
    return this.#groups ?? super.groups(slot);
  }
}

type Change = Partial<StoredSegment & SegmentState & { payloads: string; groups: string }>;

/** A queue with one segment of four messages: one of each state, except gone and transferring. */
function fourMessages(group?: string): { queue: TestQueue; rows: ChangedRows } {
  const rows = new ChangedRows();
  const queue = new TestQueue(rows);
  queue.put(...[1, 2, 3].map((body) => ({ body, ...(group === undefined ? {} : { group }) })), {
    ...{ body: 4, delayMs: 50_000, ...(group === undefined ? {} : { group }) },
  });
  const result = queue.run({ verb: "receive", max: 2, timeoutMs: 0, autoAck: false });
  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  const receipts = [result.deliveries[0]?.lease?.receipt ?? ""];
  queue.run({ verb: "reject", receipts, error: "It failed." });
  return { queue, rows };
}

/** Everything that reads the state and the payloads of a queue. */
function useAll(queue: TestQueue): void {
  queue.run({ verb: "messages", cursor: "", limit: 1_000 });
  queue.describe();
  queue.run({ verb: "receive", max: 10, timeoutMs: 0, autoAck: false });
  queue.now += 100_000_000;
  queue.run({ verb: "receive", max: 10, timeoutMs: 0, autoAck: false });
  queue.run({ verb: "purge", only: "dead" });
  queue.run({ verb: "shutdown", immediate: true });
}

/** The stored state of four messages, changed. */
function stateWith(change: (states: States) => void, count = 4): Uint8Array {
  const states = new States(count);
  change(states);
  return states.encode();
}

const TWINS = '[[0,{"origin":[1,3,1]}],[1,{"origin":[1,3,1]}]]';

const UNTOUCHED = stateWith(() => undefined);

test("rows that are not changed are read", () => {
  const { queue } = fourMessages();

  expect(() => useAll(queue.restarted())).not.toThrow();
});

test.each<[string, Change, RegExp]>([
  ["a state that is cut off", { state: UNTOUCHED.slice(0, 51) }, /state has 51 bytes.*4 messages have 52/],
  ["a state of other messages", { state: stateWith(() => undefined, 3) }, /state has 39 bytes/],
  ["an empty state", { state: new Uint8Array() }, /state has 0 bytes/],
  ["a state with all visible", { state: UNTOUCHED }, /counts 1 messages as visible, its state 4/],
  ["no state", { state: null }, /counts 1 messages as visible, its state 4/],
  ["a state that is none", { state: stateWith(({ state }) => state.fill(6)) }, /the state 6/],
  ["a time that is none", { state: stateWith(({ visibleAt }) => visibleAt.fill(Number.NaN)) }, /the time NaN/],
  ["notes that are no JSON", { notes: "[[0,{" }, /notes are not JSON/],
  ["notes that are no list", { notes: "{}" }, /notes are no list/],
  ["a note of a message that is not there", { notes: '[[4,{"spared":1}]]' }, /\[4,/],
  ["a note with what is not known", { notes: '[[0,{"other":1}]]' }, /other/],
  ["a note that is no text", { notes: '[[0,{"error":1}]]' }, /error/],
  ["an origin that is no place and time", { notes: '[[0,{"origin":[1,2]}]]' }, /origin/],
  ["a note that is null", { notes: "[[0,null]]" }, /null/],
  ["a payload too few", { payloads: "{}\n{}\n{}\n" }, /4 messages have 3 payloads/],
])("%s ends in an error that says so, whatever is asked", (_, change, fault) => {
  const { queue, rows } = fourMessages();
  rows.change(change);
  const damaged = queue.restarted();

  const use = () => useAll(damaged);

  expect(use).toThrow(DamagedRow);
  // A second read finds the same, and not the half that the first one decoded.
  expect(use).toThrow(fault);
  expect(() => useAll(queue.restarted())).toThrow(expect.objectContaining({ slot: 1 }));
});

test.each<[string, Change, RegExp]>([
  ["a count of messages that none can have", { count: 257 }, /counts 257 messages/],
  ["no messages", { count: 0 }, /counts 0 messages/],
  ["a count that is no number", { count: Number.NaN }, /counts NaN messages/],
  ["more visible than there are", { counts: { ...NONE, visible: 5 } }, /of 4 messages 5 are visible/],
  ["fewer than none", { counts: { ...NONE, leased: -1 } }, /-1 are leased/],
  ["more than there are together", { counts: { ...NONE, visible: 3, delayed: 3 } }, /of 4 messages 6 are still there/],
  ["none at all", { counts: NONE }, /of 4 messages 0 are still there/],
  ["a segment that is newer than the newest", { number: 2 }, /segment 2, but the newest is 1/],
  ["a priority that is none", { priority: 256 }, /priority 256/],
  [
    "moved messages from nowhere",
    { holdsMoved: true, notes: '[[0,{"origin":[5,0,1]}]]' },
    /message 0 is said to be from 5-0/,
  ],
  ["moved messages of one origin", { holdsMoved: true, notes: TWINS }, /message 1 is said to be from 1-3/],
  ["a wait without an end", { nextDueAt: Number.POSITIVE_INFINITY }, /waits from Infinity/],
  ["a time of its put that is none", { putAt: Number.NaN }, /put at NaN/],
])("a summary with %s ends the waking with an error that says so", (_, change, fault) => {
  const { queue, rows } = fourMessages();
  rows.change(change);

  expect(() => queue.restarted()).toThrow(DamagedRow);
  expect(() => queue.restarted()).toThrow(fault);
});

test("two rows of one segment make the restore fail with an error that says so", () => {
  const { queue, rows } = fourMessages();
  queue.put({ body: "x".repeat(70_000) });
  rows.change({ number: 1 });

  expect(() => queue.restarted()).toThrow(/segment 1 is in another row too/);
});

test("too few groups make the restore fail with an error that says so", () => {
  const { queue, rows } = fourMessages("a");
  rows.change({ groups: "a\n" });

  expect(() => queue.restarted()).toThrow(/4 messages have 1 groups/);
});

test("a due time that is not in the state ends in an error, and not in an endless search", () => {
  const { queue, rows } = fourMessages();
  const { now } = queue;
  rows.change({ nextDueAt: now + 1_000_000, lastDueAt: now + 2_000_000 });

  expect(() => useAll(queue.restarted())).toThrow(/waits from/);
});

test("a search for a message that a segment does not have ends in an error", () => {
  const kind = { priority: 0, areDeadLetters: false, isGrouped: false };
  const row = {
    ...{ slot: 7, number: 9, count: 2, bytes: 10, putAt: 1, holdsMoved: false, ownRules: undefined, ...kind },
    ...{ counts: { ...NONE, visible: 2 }, nextDueAt: Number.POSITIVE_INFINITY, lastDueAt: 0 },
  };
  const segment = Segment.restore(row, new Ledger());
  for (const index of [0, 1]) segment.remove(index, "done", true);
  segment.counts.visible = 1;

  for (const search of [() => segment.firstVisible(), () => segment.lastVisible(), () => firstPresent(segment)]) {
    expect(search).toThrow(DamagedRow);
    expect(search).toThrow(/row 7 is damaged: segment 9 has none/);
  }
});
