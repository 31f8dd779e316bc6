/** Settings that messages have of their own, over those of the queue. */
import type { MessageRules } from "../base/commands.ts";
import { rulesOf } from "./payload-text.ts";
import type { Payloads } from "./payloads.ts";
import type { Segment } from "./segment.ts";

/** Kinds of such settings, as bits: a segment has those of its messages, so that the payloads of others need not be read. */
export const OWN_ATTEMPTS = 1;
export const OWN_RETENTION = 2;

/** The kinds that a message has. */
export function kindsOf({ maxAttempts, retryDelayMs, retentionMs }: MessageRules): number {
  const attempts = maxAttempts === undefined && retryDelayMs === undefined ? 0 : OWN_ATTEMPTS;
  return attempts | (retentionMs === undefined ? 0 : OWN_RETENTION);
}

/**
 * What a message has of its own, if its segment has settings of this kind. Undefined for one that died in another queue:
 * it must not be dropped here by a retention that it has already outlived. It has them again once it is sent on.
 */
export function ownRulesOf(
  payloads: Payloads,
  { segment, index }: { segment: Segment; index: number },
  kind: number,
): MessageRules | undefined {
  if (segment.areDeadLetters || (segment.ownRules & kind) === 0) return undefined;
  return rulesOf(payloads.of(segment, index));
}
