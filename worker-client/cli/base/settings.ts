import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { UsageError } from "./exit.ts";
import type { Io } from "./io.ts";
import { openFileWarning, profileOf, profilesPath } from "./profiles.ts";

/** Where a client of this machine finds a server that was not told otherwise. */
export const ADDRESS_DEFAULT = "http://127.0.0.1:8787";

/** For how long a command tries to reach a server that does not answer, in seconds: people wait for it. */
const RETRY_SECONDS_DEFAULT = 2;

/** The flags of every command, as they were given. */
export interface GlobalFlags {
  address?: string;
  authkey?: string;
  profile?: string;
  json?: boolean;
  yes?: boolean;
  retrySeconds?: number;
}

/** What all commands go by, from flags, the environment, a profile or a local server, in this order. */
export interface Settings {
  address: string;
  /** Undefined if there is none. */
  authkey: string | undefined;
  /** Where the address is from, in words. */
  addressSource: string;
  /** Where the key is from, in words; "nowhere" if there is none. */
  authkeySource: string;
  /** Whether results are JSON also on a terminal, and errors are too. */
  json: boolean;
  /** Whether dangerous commands do not ask. */
  yes: boolean;
  retrySeconds: number;
  /** Whether the key may be sent over http to other machines. */
  allowPlainHttp: boolean;
  /** For the user, one sentence each. */
  warnings: string[];
}

/** An address and a key with the words for where they are from. */
interface Place {
  source: string;
  address?: string | undefined;
  authkey?: string | undefined;
  /** Whether its key is meant for its address alone. */
  isPair?: boolean;
}

/**
 * The settings of a command. A profile that is given as a flag goes before the environment, as flags do. A key is sent
 * to no other server than the one it is written down with: that of a profile only to the profile's address, unless
 * `--address` is given beside `--profile`.
 *
 * @throws {UsageError} for a variable or a profile with a mistake
 */
export function settingsOf(flags: GlobalFlags, io: Io): Settings {
  const { environment } = io;
  const variable = (name: string) => (environment[name] === "" ? undefined : environment[name]);
  const warnings: string[] = [];
  const given = [
    { source: "the flags", address: flags.address, authkey: flags.authkey },
    ...profilePlaces(io, flags.profile, "--profile", warnings),
    { source: "the environment", ...placeInEnvironment(variable) },
    ...profilePlaces(io, variable("DURABLE_QUEUE_PROFILE"), "DURABLE_QUEUE_PROFILE", warnings),
  ];
  const isGiven = given.some(({ address, authkey }) => address !== undefined || authkey !== undefined);
  const local = isGiven ? undefined : localServer(io, warnings);
  const places: Place[] = local === undefined ? given : [local];
  const addressPlace = places.find(({ address }) => address !== undefined);
  const authkeyPlace = places.find(({ authkey }) => authkey !== undefined);
  const address = addressPlace?.address ?? ADDRESS_DEFAULT;
  assertMeantFor(address, authkeyPlace, addressPlace?.source === "the flags" && flags.profile !== undefined);
  return {
    address,
    authkey: authkeyPlace?.authkey,
    addressSource: addressPlace?.source ?? "the default",
    authkeySource: authkeyPlace?.source ?? "nowhere",
    json: wantsJson(flags, io),
    yes: flags.yes ?? isOn(io, "DURABLE_QUEUE_YES"),
    retrySeconds: flags.retrySeconds ?? retrySecondsOf(variable("DURABLE_QUEUE_RETRY_SECONDS")),
    allowPlainHttp: isOn(io, "DURABLE_QUEUE_ALLOW_PLAIN_HTTP"),
    warnings,
  };
}

function placeInEnvironment(variable: (name: string) => string | undefined): Omit<Place, "source"> {
  return { address: variable("DURABLE_QUEUE_ADDRESS"), authkey: variable("DURABLE_QUEUE_AUTHKEY") };
}

function profilePlaces(io: Io, name: string | undefined, givenBy: string, warnings: string[]): Place[] {
  if (name === undefined) return [];
  const profile = profileOf(io, name);
  const warning = openFileWarning(profilesPath(io));
  if (warning !== undefined && !warnings.includes(warning)) warnings.push(warning);
  return [{ source: `the profile ${JSON.stringify(name)} (${givenBy})`, ...profile, isPair: true }];
}

/** The server that `durable-queue dev` or `npm start` has started in this folder, if there is a note of one. */
function localServer(io: Io, warnings: string[]): Place | undefined {
  const path = join(resolve(io.folder, io.environment.DATA_DIR || ".data"), "client.env");
  let variables: NodeJS.Dict<string>;
  try {
    variables = parseEnv(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  const { DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: authkey } = variables;
  if (address === undefined) return undefined;
  const warning = openFileWarning(path);
  if (warning !== undefined) warnings.push(warning);
  return { source: path, address, authkey };
}

/** @throws {UsageError} for the key of a profile that would be sent to another server than the profile's */
function assertMeantFor(address: string, place: Place | undefined, isWanted: boolean): void {
  if (place?.isPair !== true || place.address === address || isWanted) return;
  throw new UsageError(
    `The authkey of ${place.source} is for ${place.address}, not for ${address}: give the authkey of ${address} as well.`,
  );
}

/**
 * Whether results are JSON also on a terminal.
 *
 * @throws {UsageError} for a variable with a wrong value
 */
export function wantsJson(flags: GlobalFlags, io: Io): boolean {
  return flags.json ?? isOn(io, "DURABLE_QUEUE_JSON");
}

/** Whether a variable is set to yes. */
function isOn({ environment }: Io, name: string): boolean {
  const text = environment[name] ?? "";
  if (text === "" || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw new UsageError(`${name} is ${JSON.stringify(text)}: it must be 1 or true, 0 or false.`);
}

function retrySecondsOf(text: string | undefined): number {
  if (text === undefined) return RETRY_SECONDS_DEFAULT;
  const seconds = Number(text);
  if (!/^[0-9.]+$/.test(text) || !(seconds >= 0)) {
    throw new UsageError(`DURABLE_QUEUE_RETRY_SECONDS is ${JSON.stringify(text)}: it must be a number of 0 or more.`);
  }
  return seconds;
}
