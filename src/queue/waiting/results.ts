import { BATCH_BYTES_MAX } from "../../contract/limits.ts";
import type { Refusal, Result } from "../base/commands.ts";

export interface CommandResult {
  /** The number of the command that this answers, or of the subscriber. */
  requestId: number;
  result: Result;
}

/**
 * Less than the bound: the rest is for the last command, so that it gets more than one message when the results are
 * almost full.
 */
const FULL_BYTES = BATCH_BYTES_MAX - 1024 * 1024;

/** About the size of a result beside the messages and the ids in it. */
const RESULT_BYTES = 256;

/** About the size of an id or a receipt. */
const ID_BYTES = 64;

/** The results that have not been taken. Their size is bounded: see `isFull`. */
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

  /** Whether no more may be handed out, and no more commands applied, before these results are taken. */
  get isFull(): boolean {
    return this.#bytes >= FULL_BYTES;
  }

  /** How many bytes of messages one more result may have. At least one message may be larger. */
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
