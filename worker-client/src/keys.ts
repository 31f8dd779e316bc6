import { randomBytes } from "node:crypto";

/** Sets the keys of this process apart from those of all others: 96 bits of chance. */
const PREFIX = randomBytes(12).toString("base64url");
let keys = 0;

/** A new idempotency key. Short, because the server stores it with the message. */
export function newKey(): string {
  keys += 1;
  return `${PREFIX}-${keys.toString(36)}`;
}
