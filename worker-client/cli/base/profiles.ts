import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "./exit.ts";
import type { Io } from "./io.ts";

/** A server, by a name of the user's. */
export interface Profile {
  address: string;
  authkey?: string;
}

const FIELDS = ["address", "authkey"];

/** The permissions of a file that are not its owner's. */
const OTHERS_MODE = 0o077;

/** The path of the file of profiles. */
export function profilesPath(io: Io): string {
  const { XDG_CONFIG_HOME = "" } = io.environment;
  return join(XDG_CONFIG_HOME === "" ? join(io.home, ".config") : XDG_CONFIG_HOME, "durable-queue/profiles.json");
}

/**
 * The profile of this name.
 *
 * @throws {UsageError} if there is none, or the file has a mistake
 */
export function profileOf(io: Io, name: string): Profile {
  const path = profilesPath(io);
  const profiles = profilesIn(path);
  const profile = profiles.get(name);
  if (profile !== undefined) return profile;
  const names = [...profiles.keys()].map((each) => JSON.stringify(each)).join(", ");
  const known = names === "" ? "It has none" : `It has ${names}`;
  throw new UsageError(`There is no profile ${JSON.stringify(name)} in ${path}. ${known}.`);
}

/** The names of all profiles; none where they cannot be read. */
export function profileNames(io: Io): string[] {
  try {
    return [...profilesIn(profilesPath(io)).keys()];
  } catch {
    return [];
  }
}

/** A warning for the user about a file with secrets that other users may read; undefined if there is nothing to say. */
export function openFileWarning(path: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS_MODE) === 0) return undefined;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return `Other users of this machine may read ${path}, which has keys (its mode is ${octal}): chmod 600 it.`;
}

function profilesIn(path: string): ReadonlyMap<string, Profile> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`The file of profiles ${path} cannot be read (${reason}): --profile needs it.`);
  }
  const value = parsed(path, text);
  if (!isRecord(value)) throw new UsageError(`${path} must be an object with a profile by each name.`);
  return new Map(Object.entries(value).map(([name, profile]) => [name, checkedProfile(path, name, profile)]));
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // The parser may quote what is beside the mistake, such as a key.
    throw new UsageError(`${path} is not JSON: ${reason.replace(/, (\.\.\.)?".*/s, "")}.`);
  }
}

function checkedProfile(path: string, name: string, profile: unknown): Profile {
  const place = `${path}: the profile ${JSON.stringify(name)}`;
  if (!isRecord(profile)) throw new UsageError(`${place} must be { "address": "https://…", "authkey": "…" }.`);
  const unknown = Object.keys(profile).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    throw new UsageError(`${place} has a field ${JSON.stringify(unknown)}: it may have address and authkey.`);
  }
  const { address, authkey } = profile;
  if (typeof address !== "string")
    throw new UsageError(`${place} must have an address, as "https://queue.example.com".`);
  if (authkey !== undefined && typeof authkey !== "string") {
    throw new UsageError(`${place} must have its authkey as a text.`);
  }
  return authkey === undefined ? { address } : { address, authkey };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
