/** Puts the lines of an input, several batches at a time. */
import {
  type FieldError,
  Full,
  type ItemOptions,
  type PutOptions,
  type Queue,
  QueueError,
} from "../../../src/index.ts";
import type { InputLine } from "../lines/input-lines.ts";
import type { LineMessage } from "../lines/message-lines.ts";
import { type Batch, type Batches, type FaultyLine, OtherInput } from "./batches.ts";
import { Halt } from "./halt.ts";
import { BATCH_WAIT_MS, IN_FLIGHT_CHARACTERS, STOP_MS } from "./limits.ts";
import type { LineLedger } from "./line-ledger.ts";

/** A line is no message, and such lines are not left out. */
export class LineRefused extends Error {
  readonly faulty: FaultyLine;

  constructor(faulty: FaultyLine) {
    super(`Line ${faulty.line} ${faulty.fault}.`);
    this.faulty = faulty;
  }
}

/** How lines are put. */
export interface PutLinesOptions {
  queue: Queue;
  batches: Batches;
  ledger: LineLedger;
  /** The idempotency keys of the batches begin with this. */
  job: string;
  /** Those of each put: of its messages, and how it waits. */
  putOptions: PutOptions;
  /** How many batches may be under way. */
  inFlight: number;
  /** Called with each line that is left out; undefined if a line that is no message ends the put. */
  leaveOut: ((faulty: FaultyLine) => void) | undefined;
  /** Called before a batch is sent. */
  changed: () => void;
  /** Ends the reading of lines. Batches that are under way are waited for, for a short time. */
  stopping: AbortSignal;
}

/** What was done. */
export interface LineCounts {
  /** Lines that were read. */
  read: number;
  /** Messages that were put. */
  put: number;
  /** Lines that were left out. */
  leftOut: number;
}

/** A put of many lines: see `run`. */
export class LinesPut {
  readonly counts: LineCounts = { read: 0, put: 0, leftOut: 0 };
  readonly #options: PutLinesOptions;
  readonly #underWay = new Set<Promise<void>>();
  #characters = 0;
  #failure: { error: unknown } | undefined;
  /** From then on no further line is put. */
  readonly #halt: Halt;
  /** Aborted when batches that are under way are taken back. */
  readonly #takingBack = new AbortController();

  constructor(options: PutLinesOptions) {
    this.#options = options;
    this.#halt = new Halt(options.stopping);
  }

  get #isHalted(): boolean {
    return this.#halt.isHalted;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#halt.halt();
  }

  /**
   * Puts all lines. When this ends, also by an error, no batch is under way, and the ledger says what was put.
   *
   * @throws {LineRefused} for a line that is no message: the lines before it were put
   * @throws {OtherInput} if the input is not the one of the ledger
   * @throws {QueueError} what the queue or the connection refused
   */
  async run(input: AsyncIterable<InputLine[]>): Promise<void> {
    const { batches, ledger } = this.#options;
    try {
      await this.#readAll(input);
      if (!this.#isHalted && this.counts.read < ledger.through) {
        throw new OtherInput(
          `The input has only ${this.counts.read} lines, but the put goes on behind line ${ledger.through}.`,
        );
      }
      if (!this.#isHalted) await this.#send(batches.cut());
    } catch (error) {
      // Of a batch of an earlier run only the whole can be sent again.
      if (error instanceof LineRefused && !batches.isWithinKnown) await this.#send(batches.cut());
      this.#fail(error);
    }
    await this.#settled();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #readAll(input: AsyncIterable<InputLine[]>): Promise<void> {
    const lines = input[Symbol.asyncIterator]();
    while (!this.#isHalted) {
      const next = lines.next();
      // Without a listener here its failure would end the process where the put is halted meanwhile.
      next.catch(() => undefined);
      const piece = await this.#halt.orEnd(this.#orSendEarly(next));
      if (piece === undefined || piece.done === true) return;
      for (const line of piece.value) {
        await this.#add(line);
        if (this.#isHalted) return;
      }
    }
  }

  /** Lines that wait for others are sent when the input pauses. */
  async #orSendEarly<Piece>(next: Promise<Piece>): Promise<Piece> {
    const { batches } = this.#options;
    if (batches.isEmpty || batches.isWithinKnown) return next;
    let timer: NodeJS.Timeout | undefined;
    const pause = new Promise<"pause">((settle) => {
      timer = setTimeout(() => settle("pause"), BATCH_WAIT_MS);
    });
    const first = await Promise.race([next, pause]);
    clearTimeout(timer);
    if (first === "pause" && !this.#isHalted) await this.#send(batches.cut());
    return next;
  }

  async #add(line: InputLine): Promise<void> {
    const { batches } = this.#options;
    this.counts.read = line.number;
    const { batch, faulty } = batches.add(line);
    if (faulty === undefined) return this.#send(batch);
    this.#leaveOut(faulty);
    return this.#send(batches.leaveOut(line));
  }

  /** @throws {LineRefused} where lines are not left out */
  #leaveOut(faulty: FaultyLine): void {
    const { leaveOut } = this.#options;
    if (leaveOut === undefined) throw new LineRefused(faulty);
    this.counts.leftOut += 1;
    leaveOut(faulty);
  }

  /** Waits for room among the batches that are under way, and sends this one. */
  async #send(batch: Batch | undefined): Promise<void> {
    if (batch === undefined) return;
    const { inFlight, ledger, changed } = this.#options;
    const mustWait = () =>
      this.#underWay.size >= inFlight ||
      (this.#underWay.size > 0 && this.#characters + batch.characters > IN_FLIGHT_CHARACTERS);
    while (mustWait() && !this.#isHalted) await this.#halt.orEnd(Promise.race(this.#underWay));
    if (this.#isHalted) return;
    ledger.sent({ first: batch.first, last: batch.last, digest: batch.digest }, Date.now());
    changed();
    this.#characters += batch.characters;
    const sending = this.#put(batch).finally(() => {
      this.#underWay.delete(sending);
      this.#characters -= batch.characters;
    });
    this.#underWay.add(sending);
  }

  /** Never rejects: what went wrong is kept, the first of it. */
  async #put(batch: Batch): Promise<void> {
    const { ledger } = this.#options;
    try {
      while (batch.messages.length > 0) {
        const faulty = await this.#tryPut(batch);
        if (faulty === undefined) break;
        for (const each of faulty) this.#leaveOut(each);
        dropFrom(batch, faulty);
      }
      this.counts.put += batch.messages.length;
      ledger.put(batch.first);
    } catch (error) {
      if (isRefusal(error)) ledger.refused(batch.first);
      this.#fail(error);
    }
  }

  /** Undefined if the batch was put, else its lines that the client or the server refused. */
  async #tryPut(batch: Batch, mayShare = true): Promise<FaultyLine[] | undefined> {
    const { first, last, messages, lines } = batch;
    const { putOptions, job } = this.#options;
    let lastIndex = 0;
    const shared = mayShare ? sharedOptions(messages) : undefined;
    const hasOptions = shared === undefined;
    const each = (_: unknown, index: number) => {
      lastIndex = index;
      return messages[index]?.options ?? {};
    };
    const items = messages.map(({ item }) => item);
    const idempotencyKey = `${job}-${first}-${last}`;
    const call = { ...putOptions, ...shared, idempotencyKey, ...(hasOptions ? { each } : {}) };
    try {
      await this.#putOrTakeBack(items, call);
      return undefined;
    } catch (error) {
      // Which line's options the client refuses is known where each message has its own.
      if (isOfClient(error) && Object.keys(shared ?? {}).length > 0) return this.#tryPut(batch, false);
      const faulty = faultsOf(error, lines, hasOptions ? lastIndex : undefined);
      if (faulty.length === 0) throw error;
      return faulty;
    }
  }

  /** A put that waits for room when it is taken back is sent again without waiting: the answer says whether it was put. */
  async #putOrTakeBack(items: readonly unknown[], call: PutOptions): Promise<void> {
    const { queue } = this.#options;
    const { signal } = this.#takingBack;
    try {
      await queue.putMany(items, { ...call, signal });
    } catch (error) {
      if (!signal.aborted || error instanceof QueueError) throw error;
      await queue.putMany(items, { ...call, block: false });
    }
  }

  /** Waits until no batch is under way. After a halt those that still wait are taken back. */
  async #settled(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const takeBack = () => this.#takingBack.abort();
    this.#halt.whenHalted(() => {
      if (this.#underWay.size > 0) timer = setTimeout(takeBack, STOP_MS);
    });
    while (this.#underWay.size > 0) await Promise.race(this.#underWay);
    clearTimeout(timer);
  }
}

