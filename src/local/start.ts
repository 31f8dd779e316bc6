/** `npm start`: serves the queues on this machine, their state on disk, until Ctrl-C. */
import { buildWorker } from "./build-worker.ts";
import { DataDirectory } from "./data-directory.ts";
import { descriptorLimit, descriptorWarning } from "./descriptors.ts";
import { DiskWatch } from "./disk-watch.ts";
import { KeptServer } from "./kept-server.ts";
import { HELP, type Settings, settingsFrom, UsageError } from "./settings.ts";

// From the first moment: a signal that is not handled would end this process and leave the server behind.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());

// The queues are served on when nobody reads what is printed any more.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

/** How often it is looked whether npm still runs, in milliseconds. */
const PARENT_POLL_MS = 500;

/** npm hands a signal to the shell between it and this process, and both end: nobody would be left to stop this. */
function stopWithNpm(): void {
  if (process.env.npm_lifecycle_event !== "start") return;
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stopping.abort(), PARENT_POLL_MS).unref();
}

async function serve(settings: Settings): Promise<void> {
  const directory = new DataDirectory(settings.dataDirectory);
  await directory.hold();
  await directory.assertUnused();
  const { authkey, isNew } =
    settings.authkey === undefined ? directory.authkey() : { authkey: settings.authkey, isNew: false };
  const warnings = [...directory.warnings(), descriptorWarning(descriptorLimit())];
  for (const warning of warnings) if (warning !== undefined) console.error(`Warning: ${warning}`);
  await buildWorker({ signal: stopping.signal });

  const disk = new DiskWatch(directory, console.error);
  await disk.start();
  const { host, port, storageBytesMax } = settings;
  const reports = { trouble: console.error, recovery: console.log };
  const options = { host, port, authkey, directory, storageBytesMax };
  const server = await KeptServer.start(options, reports, stopping.signal);
  try {
    directory.writeClientEnvironment(server.address, authkey);
  } catch (error) {
    // On a full disk the queues can still be emptied, by clients that know where the server is.
    console.error(`Warning: ${directory.path}/client.env could not be written: ${error}`);
  }

  console.log(`durable-queue serves ${server.address} and keeps its queues in ${directory.path}`);
  if (isNew) console.log(`authkey: ${authkey} (generated, not shown again)`);
  if (settings.authkey === undefined) console.log(`The authkey is kept in ${directory.path}/authkey.`);
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
  // A signal that ended a child of this process has been sent to this one, too, but may not have been heard yet.
  await new Promise((heard) => setImmediate(heard));
  // The signal may have reached, and ended, what was being waited for.
  if (stopping.signal.aborted) return;
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
