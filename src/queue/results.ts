import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { Refusal, Result } from "./base/commands.ts";

export interface CommandResult {
  /** Which command this answers: the number given with it. */
  requestId: number;
  result: Result;
}

/**
 * Less than the bound: what is left of it when the answers count as full is for the command that is the last, so that
 * it gets more than one message.
 */
const FULL_BYTES = BATCH_BYTES_MAX - 1024 * 1024;

/** About what an answer takes beside the messages and the ids in it. */
const RESULT_BYTES = 256;

/** About what an id or a receipt takes. */
const ID_BYTES = 64;

/** The answers that have not been given out. They are bounded in their size: see `isFull`. */
export class Results {
  #results: CommandResult[] = [];
  #bytes = 0;

  /** @param bytes the size of the messages in it */
  add(requestId: number, result: Result, bytes = "bytes" in result ? result.bytes : 0): void {
    this.#results.push({ requestId, result });
    this.#bytes += RESULT_BYTES + bytes + ID_BYTES * idsIn(result);
  }

  refuse(requestIds: readonly number[], refusal: Refusal): void {
    for (const requestId of requestIds) this.add(requestId, refusal);
  }

  /** Whether no more may be handed out, and no more commands applied, before these answers are taken. */
  get isFull(): boolean {
    return this.#bytes >= FULL_BYTES;
  }

  /** How many bytes of messages one more answer may have. At least one message may be larger. */
  get bytesLeft(): number {
    return Math.max(1, BATCH_BYTES_MAX - this.#bytes);
  }

  take(): CommandResult[] {
    const results = this.#results;
    this.#results = [];
    this.#bytes = 0;
    return results;
  }
}

function idsIn(result: Result): number {
  if ("ids" in result) return result.ids.length;
  return "stale" in result ? result.stale.length : 0;
}
