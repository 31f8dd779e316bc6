/** How the program ends: its statuses, and the errors that lead to them. */

/** The status of a command that did what it was told. */
export const EXIT_DONE = 0;
/** The status of a command that failed. */
export const EXIT_FAILED = 1;
/** The status of a wrong command line: nothing was tried. */
const EXIT_USAGE = 2;
/** The status after Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** A wrong command line, environment or profile. Its message is one sentence for the user. */
export class UsageError extends Error {}

/** A command that could not do what it was told. Its message is one sentence for the user. */
export class Failure extends Error {
  /** The stable code that `--json` shows. */
  readonly code: string;

  constructor(message: string, code = "failed") {
    super(message);
    this.code = code;
  }
}

/** How the program ends after an error: its status, and the code and message that it shows; no message after Ctrl-C. */
export interface Ending {
  status: number;
  code: string;
  message: string | undefined;
}

/**
 * How the program ends after an error.
 *
 * @param isInterrupted whether a signal has ended the command: its error is then no failure of its own
 */
export function endingOf(error: unknown, isInterrupted: boolean): Ending {
  if (isInterrupted) return { status: EXIT_INTERRUPTED, code: "interrupted", message: undefined };
  if (!(error instanceof Error)) return { status: EXIT_FAILED, code: "failed", message: String(error) };
  const message = oneLine(error.message);
  if (error instanceof UsageError) return { status: EXIT_USAGE, code: "usage", message };
  // The client throws these for arguments that break a rule, before anything is sent.
  if (error instanceof TypeError || error instanceof RangeError) return { status: EXIT_USAGE, code: "usage", message };
  const code = "code" in error && typeof error.code === "string" ? error.code : "failed";
  return { status: EXIT_FAILED, code, message };
}

/** A message on one line, also where what caused it, as a page of a proxy, has several. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
