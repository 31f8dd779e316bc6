/** `import`: puts the messages of an export. */
import { createReadStream, statSync } from "node:fs";
import { resolve } from "node:path";
import type { MessageState } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";
import { LineSource } from "../lines/line-source.ts";
import { type LineForm, messageLine } from "../lines/message-lines.ts";
import type { LinesFlags } from "./lines-flags.ts";
import { putLines } from "./put-command.ts";

/** Bytes of a file that are read at a time. */
const READ_BYTES = 256 * 1024;

/** The flags of `import`. */
export interface ImportFlags extends LinesFlags {
  state?: MessageState;
}

/** Puts the messages of a file, or of standard input, that `export` wrote. */
export async function importMessages(
  context: Context,
  flags: ImportFlags,
  queueName: string,
  file: string | undefined,
): Promise<void> {
  const { state } = flags;
  const words = state === undefined ? "" : ` --state ${state}`;
  await putLines(context, flags, {
    command: `import ${queueName}${file === undefined ? "" : ` ${file}`}${words}`,
    queueName,
    path: file,
    form: formOf(state),
    formName: state === undefined ? "messages" : `messages that were ${state}`,
    source: file === undefined ? LineSource.ofInput(context.io) : sourceOf(resolve(context.io.folder, file)),
    itemOptions: {},
  });
}

/** Messages that were in another state are no message for it. */
function formOf(state: MessageState | undefined): LineForm {
  if (state === undefined) return messageLine;
  return (text) => {
    const message = messageLine(text);
    return message?.state === state ? message : undefined;
  };
}

/** @throws {UsageError} if there is no such file */
function sourceOf(path: string): LineSource {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new UsageError(`${path} is a directory, not a file.`);
    return new LineSource(createReadStream(path, { highWaterMark: READ_BYTES }), stat.isFile() ? stat.size : undefined);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
}
