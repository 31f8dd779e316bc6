/** A file of exported messages, which another run goes on with. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { Failure, UsageError } from "../../base/exit.ts";
import { LINE_BYTES_MAX } from "../lines/input-lines.ts";

const NEWLINE = 0x0a;

/** Bytes that are read at a time from the end of the file. */
const BLOCK_BYTES = 64 * 1024;

/** A file of exported messages. Only whole lines count: a last line that was cut off is removed. */
export class ExportFile {
  readonly #path: string;
  readonly #file: number;
  /** The cursor behind its last message; undefined for a file without one. */
  readonly after: string | undefined;
  /** How many bytes of a cut line were removed. */
  readonly removedBytes: number;
  #size: number;

  /**
   * Opens the file, or creates it.
   *
   * @throws {UsageError} if it cannot be opened, or its last line is not of an export
   */
  constructor(path: string) {
    this.#path = path;
    this.#file = opened(path);
    const size = fstatSync(this.#file).size;
    const end = this.#afterNewlineBefore(size);
    this.after = end === 0 ? undefined : cursorOf(this.#text(this.#afterNewlineBefore(end - 1), end), path);
    this.#size = end;
    this.removedBytes = size - end;
    if (!isBeginning(this.#text(end, Math.min(size, end + BEGINNINGS_BYTES)))) throw foreign(path);
    if (size > end) ftruncateSync(this.#file, end);
  }

  /** Adds whole lines at the end. @throws {Failure} if the disk does not take them */
  write(lines: string): void {
    const bytes = Buffer.from(lines);
    try {
      for (let begin = 0; begin < bytes.length; ) {
        begin += writeSync(this.#file, bytes, begin, bytes.length - begin, this.#size + begin);
      }
    } catch (error) {
      throw new Failure(`The file ${this.#path} cannot be written: ${(error as Error).message}.`);
    }
    this.#size += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The position behind the last newline before this one; 0 if there is none. */
  #afterNewlineBefore(position: number): number {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (let end = position; end > 0; ) {
      const begin = Math.max(0, end - BLOCK_BYTES);
      readSync(this.#file, block, 0, end - begin, begin);
      const newline = block.subarray(0, end - begin).lastIndexOf(NEWLINE);
      if (newline >= 0) return begin + newline + 1;
      if (position - begin > LINE_BYTES_MAX) throw foreign(this.#path);
      end = begin;
    }
    return 0;
  }

  #text(begin: number, end: number): string {
    const bytes = Buffer.alloc(end - begin);
    readSync(this.#file, bytes, 0, bytes.length, begin);
    return bytes.toString("utf8");
  }
}

/** How the lines of an export begin. */
const BEGINNINGS = ['{"body":', '{"bytes":'];
const BEGINNINGS_BYTES = 8;

/** Whether a line of an export begins so, which may have been cut off. */
function isBeginning(text: string): boolean {
  return BEGINNINGS.some((beginning) => beginning.startsWith(text));
}

function opened(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(path, error);
  }
  try {
    return openSync(path, "wx+");
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): UsageError {
  return new UsageError(`The file ${path} cannot be opened: ${(error as Error).message}.`);
}

/** The cursor behind the message of a line. */
function cursorOf(line: string, path: string): string {
  try {
    const { id, cursor = id } = JSON.parse(line) as { id?: unknown; cursor?: unknown };
    if (typeof cursor === "string") return cursor;
  } catch {
    // Said below.
  }
  throw foreign(path);
}

function foreign(path: string): UsageError {
  return new UsageError(
    `The last line of ${path} is no message of an export, so that the export cannot go on behind it.`,
  );
}
