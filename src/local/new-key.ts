/** `npm run new-key -- --name mail-worker --scopes receive`: makes a key, and prints it once with its entry for AUTHKEYS. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { authkeysFault } from "../api/keys/authkeys.ts";
import { hashOf } from "../api/keys/principals.ts";
import { SCOPES } from "../contract/scopes.ts";
import { UsageError } from "./settings.ts";

/** How a key begins, so that tools that look for secrets find it. */
const KEY_PREFIX = "dq_";
const KEY_BYTES = 32;

const HELP = `npm run new-key -- --name <name> --scopes <scopes> [options]: makes a key, and prints it once.

  --name <name>       what operators see: 1 to 64 of A-Z a-z 0-9 . _ -
  --scopes <scopes>   what it grants, separated by commas: ${SCOPES.join(", ")}
  --queues <names>    the beginnings of the names of its queues, separated by commas   (all queues)
  --until <time>      when it ends, as 2027-01-31 or 2027-01-31T12:00:00Z              (never)
  --help              prints this

With the variable AUTHKEYS set to the keys that a server has, the new one is added to them. To replace a key without
downtime: add the new one, set AUTHKEYS, give the new key to its clients, then remove the entry of the old one.`;

const OPTIONS = {
  name: { type: "string" },
  scopes: { type: "string" },
  queues: { type: "string" },
  until: { type: "string" },
  help: { type: "boolean" },
} as const;

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
 * @throws {UsageError} with one sentence, for an option that breaks a rule
 */
export async function makeKey(options: KeyOptions, authkeys: string): Promise<{ key: string; authkeys: string }> {
  const { name, scopes, queues, until } = options;
  const fault = authkeysFault(authkeys);
  if (fault !== undefined) throw new UsageError(fault);
  const key = KEY_PREFIX + randomBytes(KEY_BYTES).toString("base64url");
  const entry: Entry = { name, hash: await hashOf(key), scopes };
  if (queues !== undefined) entry.queues = queues;
  if (until !== undefined) entry.until = /^\d{4}-\d\d-\d\d$/.test(until) ? `${until}T00:00:00Z` : until;
  const entries: Entry[] = [...(JSON.parse(authkeys === "" ? "[]" : authkeys) as Entry[]), entry];
  const text = JSON.stringify(entries);
  const newFault = authkeysFault(text);
  if (newFault !== undefined) throw new UsageError(optionIn(newFault));
  return { key, authkeys: text };
}

/** What is printed of a new key, once. */
export function linesAboutKey({ key, authkeys }: { key: string; authkeys: string }): string {
  return [
    `key: ${key}`,
    "It is not shown again. Give it to the clients, as DURABLE_QUEUE_AUTHKEY; the server keeps only its hash.",
    "",
    `AUTHKEYS=${authkeys}`,
    "Set this at the server: wrangler secret put AUTHKEYS, or in the environment of npm start, within single quotes.",
  ].join("\n");
}

/**
 * Makes a key for a command line.
 *
 * @returns what to print
 * @throws {UsageError} with one sentence, for a wrong command line
 */
export async function newKey(args: string[], authkeys: string): Promise<string> {
  const { name, scopes, queues, until, help } = optionsIn(args);
  if (help === true) return HELP;
  if (name === undefined || scopes === undefined)
    throw new UsageError("--name and --scopes must be given; --help says more.");
  const options = { name, scopes: scopes.split(","), queues: queues?.split(","), until };
  return linesAboutKey(await makeKey(options, authkeys));
}

function optionsIn(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\.$/);
    throw new UsageError(`${what}: "npm run new-key -- --help" lists the options.`);
  }
}

/** The rule that an entry breaks, with the name of its option. */
function optionIn(fault: string): string {
  return fault
    .replace(/^AUTHKEYS\[\d+\]\.([a-z]+)(\[\d+\])?/, "--$1")
    .replace(/ npm run new-key prints right ones\.$/, "");
}

if (import.meta.main) {
  try {
    console.log(await newKey(process.argv.slice(2), process.env.AUTHKEYS ?? ""));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
