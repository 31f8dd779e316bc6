import { randomBytes } from "node:crypto";
import { IDEMPOTENCY_KEY_CHARACTERS_MAX } from "../../src/contract/limits.ts";
import { Invalid } from "./errors.ts";

/** Sets the keys of this process apart from those of all others: 96 bits of chance. */
const PREFIX = randomBytes(12).toString("base64url");
let keys = 0;

const PATTERN = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARACTERS_MAX}}$`);

/** A new idempotency key. Short, because the server stores it with the message. */
export function newKey(): string {
  keys += 1;
  return `${PREFIX}-${keys.toString(36)}`;
}

/** A caller's own key. Throws `Invalid` for what the server would refuse, because no header and no frame can carry it. */
export function checkedKey(key: string): string {
  if (PATTERN.test(key)) return key;
  const message = `must be 1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} visible ASCII characters without spaces`;
  throw new Invalid("invalid", `Idempotency-Key ${message}.`, [{ path: "Idempotency-Key", message }]);
}
