import { utf8Bytes } from "./base/bytes.ts";
import type { NewMessage, PutCommand } from "./base/commands.ts";
import type { KeyRules } from "./base/configuration.ts";
import { formatId } from "./base/receipt.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { IdempotencyKeys } from "./store/idempotency-keys.ts";
import { addRange, keyOfDedupeKey, type PlaceRange } from "./store/key-records.ts";
import { contentHashOf, type Payloads, payloadOf } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";

/** What a put is answered with. */
export interface Stored {
  /** Those of all messages, also of those that were there already. */
  ids: string[];
  /** The positions of messages that were not stored, because one with their dedupe key is known; absent if none. */
  duplicates?: number[];
}

/** What was found of the dedupe keys of a put. */
export interface Looked {
  /** The messages to store: the first of each dedupe key that is not known, and those without one. */
  fresh: readonly NewMessage[];
  /** The dedupe key of each message as it is stored, and where the known ones lead; undefined where none has one. */
  dedupe: { keys: readonly (string | undefined)[]; known: ReadonlyMap<string, PlaceRange> } | undefined;
  at: number;
  /** How often dedupe keys had been stored by then, and freed. */
  storings: number;
  freeings: number;
}

/** A put that is looked into, perhaps more than once. */
export interface LookedPut {
  command: PutCommand;
  /** What was found the last time. */
  looked?: Looked | undefined;
}

/** Puts messages into the backlog, each once for its keys. */
export class Puts {
  readonly #generation: string;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #keys: IdempotencyKeys;
  #storings = 0;
  #freeings = 0;
  rules: KeyRules;

  constructor(
    generation: string,
    backlog: Backlog,
    payloads: Payloads,
    { keys, rules }: { keys: IdempotencyKeys; rules: KeyRules },
  ) {
    this.#generation = generation;
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#keys = keys;
    this.rules = rules;
  }

  /** What an earlier put with this key was answered, "other" if that put had other content. */
  known({ idempotencyKey: key, messages }: PutCommand, now: number): Stored | "other" | undefined {
    if (key === undefined) return undefined;
    const known = this.#keys.find(key, () => contentHashOf(messages), now);
    return typeof known === "object" ? this.#answerOf(known) : known;
  }

  /**
   * Whether a put stores at most so many messages. Its dedupe keys are looked up only where it depends on them, and not
   * again while it cannot have changed: until another one is stored, what a put would store only grows.
   */
  fitsIn(room: number, put: LookedPut, now: number): boolean {
    const { command, looked } = put;
    if (command.messages.length <= room) return true;
    if (room < 0) return false;
    if (looked !== undefined && looked.storings === this.#storings && looked.fresh.length > room) return false;
    put.looked = this.#look(put, now);
    return put.looked.fresh.length <= room;
  }

  /** Stores the messages of a put, in order. */
  put(put: LookedPut, now: number): Stored {
    const { messages, idempotencyKey } = put.command;
    const { fresh, dedupe } = this.#look(put, now);
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
      const place = this.#append(segment, message, bytes, now);
      this.#payloads.add(segment, payload, message.group);
      if (key !== undefined) {
        this.#storings += 1;
        const until = now + this.rules.dedupeMs;
        this.#keys.remember(segment.slot, { key, contentHash: 0, until, ranges: [place] }, segment.number);
        placed?.set(key, { ...place });
      }
      addRange(ranges, place);
      last = segment;
      stored += 1;
    }
    // A put that stored nothing need not be known: sent again, it finds the same duplicates.
    if (idempotencyKey !== undefined && last !== undefined) {
      const until = now + this.rules.idempotencyMs;
      this.#keys.remember(last.slot, { key: idempotencyKey, contentHash: contentHashOf(messages), until, ranges });
    }
    return this.#answerOf(ranges);
  }

  /** Lets the dedupe keys of messages of a segment count no more. */
  freeKeys({ slot }: Segment, range: PlaceRange): void {
    this.#freeings += 1;
    this.#keys.free(slot, range);
  }

  #append(segment: Segment, { visibleAt, delayMs, group }: NewMessage, payloadBytes: number, now: number): PlaceRange {
    const dueAt = visibleAt ?? now + delayMs;
    const index = this.#backlog.append(segment, payloadBytes, dueAt > now ? dueAt : 0, group);
    return { segmentNumber: segment.number, index, count: 1 };
  }

  /** Looks up the dedupe keys of a put, unless that was just done. */
  #look({ command: { messages }, looked }: LookedPut, now: number): Looked {
    const isTrue =
      looked !== undefined &&
      looked.at === now &&
      looked.storings === this.#storings &&
      looked.freeings === this.#freeings;
    if (isTrue) return looked;
    const [storings, freeings] = [this.#storings, this.#freeings];
    if (messages.every(({ dedupeKey }) => dedupeKey === undefined)) {
      return { fresh: messages, dedupe: undefined, at: now, storings, freeings };
    }
    const keys = messages.map(({ dedupeKey }) => (dedupeKey === undefined ? undefined : keyOfDedupeKey(dedupeKey)));
    const unseen = new Set<string>();
    for (const key of keys) if (key !== undefined) unseen.add(key);
    const known = this.#keys.findEach(unseen, now);
    const fresh = messages.filter((_, position) => {
      const key = keys[position];
      // The first of those with one key that is not known takes it out, so that the others are none.
      return key === undefined || (!known.has(key) && unseen.delete(key));
    });
    return { fresh, dedupe: { keys, known }, at: now, storings, freeings };
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
        ids.push(formatId(this.#generation, { segmentNumber, index: index + offset }));
      }
    }
    return duplicates === undefined ? { ids } : { ids, duplicates };
  }
}
