/** `npm start`: serves the queues on this machine, their state on disk, until Ctrl-C. */
import { parseAuthkeys } from "../api/keys/authkeys.ts";
import { buildWorker } from "./build-worker.ts";
import { DataDirectory } from "./data-directory.ts";
import { descriptorLimit, descriptorWarning } from "./descriptors.ts";
import { DiskWatch } from "./disk-watch.ts";
import { KeptServer } from "./kept-server.ts";
import { HELP, type Settings, settingsFrom, UsageError } from "./settings.ts";

// Before all else: a signal without a handler would end this process and leave the server running.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());

// A closed terminal or pipe must not end the server.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

/** How often the process of npm is checked, in milliseconds. */
const PARENT_POLL_MS = 500;

/** Stops with npm: npm passes a signal to the shell between it and this process, and then both end without stopping it. */
function stopWithNpm(): void {
  if (process.env.npm_lifecycle_event !== "start") return;
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stopping.abort(), PARENT_POLL_MS).unref();
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

async function serve(settings: Settings): Promise<void> {
  const directory = new DataDirectory(settings.dataDirectory);
  await directory.hold();
  await directory.assertUnused();
  const { authkey, source } = authkeyOf(settings, directory);
  const warnings = [...directory.warnings(), descriptorWarning(descriptorLimit())];
  for (const warning of warnings) if (warning !== undefined) console.error(`Warning: ${warning}`);
  await buildWorker({ signal: stopping.signal });

  const disk = new DiskWatch(directory, console.error);
  await disk.start();
  const { host, port, authkeys, storageBytesMax } = settings;
  const reports = { trouble: console.error, recovery: console.log };
  const options = { host, port, authkey, authkeys, directory, storageBytesMax };
  const server = await KeptServer.start(options, reports, stopping.signal);
  try {
    directory.writeClientEnvironment(server.address, authkey);
  } catch (error) {
    // On a full disk the queues can still be emptied by clients that know the address.
    console.error(`Warning: ${directory.path}/client.env could not be written: ${error}`);
  }

  console.log(`durable-queue serves ${server.address} and keeps its queues in ${directory.path}`);
  for (const line of linesAbout(source, directory.path, authkey)) console.log(line);
  console.log("Ctrl-C stops it.");

  await server.ended;
  disk.stop();
  console.log("Stopped. Everything that was acknowledged is stored.");
}

async function main(): Promise<void> {
  const settings = settingsFrom(process.argv.slice(2), process.env);
  if (settings === "help") return console.log(HELP);
  stopWithNpm();
  await serve(settings);
}

main().catch(async (error: unknown) => {
  // A signal that ended a child of this process was sent to this process too, but is perhaps not handled yet.
  await new Promise((heard) => setImmediate(heard));
  // The signal may have ended the child that was being waited for: that is no error.
  if (stopping.signal.aborted) return;
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
