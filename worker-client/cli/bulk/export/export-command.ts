/** `export`: writes the messages of a queue as lines, without taking them. */
import { readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { Invalid, type MessageState, type MessageView, type Queue, type QueueDescription } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { Failure } from "../../base/exit.ts";
import { lineOf } from "../lines/message-lines.ts";
import { inThousands, ProgressLine } from "../progress.ts";
import { ExportFile } from "./export-file.ts";
import type { ExportFlags } from "./export-flags.ts";
import { hasRoundedInteger } from "./rounded-integers.ts";

/** Messages asked for at a time: the most that a page has. */
const PAGE_SIZE = 1_000;

/** Characters that are written at a time. */
const WRITE_CHARACTERS = 256 * 1024;

/** For how long a call is tried again in an outage, in seconds, unless the settings say more. */
const RETRY_SECONDS = 60;

/** What was written. */
interface Counts {
  exported: number;
  /** Messages with integers of which digits may be lost. */
  rounded: number;
}

/** Writes the messages to standard output, or to the file of `--resume`. */
export async function exportMessages(context: Context, flags: ExportFlags, name: string): Promise<void> {
  const { io, output, settings, signal } = context;
  const retrySeconds = Math.max(RETRY_SECONDS, settings.retrySeconds);
  const queue = (await context.manager({ transport: "websocket", retrySeconds })).queue(name);
  const total = countIn(await queue.describe({ signal }), flags.state);
  const file = flags.resume === undefined ? undefined : new ExportFile(resolve(io.folder, flags.resume));
  if (file !== undefined && file.removedBytes > 0) {
    output.warn(`${file.removedBytes} bytes of a line that was cut off were removed from ${flags.resume}.`);
  }
  const counts: Counts = { exported: 0, rounded: 0 };
  const isWhole = file?.after === undefined;
  const part = () => (isWhole && total > 0 ? counts.exported / total : undefined);
  const line = new ProgressLine(io.stderr, "messages exported", () => ({ count: counts.exported, part: part() }));
  const write = async (lines: string) => (file === undefined ? output.raw(lines) : file.write(lines));
  try {
    await writeAll(queue, { ...flags, after: file?.after, signal, counts, write });
    // Of a queue that was deleted meanwhile the list ends as if it were whole.
    await queue.describe({ signal });
  } catch (error) {
    line.end();
    throw earlyEnd(context, flags, { name, counts, error });
  } finally {
    line.end();
    file?.close();
  }
  if (counts.rounded > 0) {
    const messages = counts.rounded === 1 ? "1 message has integers" : `${counts.rounded} messages have integers`;
    output.warn(`${messages} above 2^53, whose last digits may be others than those that were put.`);
  }
  if (file !== undefined) {
    await output.result({ exported: counts.exported }, `${inThousands(counts.exported)} messages exported.`);
  } else if (io.stdout.isTTY !== true) output.note(`${inThousands(counts.exported)} messages exported.`);
}

interface Writing {
  state?: MessageState;
  after: string | undefined;
  signal: AbortSignal;
  counts: Counts;
  write: (lines: string) => Promise<void>;
}

async function writeAll(queue: Queue, { state, after, signal, counts, write }: Writing): Promise<void> {
  let lines: string[] = [];
  let characters = 0;
  const flush = async () => {
    if (lines.length === 0) return;
    const count = lines.length;
    const text = lines.join("");
    lines = [];
    characters = 0;
    await write(text);
    counts.exported += count;
  };
  try {
    for await (const view of queue.messages({ state, after, signal, pageSize: PAGE_SIZE })) {
      const line = `${lineOf(view)}\n`;
      if (isRounded(view, line)) counts.rounded += 1;
      lines.push(line);
      characters += line.length;
      if (characters >= WRITE_CHARACTERS) await flush();
    }
  } finally {
    await flush();
  }
}

function isRounded({ item }: MessageView<unknown>, line: string): boolean {
  return /\d{16}/.test(line) && hasRoundedInteger(item);
}

function countIn(description: QueueDescription, state: MessageState | undefined): number {
  if (state !== undefined) return description[state];
  const { visible, delayed, leased, dead, transferring } = description;
  return visible + delayed + leased + dead + transferring;
}

function earlyEnd(
  { io, signal }: Context,
  { resume, state }: ExportFlags,
  { name, counts, error }: { name: string; counts: Counts; error: unknown },
): unknown {
  const path = resume ?? fileOfOutput() ?? "FILE";
  const flags = state === undefined ? "" : ` --state ${state}`;
  const hint = `${inThousands(counts.exported)} messages were exported. To go on: durable-queue export ${name}${flags} --resume ${path}`;
  if (signal.aborted) io.stderr.write(`${hint}\n`);
  if (!(error instanceof Error)) return error;
  if (error instanceof Invalid && error.errors.some(({ path }) => path === "cursor")) {
    return new Failure(
      `${resume ?? "The export"} has messages of another queue, or the queue was deleted since: the export cannot go on.`,
      error.code,
    );
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "failed";
  return new Failure(counts.exported === 0 ? error.message : `${error.message} ${hint}`, code);
}

/** The file to which standard output is redirected, where the system tells. */
function fileOfOutput(): string | undefined {
  try {
    const path = readlinkSync("/proc/self/fd/1");
    return path.startsWith("/") && !path.startsWith("/dev/") ? path : undefined;
  } catch {
    return undefined;
  }
}
