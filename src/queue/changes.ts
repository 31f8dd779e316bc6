import { utf8Bytes } from "./base/bytes.ts";
import type { Command, MessageChanges, Refusal, Result } from "./base/commands.ts";
import type { QueueState } from "./base/queue-state.ts";
import { changeTooLarge, notWaiting, overloaded, storageFull, unknownMessage } from "./base/refusals.ts";
import { REWRITTEN_BYTES_MAX } from "./base/row-budget.ts";
import type { Leases } from "./leases.ts";
import type { Retention } from "./retention.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { MOVED_MESSAGES_MAX } from "./schedule/moved-messages.ts";
import { changedPayload, plannedAtOf, putAtOf, rulesOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import type { RowTable } from "./store/row-table.ts";
import { DELAYED, GONE, NAME_OF, type Transition, VISIBLE } from "./store/states.ts";
import type { Viewer } from "./viewer.ts";

/** What changes are made of. */
interface ChangeParts {
  backlog: Backlog;
  rows: RowTable;
  payloads: Payloads;
  leases: Leases;
  retention: Retention;
  viewer: Viewer;
}

/** Changes messages that wait: those that are visible or delayed. The id of a message stays the same. */
export class MessageChanger {
  readonly #state: QueueState;
  readonly #parts: ChangeParts;

  constructor(state: QueueState, parts: ChangeParts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** A message keeps its place, but for one with another priority in a priority queue: it is the last of that priority. */
  change({ id, changes }: Extract<Command, { verb: "change" }>, now: number): Result {
    const place = this.#waiting(id);
    if ("verb" in place) return place;
    if (this.#state.isStorageFull) return storageFull();
    const { segment } = place;
    const { priority = segment.priority } = changes;
    const isMoved = this.#state.configuration.order === "priority" && priority !== segment.priority;
    const changed = isMoved ? this.#move(place, priority, changes, now) : this.#changeInPlace(place, changes, now);
    return "verb" in changed ? changed : { verb: "change", view: this.#parts.viewer.view(changed) };
  }

  /** Makes a delayed message visible, also one that waits for its next attempt. A visible message stays as it is. */
  promote(id: string, now: number): Result {
    const place = this.#waiting(id);
    if ("verb" in place) return place;
    const changed = this.#changeInPlace(place, { visibleAt: now }, now);
    return "verb" in changed ? changed : { verb: "promote", view: this.#parts.viewer.view(place) };
  }

  #waiting(id: string): PlacedMessage | Refusal {
    const place = this.#parts.viewer.find(id);
    const state = place?.segment.stateOf(place.index) ?? GONE;
    if (place === undefined || state === GONE) return unknownMessage();
    return state === VISIBLE || state === DELAYED ? place : notWaiting(NAME_OF[state]);
  }

  #changeInPlace(place: PlacedMessage, changes: MessageChanges, now: number): PlacedMessage | Refusal {
    const { segment, index } = place;
    const { backlog, rows, payloads, leases, retention } = this.#parts;
    const before = payloads.of(segment, index);
    const { payload, transition, isPlanned } = this.#planned(place, changes, now);
    if (payload !== before) {
      const bytesMore = utf8Bytes(payload) - utf8Bytes(before);
      const bytesMax = segment.count === 1 ? Number.POSITIVE_INFINITY : REWRITTEN_BYTES_MAX;
      // Priorities and times are so short that there is always room for them.
      const isTextChanged = changes.content !== undefined || changes.headers !== undefined;
      if (isTextChanged && bytesMore > 0 && segment.bytes + bytesMore > bytesMax) {
        return changeTooLarge(utf8Bytes(payload), Math.max(0, bytesMax - segment.bytes + utf8Bytes(before)));
      }
      payloads.rewrite(segment, index, payload);
      segment.bytes += bytesMore;
      rows.appended(segment);
    }
    if (isPlanned) segment.note(index, { redrivenAt: undefined });
    retention.changed(segment);
    leases.forgetTakenBack(segment, index);
    const isStill = transition.state === VISIBLE && segment.stateOf(index) === VISIBLE;
    if (!isStill && transition.visibleAt !== segment.visibleAtOf(index)) {
      backlog.move(segment, index, transition.state, transition.visibleAt);
    }
    return place;
  }

  #move(place: PlacedMessage, priority: number, changes: MessageChanges, now: number): PlacedMessage | Refusal {
    const { segment, index } = place;
    const { backlog, payloads, leases } = this.#parts;
    if (backlog.moved.isFull) {
      return overloaded(
        `${MOVED_MESSAGES_MAX} messages have another priority than they were put with, and no more may`,
      );
    }
    const { payload, transition, isPlanned } = this.#planned(place, changes, now);
    if (isPlanned) segment.note(index, { redrivenAt: undefined });
    const group = backlog.groups.groupOf(segment, index);
    leases.forgetTakenBack(segment, index);
    const move = { ...transition, putAt: putAtOf(payload), rules: rulesOf(payload), now };
    const to = backlog.moveToPriority(place, priority, utf8Bytes(payload), move);
    payloads.add(to.segment, payload, group);
    backlog.changed(to.segment, to.index);
    return to;
  }

  /** What a message will be. Its retention counts from a time that is planned anew, as if it had been put for that time. */
  #planned({ segment, index }: PlacedMessage, changes: MessageChanges, now: number) {
    const payload = this.#parts.payloads.of(segment, index);
    const { visibleAt, delayMs, ...texts } = changes;
    const dueAt = visibleAt ?? (delayMs === undefined ? undefined : now + delayMs);
    const isVisible = segment.stateOf(index) === VISIBLE;
    const transition: Transition = { state: isVisible ? VISIBLE : DELAYED, visibleAt: segment.visibleAtOf(index) };
    let plannedAt: number | undefined;
    if (dueAt !== undefined && dueAt > now) {
      plannedAt = dueAt;
      Object.assign(transition, { state: DELAYED, visibleAt: dueAt });
    } else if (dueAt !== undefined && !isVisible) {
      if (plannedAtOf(payload) > now) plannedAt = now;
      Object.assign(transition, { state: VISIBLE, visibleAt: now });
    }
    const isPlanned = plannedAt !== undefined;
    return { payload: changedPayload(payload, { ...texts, plannedAt }), transition, isPlanned };
  }
}
