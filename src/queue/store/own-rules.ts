import type { MessageRules } from "../base/commands.ts";
import { DamagedRow } from "../base/damage.ts";

/** What a segment knows of the rules that its messages have of their own, without reading any payload. */
export interface OwnRules extends MessageRules {
  /**
   * Set if its messages have different rules, or some have none: the payload of each has its rules. The `maxAttempts` and
   * `retentionMs` here are then the least that any of them has, without 0; undefined if none has any.
   */
  isMixed?: true;
}

/**
 * The rules of a segment with one message more. They stay the same when messages leave.
 *
 * @param known those of the messages before; undefined if none of them has any
 * @param added those of the message; undefined if it has none
 * @param isFirst whether there are no messages before it
 */
export function joined(
  known: OwnRules | undefined,
  added: MessageRules | undefined,
  isFirst: boolean,
): OwnRules | undefined {
  if (isFirst) return added;
  if (known?.isMixed && added === undefined) return known;
  if (!known?.isMixed && areEqual(known, added)) return known;
  return {
    isMixed: true,
    maxAttempts: least(known?.maxAttempts, added?.maxAttempts),
    retentionMs: least(known?.retentionMs, added?.retentionMs),
  };
}

/**
 * The shortest retention of a segment's messages, in milliseconds; Infinity if none of them expires.
 *
 * @param queueMs the retention of those without one of their own; 0 for none
 */
export function leastRetentionMs(ownRules: OwnRules | undefined, queueMs: number): number {
  const ownMs = ownRules?.retentionMs;
  const ms = ownRules?.isMixed ? least(ownMs, queueMs) : (ownMs ?? queueMs);
  return ms ? ms : Number.POSITIVE_INFINITY;
}

/** The stored form; null if no message has rules of its own. */
export function encodeOwnRules(ownRules: OwnRules | undefined): string | null {
  return ownRules === undefined ? null : JSON.stringify(ownRules);
}

/**
 * Reads the stored form.
 *
 * @param slot the row that it is from
 * @throws {DamagedRow} if it is anything else
 */
export function decodeOwnRules(slot: number, text: string | null): OwnRules | undefined {
  if (text === null) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DamagedRow(slot, "the rules of its messages are not JSON");
  }
  if (!areOwnRules(value)) throw new DamagedRow(slot, `the rules of its messages are ${text.slice(0, 1_000)}`);
  return value;
}

function areOwnRules(value: unknown): value is OwnRules {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, part]) => {
    switch (name) {
      case "maxAttempts":
      case "retryDelayMs":
      case "retentionMs":
      case "resultMs":
        return typeof part === "number" && Number.isFinite(part) && part >= 0;
      case "isMixed":
        return part === true;
      default:
        return false;
    }
  });
}

function areEqual(a: MessageRules | undefined, b: MessageRules | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const isSameRetention = a.retentionMs === b.retentionMs;
  return (
    isSameRetention && a.resultMs === b.resultMs && a.maxAttempts === b.maxAttempts && a.retryDelayMs === b.retryDelayMs
  );
}

/** The lesser of two numbers of which 0 and undefined mean none; undefined if there is none. */
function least(a: number | undefined, b: number | undefined): number | undefined {
  if (!a || !b) return a || b || undefined;
  return Math.min(a, b);
}
