/** Messages as results: lines of JSON, and columns of tables. */
import type { MessageView } from "../../src/index.ts";
import { bodyCell, bodyJson } from "../base/bodies.ts";
import { shownAge, shownDate, shownSeconds } from "../base/durations.ts";
import type { Column } from "../base/table.ts";

type View = MessageView<unknown>;

/** A message as a line of JSON, with its body under the name of the HTTP interface; points in time are ISO 8601. */
export function messageJson({ id, state, item, headers, cursor, ...rest }: View): unknown {
  const others = { cursor: cursor === id ? undefined : cursor, ...headersJson(headers) };
  return { id, state, ...bodyJson(item), ...rest, ...others };
}

/** The member of a message's JSON that has its headers; none if it has none. */
export function headersJson(headers: Readonly<Record<string, string>>): { headers?: unknown } {
  return Object.keys(headers).length === 0 ? {} : { headers };
}

/** The columns of a list of messages. */
export const MESSAGE_COLUMNS: readonly Column<View>[] = [
  { title: "ID", cell: ({ id }) => id },
  { title: "STATE", cell: stateCell },
  { title: "TRIES", cell: ({ attempts }) => attempts, isNumber: true },
  { title: "PUT", cell: ({ putAt }) => `${shownAge(putAt)} ago` },
  { title: "BODY", cell: ({ item }) => bodyCell(item), isLong: true },
];

/** The columns of a list of dead letters. */
export const DEAD_COLUMNS: readonly Column<View>[] = [
  { title: "ID", cell: ({ id }) => id },
  { title: "DIED", cell: ({ until, deadLetter }) => shownDate(deadLetter?.diedAt ?? until ?? new Date(0)) },
  { title: "REASON", cell: ({ reason, deadLetter }) => deadLetter?.reason ?? reason ?? "" },
  { title: "TRIES", cell: ({ attempts, deadLetter }) => deadLetter?.attempts ?? attempts, isNumber: true },
  { title: "ERROR", cell: ({ lastError, deadLetter }) => deadLetter?.lastError ?? lastError ?? "", isLong: true },
  { title: "BODY", cell: ({ item }) => bodyCell(item), isLong: true },
];

/** The state, and until when: times of the server, read with the clock of this machine. */
function stateCell({ state, until }: View): string {
  if (until === undefined || state === "dead") return state;
  const seconds = (until.getTime() - Date.now()) / 1_000;
  return seconds > 0 ? `${state} ${shownSeconds(seconds)}` : state;
}