/** The options that all messages have; undefined if they differ, or are such that no two messages may share them. */
function sharedOptions(messages: readonly LineMessage[]): ItemOptions | undefined {
  const [first] = messages;
  const options = first?.options ?? {};
  if (options.dedupeKey !== undefined) return undefined;
  const text = JSON.stringify(options);
  const isShared = messages.every(({ options: own }) => own === first?.options || JSON.stringify(own ?? {}) === text);
  return isShared ? options : undefined;
}

/** Whether the client has refused a call, before anything was sent. */
function isOfClient(error: unknown): error is TypeError | RangeError {
  return error instanceof TypeError || error instanceof RangeError;
}

/** Whether a put that failed so has certainly changed nothing. */
function isRefusal(error: unknown): boolean {
  if (error instanceof LineRefused || isOfClient(error)) return true;
  return error instanceof Full || (error instanceof QueueError && error.status !== undefined && error.status < 500);
}

/**
 * The lines at fault in a put that was refused.
 *
 * @param index of the message whose options the client refused, if it has options of its own
 */
function faultsOf(error: unknown, lines: readonly number[], index: number | undefined): FaultyLine[] {
  if (isOfClient(error)) {
    const line = index === undefined ? undefined : lines[index];
    return line === undefined ? [] : [{ line, fault: `is refused: ${withoutEnd(error.message)}` }];
  }
  const errors: readonly FieldError[] = error instanceof QueueError ? fieldErrorsOf(error) : [];
  const faults = new Map<number, string>();
  for (const { path, message } of errors) {
    const found = /^(?:messages|lines)\[(\d+)\](?:\.(.*))?$/.exec(path);
    const line = found === null ? undefined : lines[Number(found[1])];
    if (line === undefined || faults.has(line)) continue;
    faults.set(line, `is refused: ${found?.[2] === undefined ? "it" : found[2]} ${withoutEnd(message)}`);
  }
  return [...faults].map(([line, fault]) => ({ line, fault }));
}

function fieldErrorsOf(error: QueueError): readonly FieldError[] {
  return "errors" in error && Array.isArray(error.errors) ? (error.errors as FieldError[]) : [];
}

function withoutEnd(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

function dropFrom(batch: Batch, faulty: readonly FaultyLine[]): void {
  const dropped = new Set(faulty.map(({ line }) => line));
  const isKept = batch.lines.map((line) => !dropped.has(line));
  batch.messages = batch.messages.filter((_, index) => isKept[index]);
  batch.lines = batch.lines.filter((_, index) => isKept[index]);
}
