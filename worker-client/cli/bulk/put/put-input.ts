import type { ItemOptions } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";
import { LineSource } from "../lines/line-source.ts";
import { itemLine, messageLine, textLine } from "../lines/message-lines.ts";
import type { LinesFlags } from "./lines-flags.ts";
import { putLines } from "./put-command.ts";

/** The flags of `put` that count where lines are put. */
export interface InputFlags extends LinesFlags {
  text?: boolean;
  messages?: boolean;
  dedupeKey?: string;
  idempotencyKey?: string;
  timeoutSeconds?: number;
}

/**
 * Puts a message for each line of standard input.
 *
 * @throws {UsageError} for flags of one message alone
 */
export async function putInput(
  context: Context,
  flags: InputFlags,
  queueName: string,
  itemOptions: ItemOptions,
): Promise<void> {
  const { text = false, messages = false, timeoutSeconds } = flags;
  if (text && messages) throw new UsageError("Give either --text or --messages, not both.");
  if (flags.dedupeKey !== undefined || flags.idempotencyKey !== undefined) {
    throw new UsageError(
      "--dedupe-key and --idempotency-key are for one message: with them only the first line would be stored. Give each line its own dedupeKey, with --messages.",
    );
  }
  if (context.io.stdin.isTTY === true) {
    context.output.note("There is no body: the lines that you type are put, one JSON value each, until Ctrl-D.");
  }
  await putLines(context, flags, {
    ...{ command: `put ${queueName}`, queueName, itemOptions, timeoutSeconds },
    form: text ? textLine : messages ? messageLine : itemLine,
    formName: text ? "text" : messages ? "messages" : "items",
    source: LineSource.ofInput(context.io),
  });
}
