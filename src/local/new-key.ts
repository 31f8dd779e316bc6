/** Makes keys, for `durable-queue keys new`. */
import { randomBytes } from "node:crypto";
import { authkeysFault } from "../api/keys/authkeys.ts";
import { hashOf } from "../api/keys/principals.ts";

/** How a key begins, so that tools that look for secrets find it. */
const KEY_PREFIX = "dq_";
const KEY_BYTES = 32;

/** The entry of a key in AUTHKEYS. */
interface Entry {
  name: string;
  hash: string;
  scopes: string[];
  queues?: string[];
  until?: string;
}

/** What a new key is to grant. */
export interface KeyOptions {
  name: string;
  scopes: string[];
  queues?: string[] | undefined;
  until?: string | undefined;
}

/**
 * Makes a key.
 *
 * @param authkeys the keys that there are, as JSON; empty for none
 * @returns the key, and the value of AUTHKEYS with its entry
 * @throws {Error} with one sentence, for an option that breaks a rule
 */
export async function makeKey(options: KeyOptions, authkeys: string): Promise<{ key: string; authkeys: string }> {
  const { name, scopes, queues, until } = options;
  const fault = authkeysFault(authkeys);
  if (fault !== undefined) throw new Error(fault);
  const key = KEY_PREFIX + randomBytes(KEY_BYTES).toString("base64url");
  const entry: Entry = { name, hash: await hashOf(key), scopes };
  if (queues !== undefined) entry.queues = queues;
  if (until !== undefined) entry.until = /^\d{4}-\d\d-\d\d$/.test(until) ? `${until}T00:00:00Z` : until;
  const entries: Entry[] = [...(JSON.parse(authkeys === "" ? "[]" : authkeys) as Entry[]), entry];
  const text = JSON.stringify(entries);
  const newFault = authkeysFault(text);
  if (newFault !== undefined) throw new Error(optionIn(newFault));
  return { key, authkeys: text };
}

/** What is printed of a new key, once. */
export function linesAboutKey({ key, authkeys }: { key: string; authkeys: string }): string {
  return [
    `key: ${key}`,
    "It is not shown again. Give it to the clients, as DURABLE_QUEUE_AUTHKEY; the server keeps only its hash.",
    "",
    `AUTHKEYS=${authkeys}`,
    "Set this at the server: wrangler secret put AUTHKEYS, or in the environment of durable-queue serve, within single quotes.",
  ].join("\n");
}

/** The rule that an entry breaks, with the name of its option. */
function optionIn(fault: string): string {
  return fault
    .replace(/^AUTHKEYS\[\d+\]\.([a-z]+)(\[\d+\])?/, "--$1")
    .replace(/ durable-queue keys new prints right ones\.$/, "");
}
