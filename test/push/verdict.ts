import type { RunNote } from "./notebook.ts";
import type { Note } from "./workers/storm/queues.ts";

/** What was put. */
export interface Put {
  queue: string;
  n: number;
  isPoison: boolean;
}

/** A dead letter, as its queue shows it. */
export interface Dead {
  n: number;
  attempts: number;
}

/** One delivery of a message, as its handler told it. Places are those of notes. */
interface Delivery {
  attempt: number;
  begunAt: number;
  /** When its handler had decided; undefined if it did not come to that. */
  decidedAt: number | undefined;
  isAcked: boolean;
  /** Whether its handler ended with its decision. */
  isOver: boolean;
  group: string | null;
}

/** What a run came to. */
export interface PushVerdict {
  deliveries: number;
  /** Handlers, and how many of them failed: threw, retried all, hung or did not end. */
  handlers: number;
  failed: number;
  /** Deliveries that no handler saw: the server or the object ended between. */
  unseen: number;
  /** Messages that were done for their handler and were delivered again: what it said was lost with the server or the object. */
  again: number;
  /** What is not as it has to be; empty if all is well. */
  faults: string[];
}

/** Holds against each other what was put, what handlers saw, and which messages are dead. */
export function verdictOn(
  puts: readonly Put[],
  notes: readonly (Note | RunNote)[],
  dead: readonly Dead[],
  maxAttempts: number,
): PushVerdict {
  const faults: string[] = [];
  const history = new History(notes, faults);
  const deadByNumber = new Map(dead.map((each) => [each.n, each.attempts]));
  let [unseen, again] = [0, 0];
  for (const put of puts) {
    const deliveries = history.deliveries.get(put.n) ?? [];
    const seen = history.checkAttempts(put, deliveries, deadByNumber.get(put.n));
    unseen += seen.unseen;
    again += seen.again;
    faults.push(...endFaults(put, deliveries, deadByNumber.get(put.n), maxAttempts));
  }
  history.checkGroups();
  const deliveries = [...history.deliveries.values()].reduce((sum, { length }) => sum + length, 0);
  return { deliveries, handlers: history.handlers, failed: history.failed, unseen, again, faults };
}

/** Each message is done for a handler, or dead with its attempts used up. */
function endFaults(
  { n, isPoison, queue }: Put,
  deliveries: readonly Delivery[],
  deadAttempts: number | undefined,
  maxAttempts: number,
): string[] {
  const isHandled = deliveries.some(({ isAcked }) => isAcked);
  if (deadAttempts === undefined && isPoison) return [`${queue} ${n} is not dead, though each attempt failed`];
  if (deadAttempts === undefined) return isHandled ? [] : [`${queue} ${n} was lost`];
  return deadAttempts === maxAttempts ? [] : [`${queue} ${n} is dead after ${deadAttempts} attempts`];
}

class History {
  readonly deliveries = new Map<number, Delivery[]>();
  handlers = 0;
  failed = 0;
  /** The places at which the object of a queue lost its memory. */
  readonly #losses = new Map<string, number[]>();
  readonly #everywhere: number[] = [];
  /** The messages of each group, in the order in which handlers began with them. */
  readonly #groups = new Map<string, { n: number; delivery: Delivery }[]>();
  readonly #faults: string[];

  constructor(notes: readonly (Note | RunNote)[], faults: string[]) {
    this.#faults = faults;
    const byHandler = new Map<number, Map<number, Delivery>>();
    for (const [place, note] of notes.entries()) {
      if (note.kind === "killed") this.#everywhere.push(place);
      if (note.kind === "ended") this.#losses.set(note.queue, [...(this.#losses.get(note.queue) ?? []), place]);
      if (note.kind === "began") byHandler.set(place, this.#begin(place, note));
      if (note.kind === "decided") {
        const begun = byHandler.get(note.handler) ?? new Map<number, Delivery>();
        for (const delivery of begun.values()) delivery.decidedAt = place;
        for (const n of note.acked) Object.assign(begun.get(n) ?? {}, { isAcked: true });
      }
    }
  }

  #begin(place: number, { queue, ending, messages }: Extract<Note, { kind: "began" }>): Map<number, Delivery> {
    this.handlers += 1;
    if (ending !== "returns") this.failed += 1;
    const begun = new Map<number, Delivery>();
    const groups = new Set<string>();
    for (const { n, attempt, group } of messages) {
      const isOver = ending !== "hangs" && ending !== "never";
      const delivery: Delivery = { attempt, begunAt: place, decidedAt: undefined, isAcked: false, isOver, group };
      begun.set(n, delivery);
      this.deliveries.set(n, [...(this.deliveries.get(n) ?? []), delivery]);
      if (group === null) continue;
      if (groups.has(group)) this.#faults.push(`a batch of ${queue} had two messages of ${group}`);
      groups.add(group);
      this.#groups.set(group, [...(this.#groups.get(group) ?? []), { n, delivery }]);
    }
    return begun;
  }

  #wasLostBetween(queue: string, from: number, to: number): boolean {
    return [...this.#everywhere, ...(this.#losses.get(queue) ?? [])].some((place) => place > from && place < to);
  }

  /** Attempts count up, and none is left out but for what the server or the object took with it when it ended. */
  checkAttempts(
    { queue, n }: Put,
    deliveries: readonly Delivery[],
    deadAttempts: number | undefined,
  ): { unseen: number; again: number } {
    let [last, lastPlace, unseen, again] = [0, -1, 0, 0];
    const never = { decidedAt: undefined, isAcked: false, isOver: true, group: null };
    const end: Delivery = { attempt: (deadAttempts ?? 0) + 1, begunAt: Number.POSITIVE_INFINITY, ...never };
    let acked: Delivery | undefined;
    for (const delivery of [...deliveries, ...(deadAttempts === undefined ? [] : [end])]) {
      const { attempt, begunAt } = delivery;
      if (attempt <= last) this.#faults.push(`${queue} ${n} had attempt ${attempt} after ${last}`);
      const missing = attempt - last - 1;
      if (missing > 0 && !this.#wasLostBetween(queue, lastPlace, begunAt))
        this.#faults.push(`${queue} ${n} had attempt ${attempt} after ${last}, and nothing ended between`);
      unseen += Math.max(0, missing);
      if (acked !== undefined) {
        again += 1;
        if (!this.#wasLostBetween(queue, acked.begunAt, begunAt))
          this.#faults.push(`${queue} ${n} was done with attempt ${acked.attempt}, and attempt ${attempt} followed`);
      }
      [last, lastPlace] = [attempt, begunAt];
      acked = delivery.isAcked ? delivery : undefined;
    }
    return { unseen, again };
  }

  /** No two messages of a group are handled at a time, and first attempts come in the order of the puts. */
  checkGroups(): void {
    for (const [group, handled] of this.#groups) {
      let [before, firstBefore]: [(typeof handled)[number] | undefined, number] = [undefined, -1];
      for (const each of handled) {
        const { n, delivery } = each;
        if (before?.delivery.isOver && before.delivery.decidedAt !== undefined) {
          if (before.delivery.decidedAt > delivery.begunAt)
            this.#faults.push(`${n} of ${group} was begun while ${before.n} was handled`);
        }
        if (delivery.attempt === 1) {
          if (n < firstBefore) this.#faults.push(`${n} of ${group} came after ${firstBefore}`);
          firstBefore = Math.max(firstBefore, n);
        }
        before = each;
      }
    }
  }
}
