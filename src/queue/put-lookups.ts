import type { NewMessage, PutCommand } from "./base/commands.ts";
import type { IdempotencyKeys } from "./store/idempotency-keys.ts";
import { keyOfDedupeKey, type PlaceRange } from "./store/key-records.ts";
import type { Segment } from "./store/segment.ts";

/** What was found of the dedupe keys of a put. */
interface Lookup {
  /** The messages to store: the first of each dedupe key that is not known, and those without one. */
  fresh: readonly NewMessage[];
  /** The dedupe key of each message as it is stored, and where the known ones lead; undefined if no message has one. */
  dedupe: { keys: readonly (string | undefined)[]; known: ReadonlyMap<string, PlaceRange> } | undefined;
  at: number;
  /** How often dedupe keys had been stored by then, and freed. */
  storings: number;
  freeings: number;
}

/** A put whose dedupe keys are looked up, perhaps more than once. */
export interface LookedPut {
  command: PutCommand;
  /** What was found the last time. */
  looked?: Lookup | undefined;
}

/** Looks up the dedupe keys of puts, and no more often than what is found can have changed. */
export class PutLookups {
  readonly #keys: IdempotencyKeys;
  #storings = 0;
  #freeings = 0;

  constructor(keys: IdempotencyKeys) {
    this.#keys = keys;
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
    put.looked = this.look(put, now);
    return put.looked.fresh.length <= room;
  }

  /** Looks up the dedupe keys of a put, unless that was just done. */
  look({ command: { messages }, looked }: LookedPut, now: number): Lookup {
    const isTrue =
      looked !== undefined &&
      looked.at === now &&
      looked.storings === this.#storings &&
      looked.freeings === this.#freeings &&
      // Such a key may have ended with an ack since.
      !this.#keys.areAnyUntilDone;
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
      // The first message with a key that is not known takes the key out, so that the others are duplicates.
      return key === undefined || (!known.has(key) && unseen.delete(key));
    });
    return { fresh, dedupe: { keys, known }, at: now, storings, freeings };
  }

  /** Remembers under its dedupe key where a message is stored. */
  remember({ slot, number }: Segment, key: string, place: PlaceRange, until: number): void {
    this.#storings += 1;
    this.#keys.remember(slot, { key, contentHash: 0, until, ranges: [place] }, number);
  }

  /** Lets the dedupe key of a message count no more. */
  free({ slot, number }: Segment, index: number): void {
    this.#freeings += 1;
    this.#keys.free(slot, { segmentNumber: number, index, count: 1 });
  }
}
