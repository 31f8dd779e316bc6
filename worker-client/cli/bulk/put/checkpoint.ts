/** The file that says which lines of an input were put, so that another run goes on where one was ended. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Failure, UsageError } from "../../base/exit.ts";
import type { LineRange, LineState } from "./line-ledger.ts";

/** The form of the file. */
const VERSION = 1;

/** What a checkpoint says. */
export interface Checkpoint extends LineState {
  /** The address of the server, the queue, and how its messages are made of lines: another run must have the same. */
  server: string;
  queue: string;
  how: string;
  /** The idempotency keys of its batches begin with this. */
  job: string;
}

/** A checkpoint in its file. Each write replaces the file at once. */
export class CheckpointFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * What the file says; undefined if there is none.
   *
   * @throws {UsageError} for a file that is no checkpoint, or one of another server or queue or of other options
   */
  read({ server, queue, how }: Pick<Checkpoint, "server" | "queue" | "how">): Checkpoint | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new UsageError(`The checkpoint ${this.path} cannot be read: ${(error as Error).message}.`);
    }
    const checkpoint = checkpointOf(text);
    if (checkpoint === undefined) {
      throw new UsageError(
        `${this.path} is no checkpoint of a put. Name another file, or one that does not exist yet.`,
      );
    }
    if (checkpoint.server !== server) {
      const theirs = checkpoint.server;
      throw new UsageError(
        `The checkpoint ${this.path} is of puts to the server ${theirs}, not to ${server}. Name another file; if it is the same server under another address, change "server" in the file.`,
      );
    }
    if (checkpoint.queue !== queue) {
      const theirs = checkpoint.queue;
      throw new UsageError(`The checkpoint ${this.path} is of puts to the queue ${theirs}, not to ${queue}.`);
    }
    if (checkpoint.how !== how) {
      throw new UsageError(
        `The checkpoint ${this.path} was begun with the options ${checkpoint.how}, not with ${how}. Give the same options.`,
      );
    }
    return checkpoint;
  }

  /**
   * Writes the first checkpoint, before anything is put: of two runs that begin at once only one does, because they would
   * put the lines twice.
   *
   * @throws {UsageError} if there is a file by now
   * @throws {Failure} if the file cannot be written
   */
  create(checkpoint: Checkpoint): void {
    try {
      writeFileSync(this.path, textOf(checkpoint), { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(this.path, error);
      throw new UsageError(`Another run has begun with the checkpoint ${this.path}: let it end first.`);
    }
  }

  /** @throws {Failure} if the file cannot be written */
  write(checkpoint: Checkpoint): void {
    const part = `${this.path}.part`;
    try {
      writeFileSync(part, textOf(checkpoint));
      renameSync(part, this.path);
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }
}

function textOf(checkpoint: Checkpoint): string {
  return `${JSON.stringify({ version: VERSION, ...checkpoint })}\n`;
}

function unwritable(path: string, error: unknown): Failure {
  return new Failure(`The checkpoint ${path} cannot be written: ${(error as Error).message}.`);
}

function checkpointOf(text: string): Checkpoint | undefined {
  let value: Partial<Checkpoint> & { version?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || value.version !== VERSION) return undefined;
  const { server, queue, how, job, through, digest, later } = value;
  const areTexts = [server, queue, how, job, digest].every((each) => typeof each === "string");
  if (!areTexts || !Number.isSafeInteger(through) || !Array.isArray(later) || !later.every(isRange)) return undefined;
  return { server, queue, how, job, through, digest, later } as Checkpoint;
}

function isRange(value: unknown): value is LineRange {
  if (typeof value !== "object" || value === null) return false;
  const { first, last, isPut, sentAt, digest } = value as Partial<LineRange>;
  const areNumbers = [first, last, sentAt].every((each) => Number.isSafeInteger(each));
  return areNumbers && typeof isPut === "boolean" && typeof digest === "string";
}
