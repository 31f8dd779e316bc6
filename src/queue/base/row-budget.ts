/**
 * How large a stored row can become. SQLite refuses a row of more than 2 MB, all its columns together, and with it the
 * whole commit: so each column has a bound in bytes of UTF-8.
 */

/**
 * A row, over all its columns: the 1.4 MB that the largest body takes as base64, the 48 KiB that the largest headers take if
 * each of their characters is escaped, `KEYS_BYTES_MAX`, and room for what is small. Where there are many messages, their payloads are at most 64 KiB, or `REWRITTEN_BYTES_MAX` after changes, their
 * groups 33 KiB and their notes 80 KiB.
 */
export const ROW_BYTES_MAX = 1_800_000;

/**
 * The keys of a row and their fingerprints: `KEYS_APPEND_BYTES_MAX`, what one put adds to that, 170 KiB for 256
 * messages with the longest dedupe keys under an idempotency key, and 6 KiB for all of them being cancelled.
 */
export const KEYS_BYTES_MAX = 256 * 1024;

/**
 * The payloads of a segment whose row is not stored yet, each with its line feed. It bounds what one receive must read for
 * one message; a single larger message has a segment of its own.
 */
export const SEGMENT_BYTES_MAX = 64 * 1024;

/**
 * The payloads of a segment of several messages after one was changed, each with its line feed: what `ROW_BYTES_MAX` leaves
 * beside full columns of keys, groups and notes. A message that is alone in its segment may be as large as it can be put.
 */
export const REWRITTEN_BYTES_MAX = 1_350_000;

/** A stored segment takes more messages only up to this size, because an append rewrites the whole row. */
export const APPEND_BYTES_MAX = 16 * 1024;

/** A row with more bytes of keys takes no more messages: the next put begins another. */
export const KEYS_APPEND_BYTES_MAX = 64 * 1024;

/** A row without messages and with fewer bytes of keys is used again, so that they are written over with it. */
export const KEYS_REUSE_BYTES_MAX = 32 * 1024;

/** Such a row must have fewer keys than this too: writing them over costs little then. */
export const KEYS_REUSE_MAX = 64;
