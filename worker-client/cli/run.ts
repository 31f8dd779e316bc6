import { CommanderError } from "commander";
import { usageErrorOf } from "./base/command.ts";
import { EXIT_DONE, endingOf } from "./base/exit.ts";
import type { Io } from "./base/io.ts";
import { styleOf } from "./base/style.ts";
import { shownText } from "./base/text.ts";
import { programOf } from "./program.ts";

/**
 * Runs one command line to its end. An error is one sentence on standard error, or one line of JSON with `--json`.
 *
 * @param args the command line, without the program
 * @returns the status of the process
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = programOf(io);
  try {
    // Without a command the help is what is meant.
    await program.parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return EXIT_DONE;
  } catch (error) {
    const fault = error instanceof CommanderError ? usageErrorOf(error) : error;
    if (fault === undefined) return EXIT_DONE;
    const { status, code, message } = endingOf(fault, io.interrupted.aborted);
    if (message !== undefined) io.stderr.write(`${shownError(args, io, code, message)}\n`);
    return status;
  }
}

/** The error as it is written: `--json` is looked for here, because the command line may be the error. */
function shownError(args: readonly string[], io: Io, code: string, message: string): string {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const { DURABLE_QUEUE_JSON = "" } = io.environment;
  const isJson = flags.includes("--json") || DURABLE_QUEUE_JSON === "1" || DURABLE_QUEUE_JSON === "true";
  if (isJson) return shownText(JSON.stringify({ error: { code, message } }));
  return `${styleOf(io.stderr, io.environment)("red", "Error:")} ${shownText(message)}`;
}
