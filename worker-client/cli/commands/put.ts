import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { exactJson } from "../base/exact-json.ts";
import { UsageError } from "../base/exit.ts";
import { numberFlag } from "../base/flags.ts";
import { addItemFlags, type ItemFlags, itemOptionsOf } from "../base/item-flags.ts";
import { addLinesFlags, type LinesFlags } from "../bulk/put/lines-flags.ts";

interface PutFlags extends ItemFlags, LinesFlags {
  messages?: boolean;
  text?: boolean;
  file?: string;
  timeoutSeconds?: number;
  idempotencyKey?: string;
}

/** `put`: one message, or one for each line of standard input. */
export function addPut(program: CliCommand, act: Act): void {
  addLinesFlags(addItemFlags(program.command("put")))
    .summary("Put a message, or each line of standard input as one.")
    .description(
      "Put a message, and print its id. Without a body, put each line of standard input, a JSON value, as a message. The queue is created if there is none.",
    )
    .argument("<queue>", "1 to 128 of A-Z a-z 0-9 . _ -")
    .argument("[body]", "one JSON value; with --text a plain text")
    .option("--text", "the body, or each line, is a plain text, not JSON")
    .option("--messages", "each line is an object with body, or bytes, and flags such as delaySeconds, as of export")
    .option("--file <path>", "the body is in this file")
    .addOption(
      numberFlag("--timeout-seconds <seconds>", "how long to wait while the queue is full (default: without end)", {
        min: 0,
      }),
    )
    .option("--idempotency-key <key>", "puts under one key within 300 seconds are one put: for scripts that repeat it")
    .example(
      `durable-queue put emails '{"to": "a@example.com"}' --delay-seconds 60\ndurable-queue put notes --text "Hello"\ndurable-queue put emails --checkpoint emails.progress < emails.jsonl`,
    )
    .action(act<PutFlags, [string, string | undefined]>(put));
}

async function put(context: Context, flags: PutFlags, name: string, body: string | undefined): Promise<void> {
  if (body === undefined && flags.file === undefined) {
    const { putInput } = await import("../bulk/put/put-input.ts");
    return putInput(context, flags, name, itemOptionsOf(flags));
  }
  const item = itemIn(context, flags, body);
  const { timeoutSeconds, idempotencyKey, wait } = flags;
  const queue = (await context.manager()).queue(name);
  const options = { ...itemOptionsOf(flags), block: wait, timeoutSeconds, idempotencyKey, signal: context.signal };
  const id = await queue.put(item, options);
  await context.output.result({ id }, id);
}

function itemIn({ io }: Context, { text = false, file }: PutFlags, body: string | undefined): unknown {
  if (body !== undefined && file !== undefined) throw new UsageError("Give either a body or --file, not both.");
  const given = file === undefined ? body : textOf(resolve(io.folder, file));
  if (given === undefined) throw new UsageError("There is no body: give one JSON value, or --file.");
  if (text) return given;
  return exactJson(given, file === undefined ? "The body" : `The file ${file}`);
}

function textOf(path: string): string {
  try {
    // Without the mark of UTF-8 that some editors write.
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    throw new UsageError(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
}
