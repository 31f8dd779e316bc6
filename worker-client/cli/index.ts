#!/usr/bin/env node
/** The program `durable-queue`: what it has from its process, and how it ends. */
import { homedir } from "node:os";
import { EXIT_DONE, EXIT_FAILED } from "./base/exit.ts";
import type { Io } from "./base/io.ts";
import { nodeFault } from "./base/version.ts";
import { run } from "./run.ts";

/** How long a command may take to end in order after the first signal, in milliseconds. */
const ENDING_MS = 5_000;

/** How long what a command has left open may keep the process, in milliseconds. */
const LEFT_OPEN_MS = 500;

/** The signals that end the program, and with which status: 128 and the number of the signal, as shells expect. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const interruption = new AbortController();
let received: keyof typeof SIGNALS | undefined;
let endsByItself = false;
let isServer = false;
let again: (() => void) | undefined;
for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
  process.on(signal, () => {
    // The second one does not wait.
    if (received !== undefined) return again === undefined ? process.exit(SIGNALS[received]) : again();
    received = signal;
    if (!endsByItself) setTimeout(() => process.exit(SIGNALS[signal]), ENDING_MS).unref();
    interruption.abort();
  });
}

// The reader of a pipe may end first, as `| head -1` does: that is no failure.
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (endsByItself) return;
  if (code === "EPIPE") process.exit(EXIT_DONE);
  process.stderr.write(`Error: Standard output cannot be written: ${message}.\n`);
  process.exit(EXIT_FAILED);
});

// What is said there is for people: a command whose notes are not read does what it was told.
process.stderr.on("error", () => undefined);

/** The user's own folder; where there is no such user, as with a bare id in a container, one that has nothing. */
function ownFolder(): string {
  try {
    return homedir();
  } catch {
    return "/nonexistent";
  }
}

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  home: ownFolder(),
  interrupted: interruption.signal,
  endByItself(options = {}) {
    endsByItself = true;
    isServer = options.isServer === true;
    again = options.again;
  },
  atExit(undo) {
    process.on("exit", undo);
    return () => void process.off("exit", undo);
  },
};

const fault = nodeFault(process.versions.node);
if (fault !== undefined) {
  process.stderr.write(`Error: ${fault}\n`);
  process.exit(EXIT_FAILED);
}
const status = await run(process.argv.slice(2), io);
// A command that a service manager has ended in order has not failed, nor has a server that Ctrl-C has ended.
const isInOrder = (isServer || received !== "SIGINT") && status === EXIT_DONE;
process.exitCode = received === undefined || isInOrder ? status : SIGNALS[received];
// A terminal that was asked must not keep the process, nor must what a module of the user's has opened.
process.stdin.unref?.();
setTimeout(() => process.exit(), LEFT_OPEN_MS).unref();
