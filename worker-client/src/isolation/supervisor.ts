import { QueueError } from "../base/errors.ts";
import { Timer } from "../base/platform.ts";
import { ProcessDied } from "../base/process-died.ts";
import type { Crash } from "../events/worker-events.ts";
import type { Message } from "../message/message.ts";
import { Verdict } from "../workers/verdict.ts";
import { Backoff } from "./backoff.ts";
import type { Child, ChildEvents } from "./child.ts";
import type { Ready } from "./protocol.ts";
import { type RunnerEnd, type RunnerEvents, RunnerLink, type RunnerOptions, START_MS } from "./runner-link.ts";

/** What a supervisor tells. */
export interface SupervisorEvents {
  /**
   * A runner has loaded what is to be run. Returns what is wrong about that, as a sentence; undefined if nothing is.
   */
  ready(ready: Ready): string | undefined;
  /** `capacity` is another one now. */
  changed(): void;
  /** A runner ended without being told to, and another one begins. */
  crashed(crash: Crash): void;
  /** Nothing can be run, and no runner was ever ready: all have ended. */
  failed(error: QueueError): void;
  /** Nothing can be run by a runner that was to replace another one. It is tried again. */
  unusable(error: QueueError): void;
  said: RunnerEvents["said"];
}

/** What is supervised. */
export interface SupervisorOptions extends RunnerOptions {
  /** How many runners. */
  count: number;
  /** Starts a thread or process. */
  open: (events: ChildEvents) => Child;
}

/** A place of one runner: when it ends, another one takes the place. */
interface Place {
  runner: RunnerLink | undefined;
  backoff: Backoff;
  /** Runs while one is waited for that begins later. */
  timer: Timer | undefined;
}

/** Keeps the threads or processes that run handlers, and gives each message to the one that has the least to do. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #events: SupervisorEvents;
  readonly #places: Place[];
  readonly #allEnded = Promise.withResolvers<void>();
  #wasReady = false;
  /** Whether no other runner begins. */
  #isStopping = false;
  /** Whether the end of all runners is awaited. */
  #isEnding = false;
  /** The name of the queue, once it is known. */
  #queue = "";

  /** Starts the threads or processes. */
  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.#options = options;
    this.#events = events;
    this.#places = Array.from({ length: options.count }, () => {
      return { runner: undefined, backoff: new Backoff(), timer: undefined };
    });
    for (const place of this.#places) this.#start(place);
  }

  /** How many messages handlers can have at the same time, now: those that they have and that are waited for, and more. */
  get capacity(): number {
    let capacity = 0;
    for (const { runner } of this.#places) if (runner !== undefined) capacity += runner.awaited + runner.room;
    return capacity;
  }

  /** Runs the handler of a message. Gives the message back if there is no room, as just after a crash. */
  run(message: Message<unknown>): Promise<Verdict | undefined> {
    let chosen: RunnerLink | undefined;
    for (const { runner } of this.#places) {
      if (runner === undefined || runner.room === 0) continue;
      if (chosen === undefined || runner.load < chosen.load) chosen = runner;
    }
    return chosen?.run(message) ?? Promise.resolve(new Verdict({ verb: "release", delaySeconds: 0 }));
  }

  /** A connection to the server is open. */
  connected(): void {
    for (const { runner } of this.#places) runner?.connected();
  }

  /** Nothing more is run: none is started any more, and those that have not loaded their modules end. */
  stop(): void {
    this.#isStopping = true;
    for (const { timer, runner } of this.#places) {
      timer?.clear();
      if (runner?.isLoading) runner.end();
    }
  }

  /** Ends all when what they have in hand has ended; those that take long are killed. */
  async end(): Promise<void> {
    this.#beginEnd();
    for (const { runner } of this.#places) runner?.end();
    await this.#allEnded.promise;
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#beginEnd();
    for (const { runner } of this.#places) runner?.kill();
    await this.#allEnded.promise;
  }

  #beginEnd(): void {
    this.stop();
    this.#isEnding = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#isEnding && this.#places.every(({ runner }) => runner === undefined)) this.#allEnded.resolve();
  }

  #start(place: Place): void {
    let wrong: string | undefined;
    const runner = new RunnerLink(this.#options.open, this.#options, {
      ready: (ready) => {
        wrong = this.#events.ready(ready);
        if (wrong === undefined) {
          this.#wasReady = true;
          this.#queue = ready.queue;
          this.#events.changed();
        } else runner.kill();
      },
      changed: () => this.#events.changed(),
      said: this.#events.said,
      ended: (end) => {
        place.runner = undefined;
        this.#ended(place, wrong === undefined ? end : { ...end, unusable: { text: wrong, status: 1 } });
      },
    });
    place.runner = runner;
  }

  #ended(place: Place, end: RunnerEnd): void {
    settleRuns(end, (message) => diedOf(end, message, this.#queue));
    if (!this.#isStopping) this.#replace(place, end);
    else if (!end.wasTold) this.#crashed(end, undefined);
    this.#events.changed();
    this.#endIfDone();
  }

  #replace(place: Place, end: RunnerEnd): void {
    const unusable = unusableOf(end);
    if (unusable !== undefined && !this.#wasReady) {
      this.#fail(unusable);
      return;
    }
    if (unusable === undefined && end.wasTold) {
      this.#start(place);
      return;
    }
    const delayMs = place.backoff.next(end.livedMs);
    if (unusable === undefined) this.#crashed(end, delayMs / 1_000);
    else this.#events.unusable(unusable);
    place.timer = new Timer(delayMs, () => {
      place.timer = undefined;
      this.#start(place);
    });
  }

  #crashed({ kind, id, how }: RunnerEnd, restartSeconds: number | undefined): void {
    this.#events.crashed({ kind, id, reason: how, restartSeconds });
  }

  /** The first failure ends all. */
  #fail(error: QueueError): void {
    void this.kill().then(() => this.#events.failed(error));
  }
}

/** Settles what a runner had in hand when it ended: each attempt that had begun counts, unless the runner was ended here. */
function settleRuns({ runs, wasTold }: RunnerEnd, died: (message: Message<unknown>) => QueueError): void {
  for (const run of runs) {
    if (run.isBegun && !wasTold) run.fail(died(run.message));
    else run.release();
  }
}

/** Why what a runner was to load cannot be used; undefined if that is not what ended it. */
function unusableOf({ unusable, wasReady, wasLate, isOwnDoing, kind, how }: RunnerEnd): QueueError | undefined {
  const text = () => {
    if (unusable !== undefined) return unusable.text;
    if (wasLate) {
      return `The module of the tasks had not loaded in a ${kind} after ${START_MS / 1_000} seconds: let it define tasks alone, and begin with what takes long in their handlers.`;
    }
    return `The ${kind} that loaded the module of the tasks ${how}: let the module define tasks alone.`;
  };
  const isUnusable = unusable !== undefined || (!wasReady && (wasLate || isOwnDoing));
  return isUnusable ? new QueueError(text(), { code: "handler_unusable" }) : undefined;
}

function diedOf({ kind, id, how }: RunnerEnd, message: Message<unknown>, queue: string): ProcessDied {
  const error = new ProcessDied(`The ${kind} ${id} that ran message ${message.id} of ${queue} ${how}.`, { queue });
  // Where it is made says nothing of where it happened.
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
