/** The two forms of a line: an item alone, or a message with its options, as `export` writes them. */
import type { ItemOptions, MessageView } from "../../../src/index.ts";
import { exactJson, InexactNumber } from "./exact-json.ts";

/** A message to put. */
export interface LineMessage {
  item: unknown;
  /** Its own; undefined for a line that has none. */
  options: ItemOptions | undefined;
  /** The state in which it was exported. */
  state?: unknown;
}

/** What is wrong with a line: the end of a sentence that begins with "Line 7". */
export class LineFault extends Error {}

/** Makes a message of a line's text; undefined where none is wanted. Throws `LineFault`. */
export type LineForm = (text: string) => LineMessage | undefined;

/** What a line begins with that is no JSON by itself, and how to make lines of it. */
const OTHER_FORMS: Readonly<Record<string, string>> = {
  "[": "it begins an array over several lines. Make a line of each element: jq -c '.[]'",
  "{": "it begins an object over several lines. Make one line of it: jq -c .",
};

/** The characters of a parser's message that are shown. */
const DETAIL_CHARACTERS_MAX = 160;

/** Each line is a JSON value, the item. */
export const itemLine: LineForm = (text) => ({ item: parsed(text), options: undefined });

/** Each line is the item, as text. */
export const textLine: LineForm = (text) => ({ item: text, options: undefined });

/** Fields of a message that are sent as they are, where a line has them. */
const OPTION_FIELDS = [
  ...(["priority", "delaySeconds", "dedupeKey", "dedupeUntil", "group", "headers"] as const),
  ...(["maxAttempts", "retryDelaySeconds", "retentionSeconds", "resultSeconds"] as const),
] as const satisfies readonly (keyof ItemOptions)[];

/** Fields that `export` writes for information: a message that is put has its own. */
const INFORMATION = ["id", "cursor", "state", "attempts", "putAt", "leaseEndsAt", "diedAt", "reason", "lastError"];

const FIELDS: ReadonlySet<string> = new Set(["body", "bytes", "at", "deadLetter", ...OPTION_FIELDS, ...INFORMATION]);

/** Each line is an object with `body` or `bytes`, and the message's options beside it. */
export function messageLine(text: string): LineMessage {
  const fields = parsed(text);
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new LineFault('is no message: it must be an object such as {"body": 1, "priority": 5}');
  }
  const line = fields as Record<string, unknown>;
  for (const name in line) {
    if (!FIELDS.has(name)) throw new LineFault(`has an unknown field ${JSON.stringify(name)}`);
  }
  const options: Record<string, unknown> = {};
  for (const name of OPTION_FIELDS) if (line[name] !== undefined) options[name] = line[name];
  if (line.at !== undefined) options.at = dateOf(line.at);
  return { item: itemOf(line), options: options as ItemOptions, state: line.state };
}

function itemOf({ body, bytes }: Record<string, unknown>): unknown {
  if ((body === undefined) === (bytes === undefined)) throw new LineFault("must have either body or bytes");
  if (bytes === undefined) return body;
  const decoded = typeof bytes === "string" ? Buffer.from(bytes, "base64") : undefined;
  if (decoded === undefined || decoded.toString("base64") !== bytes)
    throw new LineFault("has bytes that are no base64");
  return decoded;
}

/** @param seconds since 1970 */
function dateOf(seconds: unknown): Date {
  const date = typeof seconds === "number" ? new Date(seconds * 1_000) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw new LineFault("has an at that is no time in seconds since 1970");
  }
  return date;
}

function parsed(text: string): unknown {
  try {
    return exactJson(text);
  } catch (error) {
    if (error instanceof InexactNumber) throw new LineFault(error.message);
    const other = OTHER_FORMS[text.trim()];
    if (other !== undefined) throw new LineFault(`is not JSON: ${other}`);
    const detail = error instanceof Error ? error.message.replaceAll("\n", " ") : "";
    throw new LineFault(`is not JSON: ${detail.slice(0, DETAIL_CHARACTERS_MAX)}`);
  }
}

/**
 * A message as a line, without the line's end: what `messageLine` takes, and its id, state and history for information.
 * What is delayed has the time at which it would be visible.
 */
export function lineOf(view: MessageView<unknown>): string {
  const { item, state, until } = view;
  const seconds = (date: Date | undefined) => (date === undefined ? undefined : date.getTime() / 1_000);
  const isBytes = item instanceof Uint8Array;
  return JSON.stringify({
    ...(isBytes ? { bytes: Buffer.from(item).toString("base64") } : { body: item }),
    priority: view.priority,
    group: view.group,
    headers: Object.keys(view.headers).length === 0 ? undefined : view.headers,
    maxAttempts: view.maxAttempts,
    retryDelaySeconds: view.retryDelaySeconds,
    retentionSeconds: view.retentionSeconds,
    resultSeconds: view.resultSeconds,
    at: state === "delayed" ? seconds(until) : undefined,
    id: view.id,
    cursor: view.cursor === view.id ? undefined : view.cursor,
    state,
    attempts: view.attempts,
    putAt: seconds(view.putAt),
    leaseEndsAt: state === "leased" ? seconds(until) : undefined,
    diedAt: state === "dead" ? seconds(until) : undefined,
    reason: view.reason,
    lastError: view.lastError,
    deadLetter: view.deadLetter,
  });
}
