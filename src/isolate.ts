/**
 * All state that the requests and the objects of one server share in one isolate, and that is not stored. An isolate is one
 * JavaScript heap: locally there is one for the whole server; hosted there are many, which come and go. So no correct answer
 * may depend on it: it saves work, and keeps failures from being repeated.
 */

import { KnownKeys } from "./api/keys/principals.ts";
import { ByteLedger } from "./byte-ledger.ts";
import { IdleCollection } from "./idle-collection.ts";

/** Queues that an isolate remembers, in each of the maps below. About 2 MB each at most. */
const QUEUES_REMEMBERED_MAX = 10_000;

/** For how long after a write failed for lack of room no write is tried, in milliseconds. */
export const FULL_MS = 1_000;

/** A map that forgets the entry that was set longest ago when it has more than its bound. */
export class BoundedMap<Value> {
  readonly #max: number;
  readonly #values = new Map<string, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#values.size;
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    if (this.#values.size <= this.#max) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  delete(name: string): void {
    this.#values.delete(name);
  }
}

/**
 * Queues that exist, or existed a moment ago: requests for them go to their objects. For other names the directory is
 * asked first, so that a guessed name does not cost an object.
 */
export class KnownQueues {
  readonly #names: BoundedMap<true>;

  /** @param max beyond it the name that was used longest ago is forgotten, which costs a call of the directory */
  constructor(max: number) {
    this.#names = new BoundedMap(max);
  }

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.get(name) === true;
  }

  add(name: string): void {
    this.#names.set(name, true);
  }

  /** Notes that the queue does not exist. */
  forget(name: string): void {
    this.#names.delete(name);
  }
}

/**
 * Commits that failed because there was no room. The platform then resets the queue's object at once: the next object
 * learns of the failure here, and does not fail in the same way immediately.
 */
export class FailedCommits {
  readonly #begun: BoundedMap<number>;
  readonly #fullAt: BoundedMap<number>;
  #lastFullAt = Number.NEGATIVE_INFINITY;

  /** @param max queues; beyond it the oldest failure is forgotten, and its queue tries to write */
  constructor(max: number) {
    this.#begun = new BoundedMap(max);
    this.#fullAt = new BoundedMap(max);
  }

  /** Notes that a queue begins to store its commit of this number. */
  begin(name: string, commit: number): void {
    this.#begun.set(name, commit);
  }

  /** Notes that the commits of a queue are stored, or were undone. */
  end(name: string): void {
    this.#begun.delete(name);
  }

  /** Notes that there was no room for a write of this queue. */
  noteFull(name: string, now: number): void {
    this.#fullAt.set(name, now);
    this.#lastFullAt = now;
  }

  /**
   * Until when this queue should not write, in milliseconds.
   *
   * @param stored the number of the newest commit that is stored: if a newer one was begun, that one failed
   */
  fullUntil(name: string, stored: number, now: number): number {
    const begun = this.#begun.get(name);
    this.#begun.delete(name);
    if (begun !== undefined && begun > stored) this.noteFull(name, now);
    return (this.#fullAt.get(name) ?? Number.NEGATIVE_INFINITY) + FULL_MS;
  }

  /** Whether there was no room for some queue a moment ago. */
  isAnyFull(now: number): boolean {
    return now < this.#lastFullAt + FULL_MS;
  }
}

/** Memory for all requests over HTTP while they are read and until they are answered, in bytes. */
export const REQUESTS_BYTES_MAX = 24 * 1024 * 1024;

/** Memory for all replies over HTTP until their clients have read them, in bytes. */
export const REPLIES_BYTES_MAX = 16 * 1024 * 1024;

/** How long a failed commit is remembered, in milliseconds: longer than clients take to reconnect and send again. */
const FAILURE_REMEMBERED_MS = 60_000;

/**
 * Queues whose object was reset because a commit failed, and the number of its commands. Their callers send them again to
 * a new object, which must not put them into one commit again: the command that made it fail would fail the others for
 * ever.
 */
class RecentFailures {
  readonly #byName: BoundedMap<{ commands: number; until: number }>;

  /** @param max queues; beyond it the oldest failure is forgotten */
  constructor(max: number) {
    this.#byName = new BoundedMap(max);
  }

  /** Notes that a commit failed and that the object is reset. */
  note(name: string, commands: number, now: number): void {
    this.#byName.set(name, { commands, until: now + FAILURE_REMEMBERED_MS });
  }

  /** How many commands are committed each in a batch of its own: as many as the failed commit had. Forgets the failure. */
  take(name: string, now: number): number {
    const failure = this.#byName.get(name);
    this.#byName.delete(name);
    return failure !== undefined && failure.until > now ? failure.commands : 0;
  }
}

/** The state of one server in one isolate: its Worker's handler and its objects share it. Each server has one of its own. */
export class IsolateState {
  readonly idleCollection = new IdleCollection();
  readonly keys = new KnownKeys();
  readonly requestBytes = new ByteLedger(REQUESTS_BYTES_MAX);
  readonly replyBytes = new ByteLedger(REPLIES_BYTES_MAX);
  readonly recentFailures = new RecentFailures(QUEUES_REMEMBERED_MAX);
  readonly knownQueues = new KnownQueues(QUEUES_REMEMBERED_MAX);
  readonly failedCommits = new FailedCommits(QUEUES_REMEMBERED_MAX);
  /**
   * Queues with a stored row that was found damaged when it was needed, each with the fault. Their objects load without
   * finding it, and would fail with each request that needs that row.
   */
  readonly damagedQueues = new BoundedMap<string>(QUEUES_REMEMBERED_MAX);
}
