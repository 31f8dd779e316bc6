import { type Keys, NO_KEYS, NO_MESSAGES, type RowChange } from "../queue/store/rows.ts";
import type { SegmentKind, SegmentState, SegmentSummary } from "../queue/store/segment.ts";

/** How the row of a segment is written. */

/** What a segment's messages are. */
const CONTENTS = ["priority", "dead_letters", "grouped", "put_at", "count", "bytes", "keys_until"];
/** What changes when they are delivered. */
const CHANGING = [
  ...["visible", "delayed", "leased", "dead", "transferring", "next_due_at", "last_due_at", "state", "notes"],
];
/** All columns, in the order in which `valuesOf` has their values. */
const COLUMNS = [
  "commit_number",
  "totals",
  "number",
  ...CONTENTS,
  ...CHANGING,
  "payloads",
  "groups",
  "keys",
  "fingerprints",
  "slot",
];

const INSERT = `INTO segments (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`;

const STATEMENTS = {
  write: `INSERT OR REPLACE ${INSERT}`,
  writeKeepingKeys: update(COLUMNS.slice(0, -3), ["keys", "fingerprints"]),
  append: update(
    ["commit_number", "totals", ...CONTENTS, ...CHANGING],
    ["payloads", "groups"],
    ["keys", "fingerprints"],
  ),
  appendKeepingKeys: update(
    ["commit_number", "totals", ...CONTENTS, ...CHANGING],
    ["payloads", "groups", "keys", "fingerprints"],
  ),
  update: update(["commit_number", "totals", ...CHANGING], []),
  merge: update(COLUMNS, [], [], "UPDATE OR REPLACE"),
  totals: `INSERT ${INSERT} ON CONFLICT (slot) DO UPDATE SET commit_number = excluded.commit_number,
    totals = excluded.totals, keys_until = max(keys_until, excluded.keys_until), keys = keys || excluded.keys,
    fingerprints = fingerprints || excluded.fingerprints`,
};

/** @param replacedLast columns whose values come after those of the appended ones */
function update(replaced: string[], appended: string[], replacedLast: string[] = [], verb = "UPDATE"): string {
  const sets = [
    ...replaced.map((column) => `${column} = ?`),
    ...appended.map((column) => `${column} = ${column} || ?`),
    ...replacedLast.map((column) => `${column} = ?`),
  ];
  return `${verb} segments SET ${sets.join(", ")} WHERE slot = ?`;
}

export type Value = string | number | Uint8Array | null;

/** The statement that writes a change, and its values. What is deleted carries no totals and is no such change. */
export function statementOf(
  change: Exclude<RowChange, { kind: "delete" }>,
  commit: number,
  totals: string,
): [statement: string, ...values: Value[]] {
  switch (change.kind) {
    case "write": {
      const values = [...contents(change), ...changing(change), ...texts(change)];
      if (change.keepsMessages) {
        const statement = change.keepsKeys ? STATEMENTS.appendKeepingKeys : STATEMENTS.append;
        return [statement, commit, totals, ...values];
      }
      const statement = change.keepsKeys ? STATEMENTS.writeKeepingKeys : STATEMENTS.write;
      return [statement, commit, totals, change.number, ...values];
    }
    case "update":
      return [STATEMENTS.update, commit, totals, ...changing(change), change.slot];
    case "totals": {
      const none = { ...NO_MESSAGES, ...change };
      return [STATEMENTS.totals, commit, totals, 0, ...contents(none), ...changing(none), ...texts(none)];
    }
    case "merge": {
      const none = { ...NO_MESSAGES, ...NO_KEYS, slot: change.into };
      const values = [...contents(none), ...changing(none), ...texts(none)];
      return [STATEMENTS.merge, commit, totals, 0, ...values, change.slot];
    }
    default:
      return change satisfies never;
  }
}

function contents({
  priority,
  areDeadLetters,
  isGrouped,
  putAt,
  count,
  bytes,
  keysUntil,
}: SegmentSummary & { keysUntil: number }): Value[] {
  return [priority, Number(areDeadLetters), Number(isGrouped), putAt, count, bytes, keysUntil];
}

function changing(
  changed: Omit<SegmentSummary, keyof SegmentKind | "putAt" | "count" | "bytes"> & SegmentState,
): Value[] {
  const { visible, delayed, leased, dead, transferring, nextDueAt, lastDueAt, state, notes } = changed;
  const due = Number.isFinite(nextDueAt) ? nextDueAt : null;
  return [visible, delayed, leased, dead, transferring, due, lastDueAt, state, notes];
}

function texts(row: Pick<Keys, "keys" | "fingerprints"> & { payloads: string; groups: string; slot: number }): Value[] {
  return [row.payloads, row.groups, row.keys, row.fingerprints, row.slot];
}
