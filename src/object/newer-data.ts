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
