import { createInterface } from "node:readline/promises";
import type { Context } from "./context.ts";
import { Failure, UsageError } from "./exit.ts";

/**
 * Asks before something that cannot be undone. Returns if the user says yes, or has said so with `--yes`.
 *
 * @param action what is to be done, as "To purge a queue"
 * @param question makes the question, as "Remove 3 messages of emails?"; called only where it is asked
 * @throws {UsageError} where there is no terminal to ask on
 * @throws {Failure} if the user does not say yes
 */
export async function confirm(
  { io, settings }: Context,
  action: string,
  question: () => string | Promise<string>,
): Promise<void> {
  if (settings.yes) return;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError(`${action} needs --yes where there is no terminal to ask on. Nothing was changed.`);
  }
  const asked = await question();
  const asking = createInterface({ input: io.stdin, output: io.stderr as unknown as NodeJS.WritableStream });
  try {
    const closed = new Promise<string>((settle) => asking.once("close", () => settle("")));
    // Ctrl-C in the question is Ctrl-C of the program, and the end of the input is no answer.
    asking.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    const answer = await Promise.race([asking.question(`${asked} [y/N] `, { signal: io.interrupted }), closed]);
    if (!/^\s*y(es)?\s*$/i.test(answer)) throw new Failure("Nothing was changed.", "not_confirmed");
  } finally {
    asking.close();
  }
}
