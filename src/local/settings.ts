import { isIPv6 } from "node:net";
import { parseArgs } from "node:util";
import { authkeysFault } from "../api/keys/authkeys.ts";
import { KEY_CHARACTERS_MAX } from "../contract/limits.ts";

/** The settings of `npm start`. */
export interface Settings {
  /** The address to listen on, an IPv6 address without its brackets. */
  host: string;
  /** 0 chooses a free port. */
  port: number;
  /** The key that grants everything; undefined if the environment has none. */
  authkey: string | undefined;
  /** Further keys, as JSON; empty for none. */
  authkeys: string;
  dataDirectory: string;
  /** Puts are refused while a queue's database is larger. */
  storageBytesMax: number;
}

/** A wrong command line: the program ends with status 2, as is usual. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const HELP = `npm start -- [options]: serves durable queues on this machine until Ctrl-C.

  --port <number>               PORT               0 to 65535, 0 takes a free one   (8787)
  --host <address>              HOST               what to listen on                (127.0.0.1)
  --data-dir <path>             DATA_DIR           where the queues are kept        (.data)
  --storage-bytes-max <number>  STORAGE_BYTES_MAX  a queue's size that ends puts    (9000000000)
                                AUTHKEY            the key that grants everything   (generated)
                                AUTHKEYS           keys with scopes: npm run new-key; then none is generated
  --help                        prints this

An option wins over the variable of the environment that is named beside it.`;

/** The default bound of a queue's database, in bytes: Cloudflare's own limit is 10 GB. */
const STORAGE_BYTES_MAX = 9_000_000_000;

const OPTIONS = {
  port: { type: "string" },
  host: { type: "string" },
  "data-dir": { type: "string" },
  "storage-bytes-max": { type: "string" },
  help: { type: "boolean" },
} as const;

/** A setting as it was given: the name of its option or variable, and its text. */
interface Given {
  name: string;
  text: string;
}

/**
 * Reads the command line and the environment.
 *
 * @returns the settings, or "help" for `--help`
 * @throws {UsageError} for a wrong command line, with one sentence
 * @throws {Error} for a wrong variable, with one sentence
 */
export function settingsFrom(args: string[], environment: Record<string, string | undefined>): Settings | "help" {
  const flags = flagsOf(args);
  if (flags.help === true) return "help";
  const given = (flag: "port" | "host" | "data-dir" | "storage-bytes-max", fallback: string): Given => {
    const variable = flag.toUpperCase().replaceAll("-", "_");
    const text = flags[flag];
    if (text !== undefined) return { name: `--${flag}`, text };
    return { name: variable, text: environment[variable] ?? fallback };
  };
  return {
    port: wholeNumber(given("port", "8787"), 0, 65_535),
    host: hostOf(given("host", "127.0.0.1")),
    authkey: authkeyOf(environment.AUTHKEY),
    authkeys: authkeysOf(environment.AUTHKEYS),
    dataDirectory: pathOf(given("data-dir", ".data")),
    storageBytesMax: wholeNumber(given("storage-bytes-max", `${STORAGE_BYTES_MAX}`), 1, Number.MAX_SAFE_INTEGER),
  };
}

function flagsOf(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Its first sentence names the fault; the others are about parsing.
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\.$/);
    throw new UsageError(`${what}: "npm start -- --help" lists the options. npm needs the "--" before them.`);
  }
}

/** The exit status distinguishes a wrong command line from a wrong environment. */
function refuse({ name, text }: Given, rule: string): never {
  const sentence = `${name} is "${text}": ${rule}`;
  throw name.startsWith("--") ? new UsageError(sentence) : new Error(sentence);
}

function wholeNumber(given: Given, min: number, max: number): number {
  const number = Number(given.text);
  if (!/^[0-9]+$/.test(given.text) || number < min || number > max) refuse(given, `it must be ${min} to ${max}.`);
  return number;
}

function hostOf(given: Given): string {
  const host = given.text.replace(/^\[(.*)\]$/, "$1");
  if (host.includes(":") ? !isIPv6(host) : !/^(\*|[A-Za-z0-9._-]+)$/.test(host)) {
    refuse(given, "it must be the name or the address of this machine, without scheme and port.");
  }
  return host;
}

function pathOf(given: Given): string {
  if (given.text === "") refuse(given, "it must be the path of a directory.");
  return given.text;
}

function authkeyOf(authkey: string | undefined): string | undefined {
  // Without characters that a header, or the quotes of client.env, cannot contain.
  const isAllowed = (text: string) => /^[\x21-\x26\x28-\x7e]+$/.test(text) && text.length <= KEY_CHARACTERS_MAX;
  if (authkey !== undefined && !isAllowed(authkey)) {
    throw new Error(`AUTHKEY must be 1 to ${KEY_CHARACTERS_MAX} visible ASCII characters without spaces and '.`);
  }
  return authkey;
}

function authkeysOf(authkeys = ""): string {
  const fault = authkeysFault(authkeys);
  if (fault !== undefined) throw new Error(fault);
  return authkeys;
}
