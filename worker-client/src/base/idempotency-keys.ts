import { IDEMPOTENCY_KEY_CHARACTERS_MAX } from "../../../src/contract/limits.ts";
import { Invalid } from "./errors.ts";
import { base64Of, randomBytes } from "./platform.ts";

/** Distinguishes the keys of this process from all others: 96 random bits. Made for the first key. */
let prefix: string | undefined;
let keys = 0;

const PATTERN = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARACTERS_MAX}}$`);

/** A new idempotency key. Short, because the server stores it with the message. */
export function newKey(): string {
  prefix ??= base64Of(randomBytes(12)).replaceAll("+", "-").replaceAll("/", "_");
  keys += 1;
  return `${prefix}-${keys.toString(36)}`;
}

/**
 * A caller's own key. Throws `Invalid` for what the server would refuse, because no header and no frame can carry it.
 */
export function checkedKey(key: string): string {
  if (typeof key === "string" && PATTERN.test(key)) return key;
  const message = `must be 1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} visible ASCII characters without spaces`;
  throw new Invalid(`Idempotency-Key ${message}.`, { errors: [{ path: "Idempotency-Key", message }] });
}
