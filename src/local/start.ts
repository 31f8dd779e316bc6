/** `npm start`: serves the queues on this machine, their state on disk, until Ctrl-C. */
import { serve } from "./serve.ts";
import { HELP, settingsFrom, UsageError } from "./settings.ts";

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

async function main(): Promise<void> {
  const settings = settingsFrom(process.argv.slice(2), process.env);
  if (settings === "help") return console.log(HELP);
  stopWithNpm();
  await serve(settings, { print: console.log, report: console.error, stopping: stopping.signal });
}

main().catch(async (error: unknown) => {
  // A signal that ended a child of this process was sent to this process too, but is perhaps not handled yet.
  await new Promise((heard) => setImmediate(heard));
  // The signal may have ended the child that was being waited for: that is no error.
  if (stopping.signal.aborted) return;
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
