import type { Refusal } from "../queue/base/commands.ts";
import { NEWEST_VERSION, storedVersion } from "./migrations.ts";

/**
 * The answer to all requests to a queue whose tables are of a newer version than this build knows, as after a deployment
 * was taken back: it does not know what is in them, so it changes nothing. Undefined for a queue that it can open.
 */
export function refusalOfNewer(sql: SqlStorage): Refusal | undefined {
  let version: number;
  try {
    version = storedVersion(sql);
  } catch {
    // Damaged tables have no version.
    return undefined;
  }
  if (version <= NEWEST_VERSION) return undefined;
  const versions = `its tables have version ${version}, and this build knows up to version ${NEWEST_VERSION}`;
  const detail = `The queue was stored by a newer build: ${versions}. Nothing in it is changed. Deploy the newer build again.`;
  return { verb: "refused", code: "newer_data", detail };
}

/** How the message of `newerDirectory` begins. An error that comes from another object has kept its message alone. */
const NEWER_DIRECTORY = "The directory of all queues was stored by a newer build: ";

/**
 * The error of each call of a directory whose table is of a newer version than this build knows.
 *
 * @param version the version of the table
 * @param newest the newest version that this build knows
 */
export function newerDirectory(version: number, newest: number): Error {
  const versions = `its table has version ${version}, and this build knows up to version ${newest}`;
  return new Error(`${NEWER_DIRECTORY}${versions}. Nothing in it is changed. Deploy the newer build again.`);
}

/** The refusal of a request that needs such a directory; undefined for any other error of a call. */
export function refusalOfNewerDirectory(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!error.message.startsWith(NEWER_DIRECTORY)) return refusalOfNewerDirectory(error.cause);
  return { verb: "refused", code: "newer_data", detail: error.message };
}
