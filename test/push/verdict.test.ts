/** The checker of the push test finds each of the faults that it looks for. */
import { expect, test } from "vitest";
import type { RunNote } from "./notebook.ts";
import { type Dead, type Put, verdictOn } from "./verdict.ts";
import type { Ending, Note } from "./workers/storm/queues.ts";

type Notes = (Note | RunNote)[];

const put = (n: number, isPoison = false): Put => ({ queue: "plain", n, isPoison });

function began(n: number, attempt: number, group: string | null = null, ending: Ending = "returns"): Note {
  return { kind: "began", queue: "plain", ending, messages: [{ n, attempt, group }] };
}

const decided = (handler: number, acked: number[], retried: number[] = []): Note => {
  return { kind: "decided", handler, acked, retried };
};

function faultsOf(notes: Notes, dead: Dead[] = [], puts: Put[] = [put(1)]): string[] {
  return verdictOn(puts, notes, dead, 3).faults;
}

test("a message that is handled, and one that dies of its attempts, are no faults", () => {
  const notes = [began(1, 1), decided(0, [1]), began(2, 1), decided(2, [], [2]), began(2, 2), began(2, 3)];

  expect(faultsOf(notes, [{ n: 2, attempts: 3 }], [put(1), put(2, true)])).toEqual([]);
});

test("a message that no handler had done is lost, and one that died early is a fault", () => {
  expect(faultsOf([began(1, 1)])).toEqual(["plain 1 was lost"]);
  expect(faultsOf([], [{ n: 1, attempts: 2 }])).toContain("plain 1 is dead after 2 attempts");
  expect(faultsOf([began(1, 1), decided(0, [1])], [], [put(1, true)])).toEqual([
    "plain 1 is not dead, though each attempt failed",
  ]);
});

test("attempts that go back or leave one out are faults, unless the server or the object ended between", () => {
  expect(faultsOf([began(1, 1), began(1, 1), decided(1, [1])])).toEqual(["plain 1 had attempt 1 after 1"]);
  const left = "plain 1 had attempt 3 after 1, and nothing ended between";
  expect(faultsOf([began(1, 1), began(1, 3), decided(1, [1])])).toEqual([left]);
  expect(faultsOf([began(1, 1), { kind: "ended", queue: "groups" }, began(1, 3), decided(2, [1])])).toEqual([left]);
  expect(faultsOf([began(1, 1), { kind: "ended", queue: "plain" }, began(1, 3), decided(2, [1])])).toEqual([]);
  expect(faultsOf([began(1, 1), { kind: "killed" }, began(1, 3), decided(2, [1])])).toEqual([]);
});

test("a message that was done is not delivered again, unless what its handler said was lost", () => {
  const again = "plain 1 was done with attempt 1, and attempt 2 followed";
  expect(faultsOf([began(1, 1), decided(0, [1]), began(1, 2)])).toEqual([again]);
  expect(faultsOf([began(1, 1), decided(0, [1]), { kind: "killed" }, began(1, 2)])).toEqual([]);
});

test("messages of a group that are handled together, or in the wrong order, are faults", () => {
  const both = [put(1), put(2)];
  const together = [began(1, 1, "a"), began(2, 1, "a"), decided(0, [1]), decided(1, [2])];
  expect(faultsOf(together, [], both)).toEqual(["2 of a was begun while 1 was handled"]);
  const turned = [began(2, 1, "a"), decided(0, [2]), began(1, 1, "a"), decided(2, [1])];
  expect(faultsOf(turned, [], both)).toEqual(["1 of a came after 2"]);
});
