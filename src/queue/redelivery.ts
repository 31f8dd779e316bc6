import type { MessageRules } from "./base/commands.ts";
import type { Settings } from "./base/configuration.ts";
import { hashText, mixed } from "./base/hash.ts";
import { countedAttemptsOf, noteUnbegun } from "./store/attempts.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, type Transition, VISIBLE } from "./store/states.ts";

/** How often a message is delivered again, and when. */
export type RetryRules = Pick<
  Settings,
  "maxAttempts" | "retryDelayMs" | "retryDelayFactor" | "retryDelayMaxMs" | "retryDelayJitter"
>;

/** The rules of a queue with what a message has of its own. Its own delay may be longer than the longest of the queue. */
export function withOwn(rules: RetryRules, { maxAttempts, retryDelayMs }: MessageRules): RetryRules {
  return {
    ...rules,
    maxAttempts: maxAttempts ?? rules.maxAttempts,
    retryDelayMs: retryDelayMs ?? rules.retryDelayMs,
    retryDelayMaxMs: Math.max(rules.retryDelayMaxMs, retryDelayMs ?? 0),
  };
}

/**
 * How long a message is not visible after an attempt that failed.
 *
 * @param seed stands for chance, because the core has no randomness: the same for the same message of the same queue
 */
function delayAfter(attempts: number, rules: RetryRules, seed: string): number {
  const { retryDelayMs, retryDelayFactor, retryDelayMaxMs, retryDelayJitter } = rules;
  if (retryDelayMs === 0) return 0;
  const longest = Math.min(retryDelayMaxMs, retryDelayMs * retryDelayFactor ** (attempts - 1));
  const chance = mixed(hashText(`${seed}-${attempts}`)) / 2 ** 32;
  return Math.round(longest * (1 - retryDelayJitter * chance));
}

/** An attempt that ended without an ack. */
export interface FailedAttempt {
  /** The queue's: without it the messages of many queues would come back at the same time. */
  generation: string;
  segment: Segment;
  index: number;
  endedAt: number;
}

/**
 * The transition of a message whose lease is over. If no handler began, it costs no attempt and no delay.
 *
 * @param rulesOf asked only if a handler began
 */
export function afterExpiredLease(over: FailedAttempt, now: number, rulesOf: () => RetryRules): Transition {
  const { segment, index, endedAt } = over;
  if (!segment.isUnbegun(index)) return afterFailedAttempt(over, now, rulesOf());
  noteUnbegun(segment, index);
  return { state: VISIBLE, visibleAt: endedAt };
}

/**
 * The transition of a message after an attempt that ended without an ack.
 *
 * @param delayMs undefined for the delay that the rules give
 */
export function afterFailedAttempt(
  failed: FailedAttempt,
  now: number,
  rules: RetryRules,
  delayMs?: number,
): Transition {
  const { generation, segment, index, endedAt } = failed;
  const attempts = countedAttemptsOf(segment, index);
  const { maxAttempts } = rules;
  if (maxAttempts > 0 && attempts >= maxAttempts) return { state: DEAD, visibleAt: endedAt };
  const seed = `${generation}-${segment.number}-${index}`;
  const visibleAt = endedAt + (delayMs ?? delayAfter(attempts, rules, seed));
  return { state: visibleAt > now ? DELAYED : VISIBLE, visibleAt };
}
