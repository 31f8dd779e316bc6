import { LIST_BYTES_MAX } from "../contract/limits.ts";
import { utf8Bytes } from "./base/bytes.ts";
import type { MessageState, Page, View } from "./base/commands.ts";
import { formatId, parseId } from "./base/receipt.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { LineWindow } from "./store/payload-cache.ts";
import type { Block } from "./store/segment.ts";
import { DEAD, DELAYED, LEASED, MOVING, VISIBLE } from "./store/states.ts";

/** Messages looked through in one call, so that no call takes long: a page may be short, or even empty. */
const LOOKED_AT_MAX = 20_000;

/** Shows messages without taking them, in the order of their puts. */
export class Viewer {
  readonly #incarnation: string;
  readonly #backlog: Backlog;
  readonly #window: LineWindow;

  constructor(incarnation: string, backlog: Backlog, window: LineWindow) {
    this.#incarnation = incarnation;
    this.#backlog = backlog;
    this.#window = window;
  }

  /** The place of a message that is still here. */
  find(id: string): { block: Block; index: number } | undefined {
    const place = parseId(this.#incarnation, id);
    const block = place && this.#backlog.blockAt(place);
    if (place === undefined || block === undefined) return undefined;
    return stateOf(block, place.index) === undefined ? undefined : { block, index: place.index };
  }

  view({ block, index }: { block: Block; index: number }): View {
    const state = stateOf(block, index) as MessageState;
    const { error, reason = "max_attempts" } = block.noteOf(index);
    const until = state === "visible" || state === "moving" ? undefined : block.visibleAtOf(index);
    return {
      id: formatId(this.#incarnation, { blockNumber: block.number, index }),
      state,
      attempts: block.attemptsOf(index),
      ...(until === undefined ? {} : { until }),
      group: this.#backlog.groups.groupOf(block, index),
      lastError: error,
      ...(state === "dead" ? { reason } : {}),
      line: this.#window.line(block, index),
    };
  }

  /**
   * Messages after the one that the cursor names, in this state or any; about `LIST_BYTES_MAX` of them.
   *
   * @param cursor what the page before gave; empty for the first page
   */
  list(state: MessageState | undefined, cursor: string, limit: number): Page {
    const views: View[] = [];
    let last = parseId(this.#incarnation, cursor) ?? { blockNumber: 0, index: 0 };
    let lookedAt = 0;
    let bytes = 0;
    for (const block of this.#backlog.blocks()) {
      if (block.number < last.blockNumber || !mayHave(block, state)) continue;
      for (let index = block.number === last.blockNumber ? last.index + 1 : 0; index < block.count; index += 1) {
        if (views.length === limit || lookedAt === LOOKED_AT_MAX || bytes >= LIST_BYTES_MAX) {
          return { views, bytes, cursor: formatId(this.#incarnation, last) };
        }
        const found = stateOf(block, index);
        if (found !== undefined && (state === undefined || found === state)) {
          const view = this.view({ block, index });
          views.push(view);
          bytes += utf8Bytes(view.line);
        }
        last = { blockNumber: block.number, index };
        lookedAt += 1;
      }
    }
    return { views, bytes, cursor: null };
  }
}

function mayHave(block: Block, state: MessageState | undefined): boolean {
  return state === undefined || block[state] > 0;
}

/** Undefined for a message that is gone. */
function stateOf(block: Block, index: number): MessageState | undefined {
  switch (block.standingOf(index)) {
    case VISIBLE:
      return "visible";
    case DELAYED:
      return "delayed";
    case LEASED:
      return "leased";
    case DEAD:
      return "dead";
    case MOVING:
      return "moving";
    default:
      return undefined;
  }
}
