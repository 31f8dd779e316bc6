import type * as z from "zod";
import { FRAME_LINES_MAX, FRAME_OPERATIONS_MAX, REQUEST_BYTES_MAX } from "../contract/limits.ts";
import { socketOperation } from "../contract/socket.ts";
import { check } from "../requests/check.ts";

/** What cannot be answered, because nobody can tell what it is: the connection ends with this. */
export class BadFrame extends Error {
  readonly closeCode: number;

  /** @param closeCode as of RFC 6455 */
  constructor(closeCode: number, reason: string) {
    super(reason);
    this.closeCode = closeCode;
  }
}

const UNSUPPORTED_DATA = 1003;
const INVALID_DATA = 1007;
const TOO_BIG = 1009;

export interface Operation extends Omit<z.output<typeof socketOperation>, "lines"> {
  /** The contents of messages, as they came: text that is not known to be JSON. */
  contents: string[];
}

/** Takes a frame apart. What is in an operation's request is not looked at. Throws a `BadFrame`. */
export function operationsOf(frame: string | ArrayBuffer): Operation[] {
  if (typeof frame !== "string") throw new BadFrame(UNSUPPORTED_DATA, "Frames must be text.");
  if (frame.length > REQUEST_BYTES_MAX) {
    throw new BadFrame(TOO_BIG, `A frame has at most ${REQUEST_BYTES_MAX} characters.`);
  }
  const lines = linesOf(frame);
  const operations: Operation[] = [];
  for (let index = 0; index < lines.length; ) {
    const { lines: contents = 0, ...operation } = operationOf(lines[index] as string, index);
    const end = index + 1 + contents;
    if (end > lines.length) {
      throw new BadFrame(INVALID_DATA, `Line ${index + 1} says that ${contents} lines follow, but the frame ends.`);
    }
    operations.push({ ...operation, contents: lines.slice(index + 1, end) });
    index = end;
  }
  if (operations.length > FRAME_OPERATIONS_MAX) {
    throw new BadFrame(TOO_BIG, `A frame has at most ${FRAME_OPERATIONS_MAX} operations.`);
  }
  return operations;
}

/** Stops at the bound: a frame of nothing but line feeds would fill the memory with lines. */
function linesOf(frame: string): string[] {
  const lines = frame.split("\n", FRAME_LINES_MAX + 1);
  if (lines.length > FRAME_LINES_MAX) throw new BadFrame(TOO_BIG, `A frame has at most ${FRAME_LINES_MAX} lines.`);
  return lines;
}

function operationOf(line: string, index: number): z.output<typeof socketOperation> {
  try {
    return check(socketOperation, JSON.parse(line));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadFrame(INVALID_DATA, `Line ${index + 1} is not an operation: ${reason}`);
  }
}
