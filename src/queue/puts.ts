import { utf8Bytes } from "./base/bytes.ts";
import type { NewMessage, PutCommand, Refusal, Result } from "./base/commands.ts";
import type { QueueState } from "./base/queue-state.ts";
import { formatId } from "./base/receipt.ts";
import {
  full,
  overloaded,
  putsPaused,
  reusedKey,
  shutDown,
  storageFull,
  tooMany,
  tooManyWait,
} from "./base/refusals.ts";
import { BlockedPuts } from "./blocked-puts.ts";
import { type LookedPut, PutLookups } from "./put-lookups.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { IdempotencyKeys } from "./store/idempotency-keys.ts";
import { addRange, contentHashOf, type PlaceRange, UNTIL_DONE } from "./store/key-records.ts";
import type { Ledger } from "./store/ledger.ts";
import { payloadOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import type { Results } from "./waiting/results.ts";
import { WAITS_MAX, type Waits } from "./waiting/waits.ts";

/** What a put is answered with. */
interface Stored {
  /** Those of all messages, also of those that were there already. */
  ids: string[];
  /** The positions of messages that were not stored, because one with their dedupe key is known; absent if none. */
  duplicates?: number[];
}

/** Where the messages of puts are stored. */
interface PutParts {
  backlog: Backlog;
  payloads: Payloads;
  keys: IdempotencyKeys;
  ledger: Ledger;
}

/** Takes puts, each once for its keys: stores their messages, or lets the puts wait for room. */
export class Puts {
  readonly #idPrefix: string;
  readonly #state: QueueState;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #keys: IdempotencyKeys;
  readonly #ledger: Ledger;
  readonly #lookups: PutLookups;
  readonly #waits: Waits;
  readonly #results: Results;
  readonly #blocked: BlockedPuts;

  constructor(
    idPrefix: string,
    state: QueueState,
    { backlog, payloads, keys, ledger }: PutParts,
    { waits, results }: { waits: Waits; results: Results },
  ) {
    this.#idPrefix = idPrefix;
    this.#state = state;
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#keys = keys;
    this.#ledger = ledger;
    this.#lookups = new PutLookups(keys);
    this.#waits = waits;
    this.#results = results;
    this.#blocked = new BlockedPuts(waits);
  }

  /** Undefined for a put that waits for room. */
  put(requestId: number, command: PutCommand, now: number): Result | undefined {
    const { shutdown, maxSize } = this.#state.configuration;
    const { messages, timeoutMs } = command;
    const known = this.#known(command, now);
    if (known !== undefined) return resultOf(known);
    if (shutdown !== "none") return shutDown();
    if (this.#state.isStorageFull) return storageFull();
    const put = { command };
    const earlierTry = this.#blocked.find(command.idempotencyKey);
    if (earlierTry !== undefined) {
      if (!hasSameContent(earlierTry.command, command)) return reusedKey();
      this.#blocked.add(requestId, put, now + timeoutMs);
      return undefined;
    }
    if (maxSize > 0 && messages.length > maxSize) return tooMany(messages.length, maxSize);
    if (this.#blocked.isEmpty && this.#hasRoom(put, now)) return resultOf(this.store(put, now));
    if (timeoutMs <= 0) return this.noRoom;
    if (this.#waits.isFull) return tooManyWait(WAITS_MAX);
    if (!this.#blocked.hasRoomFor(command)) {
      return overloaded("The puts that wait for room in the queue take all memory for them");
    }
    this.#blocked.add(requestId, put, now + timeoutMs);
    return undefined;
  }

  /** Stores the puts that have waited longest, for as long as they fit. Answers whether there was any. */
  serveBlocked(now: number): boolean {
    let isAnyServed = false;
    for (let put = this.#blocked.first(); put !== undefined; put = this.#blocked.first()) {
      if (!this.#hasRoom(put, now)) break;
      this.#blocked.shift();
      const result = resultOf(this.#known(put.command, now) ?? this.store(put, now));
      for (const requestId of put.requestIds) this.#results.add(requestId, result);
      isAnyServed = true;
    }
    return isAnyServed;
  }

  get areNoneBlocked(): boolean {
    return this.#blocked.isEmpty;
  }

  /** Refuses all puts that wait. */
  refuseBlocked(refusal: Refusal): void {
    for (const { requestIds } of this.#blocked.takeAll()) this.#results.refuse(requestIds, refusal);
  }

  /** Refuses the puts that wait with more messages than there may be: they will never fit. */
  refuseLargerThan(maxSize: number): void {
    for (const { command, requestIds } of this.#blocked.takeLargerThan(maxSize)) {
      this.#results.refuse(requestIds, tooMany(command.messages.length, maxSize));
    }
  }

  /** Why a put is refused that there is no room for. */
  get noRoom(): Refusal {
    const { configuration, isStorageFull } = this.#state;
    if (isStorageFull) return storageFull();
    return configuration.paused.puts ? putsPaused() : full(configuration.maxSize);
  }

  /** The bound is on messages that wait; those that come back from a lease may pass it. */
  #hasRoom(put: LookedPut, now: number): boolean {
    const { configuration, isStorageFull } = this.#state;
    const { maxSize, paused } = configuration;
    if (paused.puts || isStorageFull) return false;
    const { visible, delayed } = this.#ledger.counts;
    return maxSize === 0 || this.#lookups.fitsIn(maxSize - visible - delayed, put, now);
  }

  /** What an earlier put with this key was answered, "other" if that put had other content. */
  #known({ idempotencyKey: key, messages }: PutCommand, now: number): Stored | "other" | undefined {
    if (key === undefined) return undefined;
    const known = this.#keys.find(key, () => contentHashOf(messages), now);
    return typeof known === "object" ? this.#answerOf(known) : known;
  }

  /** Stores the messages of a put, in order. It creates the queue. */
  store(put: LookedPut, now: number): Stored {
    this.#state.exists = true;
    const { idempotencyMs, dedupeMs } = this.#state.configuration;
    const { messages, idempotencyKey } = put.command;
    const { fresh: given, dedupe } = this.#lookups.look(put, now);
    const fresh = given.map((message) => this.#withRules(message));
    const payloads = fresh.map((message) => payloadOf(message, now));
    const sizes = payloads.map(utf8Bytes);
    const segmentFor = this.#backlog.beginBatch(fresh, sizes, now);
    const ranges: PlaceRange[] = [];
    // Where this put has stored the first message of each dedupe key.
    const placed = dedupe && new Map<string, PlaceRange>();
    let last: Segment | undefined;
    let stored = 0;
    let position = 0;
    for (const message of messages) {
      const key = dedupe?.keys[position];
      position += 1;
      const duplicate = key === undefined ? undefined : (dedupe?.known.get(key) ?? placed?.get(key));
      if (duplicate !== undefined) {
        addRange(ranges, { ...duplicate, isDuplicate: true });
        continue;
      }
      const payload = payloads[stored] as string;
      const bytes = sizes[stored] as number;
      const segment = segmentFor(message, bytes);
      const place = this.#append(segment, fresh[stored] as NewMessage, bytes, now);
      this.#payloads.add(segment, payload, message.group);
      if (key !== undefined) {
        const until = message.isDedupedUntilDone ? UNTIL_DONE : now + dedupeMs;
        this.#lookups.remember(segment, key, place, until);
        placed?.set(key, { ...place });
      }
      addRange(ranges, place);
      last = segment;
      stored += 1;
    }
    // A put that stored nothing need not be known: sent again, it finds the same duplicates.
    if (idempotencyKey !== undefined && last !== undefined) {
      const until = now + idempotencyMs;
      this.#keys.remember(last.slot, { key: idempotencyKey, contentHash: contentHashOf(messages), until, ranges });
    }
    return this.#answerOf(ranges);
  }

  #append(segment: Segment, message: NewMessage, payloadBytes: number, now: number): PlaceRange {
    const dueAt = message.visibleAt ?? now + message.delayMs;
    const index = this.#backlog.append(segment, payloadBytes, dueAt > now ? dueAt : 0, message);
    return { segmentNumber: segment.number, index, count: 1 };
  }

  /** A job has its time for outcomes from its put on: a later change of the setting does not change it. */
  #withRules(message: NewMessage): NewMessage {
    if (!message.isJob || message.rules?.resultMs !== undefined) return message;
    return { ...message, rules: { ...message.rules, resultMs: this.#state.configuration.resultMs } };
  }

  /** Lets the dedupe key of a message count no more. */
  freeKeys(segment: Segment, index: number): void {
    this.#lookups.free(segment, index);
  }

  /** False if it is certain that no message of a segment was put with a dedupe key that still counts. */
  mayHaveDedupeKeys({ slot, number }: Segment): boolean {
    return this.#keys.mayHaveDedupeKeys(slot, number);
  }

  #answerOf(ranges: readonly PlaceRange[]): Stored {
    const ids: string[] = [];
    let duplicates: number[] | undefined;
    for (const { segmentNumber, index, count, isDuplicate } of ranges) {
      for (let offset = 0; offset < count; offset += 1) {
        if (isDuplicate) {
          duplicates ??= [];
          duplicates.push(ids.length);
        }
        ids.push(formatId(this.#idPrefix, { segmentNumber, index: index + offset }));
      }
    }
    return duplicates === undefined ? { ids } : { ids, duplicates };
  }
}

function resultOf(stored: Stored | "other"): Result {
  return stored === "other" ? reusedKey() : { verb: "put", ...stored };
}

function hasSameContent(a: PutCommand, b: PutCommand): boolean {
  return JSON.stringify(a.messages) === JSON.stringify(b.messages);
}
