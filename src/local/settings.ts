import { isIPv6 } from "node:net";
import { authkeysFault } from "../api/keys/authkeys.ts";
import { KEY_CHARACTERS_MAX } from "../contract/limits.ts";

/** The settings of a server on this machine. */
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
  /** Whether webhooks may have private addresses and plain HTTP. */
  allowPrivateWebhooks: boolean;
}

/** The default bound of a queue's database, in bytes: Cloudflare's own limit is 10 GB. */
const STORAGE_BYTES_MAX = 9_000_000_000;

/** What was given on the command line, as text. */
export interface ServeFlags {
  port?: string;
  host?: string;
  dataDir?: string;
  storageBytesMax?: string;
  authkeys?: string;
  allowPrivateWebhooks?: boolean;
}

/** A setting as it was given: the name of its option or variable, and its text. */
interface Given {
  name: string;
  text: string;
}

/**
 * Reads the flags and, for those that are not given, the environment.
 *
 * @throws {Error} for a wrong flag or variable, with one sentence
 */
export function settingsFrom(flags: ServeFlags, environment: Record<string, string | undefined>): Settings {
  const given = (flag: keyof ServeFlags, fallback: string): Given => {
    const name = flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const variable = name.toUpperCase().replaceAll("-", "_");
    const text = flags[flag]?.toString();
    if (text !== undefined) return { name: `--${name}`, text };
    return { name: variable, text: environment[variable] ?? fallback };
  };
  return {
    port: wholeNumber(given("port", "8787"), 0, 65_535),
    host: hostOf(given("host", "127.0.0.1")),
    authkey: authkeyOf(environment.AUTHKEY),
    authkeys: authkeysOf(given("authkeys", "")),
    dataDirectory: pathOf(given("dataDir", ".data")),
    allowPrivateWebhooks: trueOrFalse(given("allowPrivateWebhooks", "false")),
    storageBytesMax: wholeNumber(given("storageBytesMax", `${STORAGE_BYTES_MAX}`), 1, Number.MAX_SAFE_INTEGER),
  };
}

function refuse({ name, text }: Given, rule: string): never {
  throw new Error(`${name} is "${text}": ${rule}`);
}

function wholeNumber(given: Given, min: number, max: number): number {
  const number = Number(given.text);
  if (!/^[0-9]+$/.test(given.text) || number < min || number > max) refuse(given, `it must be ${min} to ${max}.`);
  return number;
}

function trueOrFalse(given: Given): boolean {
  if (!/^(true|false)?$/.test(given.text)) refuse(given, "it must be true or false.");
  return given.text === "true";
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

function authkeysOf({ text }: Given): string {
  const fault = authkeysFault(text);
  if (fault !== undefined) throw new Error(fault);
  return text;
}
