import { expect, test } from "vitest";
import { Ledger } from "../../../src/queue/store/ledger.ts";
import { DEAD, DELAYED, LEASED, NAME_OF, NONE, TRANSFERRING, VISIBLE } from "../../../src/queue/store/states.ts";
import { NO_TOTALS } from "../../../src/queue/store/totals.ts";
import { Random } from "../../support/random.ts";

const STATES = [VISIBLE, DELAYED, LEASED, DEAD, TRANSFERRING] as const;
const ENDINGS = ["done", "purged", "expired", "transferred"] as const;

test("whatever happens to messages, each of them is counted in one place", () => {
  const random = new Random(7);
  const ledger = new Ledger();
  const states: (typeof STATES)[number][] = [];
  for (let step = 0; step < 5_000; step += 1) {
    const position = random.integer(states.length + 1);
    const before = states[position];
    const state = random.pick(STATES);
    if (before === undefined) {
      ledger.accepted(state);
      states.push(state);
    } else if (random.chance(0.5)) {
      ledger.moved(before, state);
      states[position] = state;
    } else {
      ledger.left(before, random.pick(ENDINGS), true);
      states.splice(position, 1);
    }

    ledger.assertBalance();
  }

  const counts = { ...NONE };
  for (const state of states) counts[NAME_OF[state]] += 1;
  expect(ledger.counts).toEqual(counts);
});

test("a message that dies is finished, and unfinished again when it is redriven", () => {
  const ledger = new Ledger();
  ledger.accepted(LEASED);
  ledger.moved(LEASED, DEAD);
  expect(ledger.totals.unfinished).toBe(0);

  ledger.moved(DEAD, VISIBLE);
  expect(ledger.totals.unfinished).toBe(1);
});

test("a transfer that is refused leaves a message as unfinished as it was", () => {
  for (const [before, unfinished] of [
    [VISIBLE, 1],
    [DEAD, 0],
  ] as const) {
    const ledger = new Ledger();
    ledger.accepted(VISIBLE);
    if (before === DEAD) ledger.moved(VISIBLE, DEAD);

    ledger.moved(before, TRANSFERRING);
    ledger.moved(TRANSFERRING, before);

    expect(ledger.totals.unfinished).toBe(unfinished);
  }
});

test("counts that do not add up are an error that names all of them", () => {
  const ledger = new Ledger({ ...NO_TOTALS, accepted: 3, done: 1 });
  ledger.restored({ ...NONE, visible: 1 });

  expect(() => ledger.assertBalance()).toThrow(
    "Messages do not add up: 3 accepted, but 1 visible, 0 delayed, 0 leased, 0 dead, 0 transferring, 1 done, 0 purged, 0 expired, 0 transferred.",
  );
});

test("records of jobs that do not add up are an error that names their counts; without any, nothing is stored for them", () => {
  const ledger = new Ledger();
  ledger.countJobs("purged", 0);
  expect(ledger.totals).not.toHaveProperty("jobs");
  ledger.countJobs("recorded", 9);
  for (const name of ["expired", "purged", "replaced"] as const) ledger.countJobs(name, 2);

  ledger.assertBalance(3);
  expect(() => ledger.assertBalance(2)).toThrow(
    "Job records do not add up: 9 recorded, but 2 kept, 2 expired, 2 purged, 2 replaced.",
  );
});
