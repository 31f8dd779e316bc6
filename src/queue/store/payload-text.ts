/**
 * The stored text of a message beside its state, in the form in which it is handed out: its content, then its priority,
 * and behind these, in the tail, what else it has.
 */
import { CHUNK_HEADER, TASK_HEADER } from "../../contract/limits.ts";
import type { MessageChanges, MessageRules, NewMessage } from "../base/commands.ts";

/** What follows the priority. Times are in seconds. */
interface Tail {
  putAt: number;
  /** For when it was put, or changed to, if that was not at once. */
  at?: number | undefined;
  headers?: Record<string, string> | undefined;
  maxAttempts?: number | undefined;
  retryDelaySeconds?: number | undefined;
  retentionSeconds?: number | undefined;
  resultSeconds?: number | undefined;
  deadLetter?: NewMessage["deadLetter"];
}

/** The payload of a message that is put. */
export function payloadOf(message: NewMessage, now: number): string {
  const { content, priority, visibleAt, delayMs, headers, rules, deadLetter } = message;
  const due = visibleAt ?? now + delayMs;
  const at = due > now ? `,"at":${due / 1_000}` : "";
  const rest = headers === undefined && rules === undefined ? "" : `${headersText(headers)}${rulesText(rules)}`;
  const origin = deadLetter === undefined ? "" : `,"deadLetter":${JSON.stringify(deadLetter)}`;
  return `{${content},"priority":${priority},"putAt":${now / 1_000}${at}${rest}${origin}}`;
}

function headersText(headers: string | undefined): string {
  return headers === undefined ? "" : `,"headers":${headers}`;
}

function rulesText({ maxAttempts, retryDelayMs, retentionMs, resultMs }: MessageRules = {}): string {
  const attempts = maxAttempts === undefined ? "" : `,"maxAttempts":${maxAttempts}`;
  const delay = retryDelayMs === undefined ? "" : `,"retryDelaySeconds":${retryDelayMs / 1_000}`;
  const retention = retentionMs === undefined ? "" : `,"retentionSeconds":${retentionMs / 1_000}`;
  const result = resultMs === undefined ? "" : `,"resultSeconds":${resultMs / 1_000}`;
  return `${attempts}${delay}${retention}${result}`;
}

/** Changes of a payload. `plannedAt`: the time for which the message is put, in milliseconds. */
type PayloadChanges = Pick<MessageChanges, "content" | "priority" | "headers"> & { plannedAt: number | undefined };

/** The payload of a message with some of its parts changed. */
export function changedPayload(payload: string, changes: PayloadChanges): string {
  const { content = contentOf(payload), priority = priorityOf(payload), headers, plannedAt } = changes;
  const tail = tailOf(payload);
  const changed: Tail = {
    ...tail,
    ...(plannedAt === undefined ? {} : { at: plannedAt / 1_000 }),
    ...(headers === undefined ? {} : { headers: changedHeaders(tail, headers) }),
  };
  const { putAt, at, headers: all, deadLetter, ...rules } = changed;
  const { maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds } = rules;
  const ownRules = { maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds };
  const inOrder: Tail = { putAt, at, headers: all, ...ownRules, deadLetter };
  return `{${content},"priority":${priority},${JSON.stringify(inOrder).slice(1)}`;
}

/** Other headers for a message: the name of its task stays, and how many of its inputs it has. */
function changedHeaders({ headers: before }: Tail, headers: string | null): Tail["headers"] {
  const all = headers === null ? {} : (JSON.parse(headers) as Record<string, string>);
  for (const name of [TASK_HEADER, CHUNK_HEADER]) {
    const value = before?.[name];
    if (value !== undefined) all[name] = value;
  }
  return Object.keys(all).length === 0 ? undefined : all;
}

/** The content, as it was put. */
export function contentOf(payload: string): string {
  return payload.slice(1, afterContentOf(payload));
}

export function priorityOf(payload: string): number {
  return Number.parseInt(payload.slice(afterContentOf(payload) + AFTER_CONTENT.length), 10);
}

/** The headers, as the text of a JSON object; undefined if there are none. */
export function headersOf(payload: string): string | undefined {
  return JSON.stringify(tailOf(payload).headers);
}

/** What a message has of its own over the settings of its queue; undefined if that is nothing. */
export function rulesOf(payload: string): MessageRules | undefined {
  const { maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds } = tailOf(payload);
  const rules = {
    maxAttempts,
    retryDelayMs: millisecondsOf(retryDelaySeconds),
    retentionMs: millisecondsOf(retentionSeconds),
    resultMs: millisecondsOf(resultSeconds),
  };
  return Object.values(rules).every((rule) => rule === undefined) ? undefined : rules;
}

function millisecondsOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
}

/** The name of the task that a message is a job of; undefined if it has none. */
export function taskOf(payload: string): string | undefined {
  return tailOf(payload).headers?.[TASK_HEADER];
}

/** The same, and when the message was put, in milliseconds: for speed both at once. */
export function taskAndPutAtOf(payload: string): { task: string | undefined; putAt: number } {
  const { headers, putAt } = tailOf(payload);
  return { task: headers?.[TASK_HEADER], putAt: Math.round(putAt * 1_000) };
}

/** For when a message was put, or changed to, in milliseconds; 0 if that was at once. */
export function plannedAtOf(payload: string): number {
  return Math.round((tailOf(payload).at ?? 0) * 1_000);
}

/** When a message was put, or for when it was put, in milliseconds. */
export function timeOf(payload: string): number {
  const { at, putAt } = tailOf(payload);
  return Math.round((at ?? putAt) * 1_000);
}

/** When a message was put, in milliseconds. */
export function putAtOf(payload: string): number {
  return Math.round(tailOf(payload).putAt * 1_000);
}

/** What a payload says of a message that died in another queue; undefined for any other message. */
export function deadLetterOf(payload: string): NewMessage["deadLetter"] {
  return tailOf(payload).deadLetter;
}

/**
 * Where the tail begins. Found last, it is not in a text, in which each quotation mark has a backslash before it; nor is it
 * the name of a header, which has no capital letters.
 */
const TAIL = '"putAt":';

const AFTER_CONTENT = ',"priority":';

/** Found last before the tail, it is not in a content. In the tail a header may have this name. */
function afterContentOf(payload: string): number {
  return payload.lastIndexOf(AFTER_CONTENT, payload.lastIndexOf(TAIL));
}

/** Parses only the end of a payload: its content comes first, and may be long. */
function tailOf(payload: string): Tail {
  return JSON.parse(`{${payload.slice(payload.lastIndexOf(TAIL))}`) as Tail;
}
