/** The keys of a server, from the text of its variable `AUTHKEYS`. */
import * as z from "zod";
import { AUTHKEYS_MAX, KEY_PREFIXES_MAX } from "../../contract/limits.ts";
import { SCOPES } from "../../contract/scopes.ts";
import { check } from "../check/check.ts";
import { ProblemError, sentenceOf } from "../check/problem-error.ts";
import { keyName, keyPrefix } from "./grant.ts";
import type { Principal } from "./principal.ts";

/** How the hash of a key begins: it names the function. */
export const HASH_PREFIX = "sha256:";

const authkeys = z
  .array(
    z.strictObject({
      /** Shown to operators, and in refusals. */
      name: keyName,
      /** Of the key, which is random and long, so that its hash tells nothing. */
      hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: "must be sha256: and 64 of 0-9 a-f" }),
      scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
      /** The beginnings of the names of its queues. Default: all queues. */
      queues: z.array(keyPrefix).min(1).max(KEY_PREFIXES_MAX).default([""]),
      /** When it ends. Default: never. */
      until: z.iso.datetime({ offset: true, error: "must be a time as 2027-01-31T00:00:00Z" }).optional(),
    }),
  )
  .max(AUTHKEYS_MAX)
  .refine((keys) => areUnique(keys.map(({ name }) => name)), { error: "must have no two keys of one name" })
  .refine((keys) => areUnique(keys.map(({ hash }) => hash)), { error: "must have no two keys of one hash" });

function areUnique(texts: string[]): boolean {
  return new Set(texts).size === texts.length;
}

/** A key as it is configured, with its hash. */
export type ConfiguredKey = Principal & { hash: string };

/** What one text of `AUTHKEYS` holds: its keys, or the sentence that says why it is wrong. */
export type ParsedKeys = { keys: readonly ConfiguredKey[]; fault?: undefined } | { keys?: undefined; fault: string };

/**
 * The keys in the text of `AUTHKEYS`. An absent or empty variable has none.
 *
 * @throws {Error} with a sentence for the operator that holds neither a key nor a hash
 */
export function parseAuthkeys(text: string | null | undefined): readonly ConfiguredKey[] {
  const { keys, fault } = parsedKeysOf(text);
  if (fault !== undefined) throw new Error(fault);
  return keys;
}

/** The sentence that `parseAuthkeys` would throw; undefined if the text is right. */
export function authkeysFault(text: string | null | undefined): string | undefined {
  return parsedKeysOf(text).fault;
}

/** Both at once: the keys in the text of `AUTHKEYS`, or its fault. */
export function parsedKeysOf(text: string | null | undefined): ParsedKeys {
  if (text === undefined || text === null || text === "") return { keys: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: "AUTHKEYS must be JSON: a list of keys, as durable-queue keys new prints them." };
  }
  try {
    return { keys: check(authkeys, value, "AUTHKEYS").map(configured) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { fault: `${sentenceIn(error)} durable-queue keys new prints right ones.` };
  }
}

function configured({ until, ...key }: z.output<typeof authkeys>[number]): ConfiguredKey {
  return { ...key, endsAt: until === undefined ? undefined : Date.parse(until) };
}

/** How the rule of an unknown field begins. */
const UNKNOWN_FIELD = "is not a field of this request";

/** The first fault, without the name of an unknown field: it may be a key that was put into the wrong place. */
function sentenceIn({ message, errors }: ProblemError): string {
  const [first] = errors ?? [];
  if (first === undefined || !first.message.startsWith(UNKNOWN_FIELD)) return message;
  const entry = first.path.slice(0, first.path.indexOf("]") + 1);
  const rule = `has a field that is not known${first.message.slice(UNKNOWN_FIELD.length)}`;
  return sentenceOf({ path: entry, message: rule });
}
