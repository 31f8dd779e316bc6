/** Serves queues on this machine, their state on disk, until it is told to stop: `durable-queue dev` and `serve`. */
import { parseAuthkeys } from "../api/keys/authkeys.ts";
import { buildWorker } from "./build-worker.ts";
import { DataDirectory } from "./data-directory.ts";
import { descriptorLimit, descriptorWarning } from "./descriptors.ts";
import { DiskWatch } from "./disk-watch.ts";
import { KeptServer } from "./kept-server.ts";
import type { Settings } from "./settings.ts";
import { workerdPath } from "./workerd-path.ts";

/** Where a serving program writes, and what ends it. */
export interface Host {
  /** Writes a line about what goes on. */
  print(line: string): void;
  /** Writes a line about a fault. */
  report(line: string): void;
  /** Ends the program in order when it is aborted. */
  stopping: AbortSignal;
}

/** Where the key that grants everything is from; "none" if the server has only the keys in `AUTHKEYS`. */
type Source = "environment" | "stored" | "generated" | "none";

/**
 * The key that grants everything. With keys in `AUTHKEYS` none is generated, because its operator wants to say what is
 * granted; one that was generated before goes on, so that its clients need not stop.
 */
function authkeyOf(settings: Settings, directory: DataDirectory): { authkey: string | undefined; source: Source } {
  if (settings.authkey !== undefined) return { authkey: settings.authkey, source: "environment" };
  const stored = directory.storedAuthkey();
  if (stored !== undefined) return { authkey: stored, source: "stored" };
  if (parseAuthkeys(settings.authkeys).length > 0) return { authkey: undefined, source: "none" };
  return { authkey: directory.newAuthkey(), source: "generated" };
}

/** What is printed about that key. */
function linesAbout(source: Source, path: string, authkey: string | undefined): string[] {
  if (source === "none") return [`Clients find the address in ${path}/client.env, and need a key of AUTHKEYS.`];
  const lines = source === "generated" ? [`authkey: ${authkey} (generated, not shown again)`] : [];
  if (source !== "environment") lines.push(`The authkey is kept in ${path}/authkey, and grants everything.`);
  return [...lines, `Clients find address and key in ${path}/client.env: copy it to their .env.`];
}

function goneSentence(path: string): string {
  return `the directory ${path} was removed, unmounted or replaced while the server used it. What it stores from then on would be lost: put the directory or a backup back, and start it again.`;
}

/**
 * Serves until `stopping` is aborted.
 *
 * @throws {Error} with a sentence for the operator, if the server cannot start, or its directory is gone
 */
export async function serve(settings: Settings, { print, report, stopping }: Host): Promise<void> {
  // Before a directory and a key are made for nothing.
  workerdPath();
  const directory = new DataDirectory(settings.dataDirectory);
  await directory.hold();
  await directory.assertUnused();
  const { authkey, source } = authkeyOf(settings, directory);
  const warnings = [...directory.warnings(), descriptorWarning(descriptorLimit())];
  for (const warning of warnings) if (warning !== undefined) report(`Warning: ${warning}`);
  await buildWorker({ signal: stopping });

  const disk = new DiskWatch(directory, report);
  await disk.start();
  const { host, port, authkeys, storageBytesMax, allowPrivateWebhooks } = settings;
  const reports = { trouble: report, recovery: print };
  const options = { host, port, authkey, authkeys, directory, storageBytesMax, allowPrivateWebhooks };
  const server = await KeptServer.start(options, reports, AbortSignal.any([stopping, disk.gone]));
  try {
    directory.writeClientEnvironment(server.address, authkey);
  } catch (error) {
    // On a full disk the queues can still be emptied by clients that know the address.
    report(`Warning: ${directory.path}/client.env could not be written: ${error}`);
  }

  print(`durable-queue serves ${server.address} and keeps its queues in ${directory.path}`);
  for (const line of linesAbout(source, directory.path, authkey)) print(line);
  print("Ctrl-C stops it.");

  await server.ended;
  disk.stop();
  if (disk.gone.aborted) {
    report(`disk: gone: ${goneSentence(directory.path)}`);
    throw new Error(`The server was stopped, because its directory ${directory.path} is gone.`);
  }
  print("Stopped. Everything that was acknowledged is stored.");
}
