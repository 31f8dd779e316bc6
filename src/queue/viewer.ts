import { LIST_BYTES_MAX } from "../contract/limits.ts";
import type { MessageState } from "../contract/states.ts";
import { utf8Bytes } from "./base/bytes.ts";
import type { Page, Refusal, View } from "./base/commands.ts";
import { formatId, type Place, parseId } from "./base/receipt.ts";
import { unknownCursor } from "./base/refusals.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { attemptsOf } from "./store/attempts.ts";
import { putAtOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { GONE, NAME_OF } from "./store/states.ts";
import { firstPresent } from "./store/visible-range.ts";

/** Messages looked through in one call, so that no call takes long: a page may be short, or even empty. */
const LOOKED_AT_MAX = 20_000;

/** Shows messages without taking them, in the order of their puts, or of the changes that moved them. */
export class Viewer {
  readonly #idPrefix: string;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;

  constructor(idPrefix: string, backlog: Backlog, payloads: Payloads) {
    this.#idPrefix = idPrefix;
    this.#backlog = backlog;
    this.#payloads = payloads;
  }

  /** When the oldest message was put, in milliseconds; undefined if there is none. */
  oldestPutAt(): number | undefined {
    const oldest = this.#backlog.oldestOfEachKind();
    const putTimes = oldest.map((segment) => putAtOf(this.#payloads.of(segment, firstPresent(segment))));
    const oldestPutAt = Math.min(...putTimes, this.#backlog.moved.oldestPutAt);
    return oldestPutAt === Number.POSITIVE_INFINITY ? undefined : oldestPutAt;
  }

  /** The place of a message that is still here. */
  find(id: string): PlacedMessage | undefined {
    const place = parseId(this.#idPrefix, id);
    const found = place && this.#backlog.moved.find(place);
    return found === undefined || stateOf(found.segment, found.index) === undefined ? undefined : found;
  }

  view({ segment, index }: PlacedMessage): View {
    const state = stateOf(segment, index) as MessageState;
    const { error, reason = "max_attempts" } = segment.noteOf(index);
    const until = state === "visible" || state === "transferring" ? undefined : segment.visibleAtOf(index);
    return {
      id: formatId(this.#idPrefix, segment.originOf(index)),
      state,
      attempts: attemptsOf(segment, index),
      ...(until === undefined ? {} : { until }),
      group: this.#backlog.groups.groupOf(segment, index),
      lastError: error,
      ...(state === "dead" ? { reason } : {}),
      payload: this.#payloads.of(segment, index),
    };
  }

  /**
   * Messages after the one that the cursor names, in this state or any; about `LIST_BYTES_MAX` of them. Refused for the
   * cursor of another queue's list.
   *
   * @param cursor what the page before gave, or one of its messages; empty for the first page
   */
  list(state: MessageState | undefined, cursor: string, limit: number): ({ verb: "messages" } & Page) | Refusal {
    const views: View[] = [];
    const from = cursor === "" ? { segmentNumber: 0, index: 0 } : parseId(this.#idPrefix, cursor);
    if (from === undefined) return unknownCursor();
    let last: Place = from;
    let lookedAt = 0;
    let bytes = 0;
    for (const segment of this.#backlog.segments()) {
      if (segment.number < last.segmentNumber || !mayHave(segment, state)) continue;
      for (let index = segment.number === last.segmentNumber ? last.index + 1 : 0; index < segment.count; index += 1) {
        if (views.length === limit || lookedAt === LOOKED_AT_MAX || bytes >= LIST_BYTES_MAX) {
          return { verb: "messages", views, bytes, cursor: formatId(this.#idPrefix, last) };
        }
        const found = stateOf(segment, index);
        if (found !== undefined && (state === undefined || found === state)) {
          const view = this.view({ segment, index });
          const place = { segmentNumber: segment.number, index };
          views.push(segment.holdsMoved ? { ...view, cursor: formatId(this.#idPrefix, place) } : view);
          bytes += utf8Bytes(view.payload);
        }
        last = { segmentNumber: segment.number, index };
        lookedAt += 1;
      }
    }
    return { verb: "messages", views, bytes, cursor: null };
  }
}

function mayHave(segment: Segment, state: MessageState | undefined): boolean {
  return state === undefined || segment.counts[state] > 0;
}

/** Undefined for a message that is gone. */
function stateOf(segment: Segment, index: number): MessageState | undefined {
  const state = segment.stateOf(index);
  return state === GONE ? undefined : NAME_OF[state];
}
