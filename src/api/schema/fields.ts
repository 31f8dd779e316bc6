/** Fields that several requests share. Times are seconds, fractions allowed; points in time are seconds since 1970. */
import * as z from "zod";
import {
  CONSUMER_NAME_CHARACTERS_MAX,
  GROUP_CHARACTERS_MAX,
  IDEMPOTENCY_KEY_CHARACTERS_MAX,
  LEASE_SECONDS_MAX,
  LEASE_SECONDS_MIN,
  QUEUE_NAME_PATTERN,
  RECEIPT_CHARACTERS_MAX,
  RECEIPTS_MAX,
  WAIT_SECONDS_MAX,
} from "../../contract/limits.ts";

export const seconds = z.number().min(0);

/** Tokens of leases. */
export const receipts = z.array(z.string().min(1).max(RECEIPT_CHARACTERS_MAX)).min(1).max(RECEIPTS_MAX);

export const queueName = z.string().regex(QUEUE_NAME_PATTERN, {
  error: "must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit",
});

/** How long a call may wait at the server; 0, the default, means not at all. */
export const waitSeconds = seconds.max(WAIT_SECONDS_MAX).default(0);

export const leaseSeconds = z.number().min(LEASE_SECONDS_MIN).max(LEASE_SECONDS_MAX);

/** The length is checked first: the pattern is not applied to a text that is too long. */
function visibleText(charactersMax: number) {
  return z
    .string()
    .max(charactersMax, { abort: true })
    .regex(/^[\x21-\x7e]+$/, { error: "must be visible ASCII characters without spaces" });
}

export const idempotencyKey = visibleText(IDEMPOTENCY_KEY_CHARACTERS_MAX);

/** At most `maxLeasedPerGroup` messages of one group are leased at the same time, in their order. */
export const group = visibleText(GROUP_CHARACTERS_MAX);

/** The name that a client gives itself, for operators: visible, and no longer than they can read. */
export const consumerName = z
  .string()
  .min(1)
  .max(CONSUMER_NAME_CHARACTERS_MAX, { abort: true })
  .regex(/^[\x20-\x7e]+$/, { error: "must be visible ASCII characters" });

/** A request without fields. */
export const emptyRequest = z.strictObject({});
