import type { Backlog } from "./backlog.ts";
import type { Block } from "./block.ts";
import { utf8Bytes } from "./bytes.ts";
import type { NewMessage, PutCommand } from "./commands.ts";
import type { KeyRules } from "./configuration.ts";
import { contentHashOf, lineOf } from "./contents.ts";
import type { IdempotencyKeys, PlaceRange } from "./idempotency-keys.ts";
import type { LineWindow } from "./line-window.ts";
import { formatId } from "./receipt.ts";
import type { Totals } from "./rows.ts";

/** Puts messages into the backlog, each once for its keys. */
export class Puts {
  readonly #incarnation: string;
  readonly #backlog: Backlog;
  readonly #window: LineWindow;
  readonly #keys: IdempotencyKeys;
  readonly #totals: Totals;
  rules: KeyRules;

  constructor(
    incarnation: string,
    backlog: Backlog,
    window: LineWindow,
    { keys, rules, totals }: { keys: IdempotencyKeys; rules: KeyRules; totals: Totals },
  ) {
    this.#incarnation = incarnation;
    this.#backlog = backlog;
    this.#window = window;
    this.#keys = keys;
    this.#totals = totals;
    this.rules = rules;
  }

  /** The ids that an earlier put with this key made, "other" if that put had other content. */
  known({ idempotencyKey: key, messages }: PutCommand, now: number): string[] | "other" | undefined {
    if (key === undefined) return undefined;
    const known = this.#keys.find(key, () => contentHashOf(messages), now);
    return typeof known === "object" ? this.#idsOf(known) : known;
  }

  /** Those of the messages that a put would store. */
  fresh(messages: readonly NewMessage[], now: number): readonly NewMessage[] {
    if (messages.every(({ dedupeKey }) => dedupeKey === undefined)) return messages;
    const dedupeKeys = new Set<string>();
    return messages.filter(({ dedupeKey }) => {
      if (dedupeKey === undefined) return true;
      const isFresh = !dedupeKeys.has(dedupeKey) && this.#placeOf(dedupeKey, now) === undefined;
      dedupeKeys.add(dedupeKey);
      return isFresh;
    });
  }

  /** Stores messages in order. Answers with the ids of all, also of those that were there already. */
  put({ messages, idempotencyKey }: PutCommand, now: number): string[] {
    const ranges: PlaceRange[] = [];
    const fresh = this.fresh(messages, now);
    const lines = fresh.map((message) => lineOf(message, now));
    const blockFor = this.#backlog.beginBatch(fresh, lines, now);
    let last: Block | undefined;
    let stored = 0;
    for (const message of messages) {
      const { dedupeKey } = message;
      const known = dedupeKey === undefined ? undefined : this.#placeOf(dedupeKey, now);
      if (known !== undefined) {
        ranges.push(known);
        continue;
      }
      const line = lines[stored] as string;
      const block = blockFor(message, line);
      const visibleAt = message.visibleAt ?? now + message.delayMs;
      const index = this.#backlog.append(block, utf8Bytes(line), visibleAt > now ? visibleAt : 0, message.group);
      const place = { blockNumber: block.number, index, count: 1 };
      this.#window.add(block, line);
      if (dedupeKey !== undefined) this.#rememberMessage(block, dedupeKey, now, place);
      const range = ranges.at(-1);
      if (range?.blockNumber === block.number && range.index + range.count === index) range.count += 1;
      else ranges.push(place);
      last = block;
      stored += 1;
    }
    this.#totals.accepted += stored;
    this.#totals.unfinished += stored;
    // A put that stored nothing need not be known: sent again, it finds the same duplicates.
    if (idempotencyKey !== undefined && last !== undefined) {
      const until = now + this.rules.idempotencyMs;
      this.#keys.remember(last.slot, idempotencyKey, contentHashOf(messages), until, ranges);
    }
    return this.#idsOf(ranges);
  }

  #placeOf(dedupeKey: string, now: number): PlaceRange | undefined {
    const known = this.#keys.find(keyOfMessage(dedupeKey), () => 0, now);
    return typeof known === "object" ? known[0] && { ...known[0] } : undefined;
  }

  #rememberMessage(block: Block, dedupeKey: string, now: number, place: PlaceRange): void {
    this.#keys.remember(block.slot, keyOfMessage(dedupeKey), 0, now + this.rules.dedupeMs, [{ ...place }]);
  }

  #idsOf(ranges: PlaceRange[]): string[] {
    const ids: string[] = [];
    for (const { blockNumber, index, count } of ranges) {
      for (let offset = 0; offset < count; offset += 1) {
        ids.push(formatId(this.#incarnation, { blockNumber, index: index + offset }));
      }
    }
    return ids;
  }
}

/** No idempotency key has a space, so none is ever taken for a dedupe key. */
function keyOfMessage(dedupeKey: string): string {
  return ` ${dedupeKey}`;
}
