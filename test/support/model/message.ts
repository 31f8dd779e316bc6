import type { DeathReason } from "../../../src/contract/states.ts";
import type { JobError, JobView, MessageRules } from "../../../src/queue/base/commands.ts";

/** A job as it should be shown, but for its id. Of an error that the queue makes itself, only the name is known. */
export type ModelView = Omit<JobView, "id" | "error"> & { error?: Partial<JobError> | undefined };

export interface ModelMessage {
  name: string;
  priority: number;
  group: string | undefined;
  /** Assigned when the real queue has answered the put. */
  id: string;
  /** Where it is, in the form of an id, if it is not where its id says. */
  place: string | undefined;
  putAt: number;
  /** From when on its retention counts. */
  since: number;
  visibleAt: number;
  leased: boolean;
  /** Whether it is known of its lease that a handler has begun with it, and since when. */
  begunAt: number | undefined;
  /** When its lease would have ended that a pause took back. */
  takenBackUntil: number;
  deliveries: number;
  /** Deliveries that are over and that no handler began with. */
  unbegun: number;
  /** Attempts before the last redrive, which do not count. */
  spared: number;
  isDead: boolean;
  /** The queue in which it died, if it came from there. */
  source: string;
  /** The transfer that it is in. */
  transfer: number | undefined;
  lastError: string | undefined;
  /** The text of its headers. */
  headers: string | undefined;
  rules: MessageRules | undefined;
  /** Whether it was dead and redriven. */
  hasDied: boolean;
  /** Why it is dead; undefined where its attempts are used up. */
  reason: DeathReason | undefined;
  /** The newest that was said of it while it was leased. */
  progress: string | undefined;
  /** How it ended last, if that is kept. It may have expired. */
  outcome: (ModelView & { until: number }) | undefined;
}

export interface ModelPut {
  name: string;
  priority: number;
  delayMs: number;
  visibleAt?: number | undefined;
  dedupeKey?: string | undefined;
  isDedupedUntilDone?: boolean | undefined;
  group?: string | undefined;
  headers?: string | undefined;
  rules?: MessageRules | undefined;
  isJob?: boolean | undefined;
}

export interface ModelLease {
  message: ModelMessage;
  /** Which delivery it is. */
  delivery: number;
}

export interface ModelDelivery extends ModelLease {
  attempt: number;
  lastError: string | undefined;
}

/** How often a handler has begun with a message. */
export function attemptsOf({ deliveries, unbegun, leased, begunAt }: ModelMessage): number {
  return deliveries - unbegun - (leased && begunAt === undefined ? 1 : 0);
}

/** What holds for it instead of the queue's settings: nothing if it died in another queue. */
export function rulesOf({ rules = {}, source }: ModelMessage): MessageRules {
  return source === "" ? rules : {};
}

export type ModelOrder = "fifo" | "lifo" | "priority";

/** What the orders mean, on messages in the order of their puts. */
export const ORDERS: Record<ModelOrder, (messages: ModelMessage[]) => ModelMessage[]> = {
  fifo: (messages) => messages,
  lifo: (messages) => messages.toReversed(),
  priority: (messages) => messages.toSorted((a, b) => a.priority - b.priority),
};

export function byPlace(messages: ModelMessage[]): ModelMessage[] {
  return messages.length > 1 ? messages.toSorted((a, b) => comparePlaces(a.place ?? a.id, b.place ?? b.id)) : messages;
}

/** Ids name places: segment and index are numbers in them. */
export function comparePlaces(a: string, b: string): number {
  const [segmentA = 0, indexA = 0] = a.split("-").slice(1).map(Number);
  const [segmentB = 0, indexB = 0] = b.split("-").slice(1).map(Number);
  return segmentA - segmentB || indexA - indexB;
}
