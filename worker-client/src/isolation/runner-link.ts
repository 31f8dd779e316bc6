import { afterReading, Timer } from "../base/platform.ts";
import type { Message } from "../message/message.ts";
import { Ahead } from "./ahead.ts";
import type { Child, ChildEnd, ChildEvents } from "./child.ts";
import { makeCall } from "./handler-calls.ts";
import type { FromRunner, HandlerCall, Ready, ToRunner } from "./protocol.ts";
import { Run } from "./run.ts";
import { sentError } from "./sent-errors.ts";

/** How long a runner may take to load its module, in milliseconds. */
export const START_MS = 60_000;

/** How long a runner that was told to end may take, in milliseconds, before it is killed. */
const END_MS = 4_000;

/** How long it may take, in milliseconds, where the worker does not wait for its handlers any more. */
const GIVEN_UP_MS = 1_000;

/** The most messages that are sent to a runner together: their texts are one. */
const SENT_TOGETHER_MAX = 64;

/** How a runner ended. */
export interface RunnerEnd extends ChildEnd {
  kind: Child["kind"];
  id: number;
  /** Whether it was told to, or was killed here. */
  wasTold: boolean;
  wasReady: boolean;
  /** Whether it was killed because it had not loaded its module in time. */
  wasLate: boolean;
  /** What it said cannot be used. */
  unusable: { text: string; status: 1 | 2 } | undefined;
  /** Since it was started, in milliseconds. */
  livedMs: number;
  /** What it had in hand. */
  runs: readonly Run[];
}

/** What a runner tells the supervisor. */
export interface RunnerEvents {
  ready(ready: Ready): void;
  /** It has more room, or less; or the worker waits for fewer of its messages. */
  changed(): void;
  ended(end: RunnerEnd): void;
  said(said: Extract<FromRunner, { kind: "log" | "error" | "extra" }>, message: Message<unknown> | undefined): void;
}

/** How a runner is used. */
export interface RunnerOptions {
  /** How many messages it works on at the same time. */
  concurrency: number;
  tasksMax: number | undefined;
  /** Whether messages may be sent ahead of the handlers that run. */
  sendsAhead: boolean;
  start: Omit<Extract<ToRunner, { kind: "start" }>, "kind" | "concurrency">;
}

/** A thread or process that runs handlers, as it is seen from here. */
export class RunnerLink {
  readonly #options: RunnerOptions;
  readonly #events: RunnerEvents;
  readonly #child: Child;
  readonly #beganAt = performance.now();
  readonly #runs = new Map<number, Run>();
  #sending: ToRunner[] = [];
  #state: "loading" | "ready" | "ending" | "over" = "loading";
  #wasReady = false;
  #wasTold = false;
  #wasLate = false;
  #unusable: RunnerEnd["unusable"];
  /** How many messages it was given. */
  #given = 0;
  /** How many of those in its hands the worker does not wait for. */
  #left = 0;
  #dying: string | undefined;
  #timer: Timer;
  readonly #ahead: Ahead;

  constructor(open: (events: ChildEvents) => Child, options: RunnerOptions, events: RunnerEvents) {
    this.#options = options;
    this.#events = events;
    // They begin in the order in which they were sent.
    const stuck = () => {
      const runs = [...this.#runs];
      // Where these have not begun, it is the runner that is slow, and what it does next is not known.
      if (runs.slice(0, options.concurrency).some(([, { isBegun }]) => !isBegun)) {
        this.#ahead.watch();
        return;
      }
      // What is said to have begun may have ended, which a handler that blocks lets it say later.
      const ahead = runs.slice(options.concurrency).flatMap(([number, { isBegun }]) => (isBegun ? [] : [number]));
      if (ahead.length === 0) return;
      this.#send({ kind: "taken", runs: ahead });
      this.#giveBack(ahead);
    };
    this.#ahead = new Ahead(options.concurrency, !options.sendsAhead || options.tasksMax !== undefined, stuck);
    this.#child = open({
      heard: (messages) => {
        for (const message of messages) this.#heard(message);
      },
      ended: (end) => this.#ended(end),
    });
    this.#timer = new Timer(START_MS, () => afterReading(() => this.#endLate()));
    this.#send({ kind: "start", ...options.start, concurrency: options.concurrency });
  }

  get id(): number {
    return this.#child.id;
  }

  get isLoading(): boolean {
    return this.#state === "loading";
  }

  /** How many messages the worker waits for that are in its hands. */
  get awaited(): number {
    return this.#runs.size - this.#left;
  }

  /** How many more messages it can begin with. */
  get room(): number {
    if (this.#state !== "ready") return 0;
    const { concurrency, tasksMax = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(0, Math.min(concurrency + this.#ahead.size - this.#runs.size, tasksMax - this.#given));
  }

  /** How many messages are in its hands. */
  get load(): number {
    return this.#runs.size;
  }

  /** Runs the handler of a message. */
  run(message: Message<unknown>): Run["verdict"] {
    const number = this.#given;
    const run = new Run(message, {
      abort: (reason) => this.#send({ kind: "abort", run: number, error: sentError(reason) }),
      overdue: () => this.kill(),
      left: () => {
        this.#left += 1;
        this.#events.changed();
      },
    });
    const isAhead = this.#runs.size >= this.#options.concurrency;
    this.#given += 1;
    this.#runs.set(number, run);
    this.#send({ kind: "run", run: number, message: message.received, isAhead });
    this.#watchAhead();
    return run.verdict;
  }

  /** A connection to the server is open: what it keeps in memory alone is told again. */
  connected(): void {
    for (const run of this.#runs.values()) run.tellAgain();
  }

  /** Ends it, when what it has in hand has ended. */
  end(): void {
    if (this.#state === "over" || this.#state === "ending") return;
    const isLoading = this.#state === "loading";
    this.#state = "ending";
    this.#wasTold = true;
    this.#timer.clear();
    if (isLoading) {
      this.#child.kill();
      return;
    }
    this.#timer = new Timer(this.#left > 0 ? GIVEN_UP_MS : END_MS, () => this.#child.kill());
    if (this.#runs.size === 0) this.#send({ kind: "end" });
  }

  /** Ends it at once. */
  kill(): void {
    if (this.#state === "over") return;
    this.#state = "ending";
    this.#wasTold = true;
    this.#child.kill();
  }

  /** What is said in one turn is sent together. */
  #send(message: ToRunner): void {
    this.#sending.push(message);
    if (this.#sending.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#sending;
    this.#sending = [];
    if (this.#state === "over") return;
    for (let begin = 0; begin < messages.length; begin += SENT_TOGETHER_MAX) {
      this.#child.send(messages.slice(begin, begin + SENT_TOGETHER_MAX));
    }
  }

  #heard(message: FromRunner): void {
    if (message.kind === "ended") this.#runEnded(message);
    else if (message.kind === "returned") this.#giveBack(message.runs);
    else if (message.kind === "begun") {
      this.#ahead.heard();
      for (const number of message.runs) {
        const run = this.#runs.get(number);
        if (run !== undefined) run.isBegun = true;
      }
    } else if (message.kind === "call") void this.#call(message.call, message.made);
    else if (message.kind === "ready") this.#ready(message.ready);
    else if (message.kind === "unusable") this.#unusable = message;
    else if (message.kind === "dying") this.#dying = message.text;
    else if (message.kind === "error") this.#events.said(message, this.#runOf(message.receipt)?.message);
    else this.#events.said(message, undefined);
  }

  /** What waits there is watched as long as there is any. */
  #watchAhead(): void {
    if (this.#runs.size > this.#options.concurrency) this.#ahead.watch();
    else this.#ahead.clear();
  }

  #runOf(receipt: string | undefined): Run | undefined {
    for (const run of this.#runs.values()) if (run.message.receipt === receipt) return run;
    return undefined;
  }

  /** It has not loaded its module in time. */
  #endLate(): void {
    if (this.#state !== "loading") return;
    this.#wasLate = true;
    this.#child.kill();
  }

  #ready(ready: Ready): void {
    if (this.#state !== "loading") return;
    this.#timer.clear();
    this.#state = "ready";
    this.#wasReady = true;
    this.#events.ready(ready);
  }

  #runEnded({ run: number, outcome, ms }: Extract<FromRunner, { kind: "ended" }>): void {
    this.#ahead.ran(ms);
    const run = this.#runs.get(number);
    if (run === undefined) return;
    this.#runs.delete(number);
    if (!run.isAwaited) this.#left -= 1;
    this.#watchAhead();
    run.ended(outcome);
    const { tasksMax } = this.#options;
    if (this.#runs.size === 0) {
      if (this.#state === "ending") this.#send({ kind: "end" });
      else if (tasksMax !== undefined && this.#given >= tasksMax) this.end();
    }
    this.#events.changed();
  }

  /** Messages that wait behind a handler that takes long are given back, for others. */
  #giveBack(numbers: readonly number[]): void {
    this.#ahead.reset();
    for (const number of numbers) {
      const run = this.#runs.get(number);
      if (run === undefined) continue;
      this.#runs.delete(number);
      if (!run.isAwaited) this.#left -= 1;
      run.release();
    }
    // Others may have been sent before this was heard.
    this.#watchAhead();
    if (this.#runs.size === 0 && this.#state === "ending") this.#send({ kind: "end" });
    this.#events.changed();
  }

  async #call(call: number, made: HandlerCall): Promise<void> {
    try {
      const reply = await makeCall(made, (receipt) => this.#runOf(receipt));
      this.#send({ kind: "answer", call, reply });
    } catch (error) {
      this.#send({ kind: "answer", call, error: sentError(error) });
    }
  }

  #ended(end: ChildEnd): void {
    this.#state = "over";
    this.#timer.clear();
    this.#ahead.clear();
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    this.#left = 0;
    const dying = this.#dying === undefined ? end : { how: this.#dying, isOwnDoing: true };
    this.#events.ended({
      ...dying,
      kind: this.#child.kind,
      id: this.#child.id,
      wasTold: this.#wasTold,
      wasReady: this.#wasReady,
      wasLate: this.#wasLate,
      unusable: this.#unusable,
      livedMs: performance.now() - this.#beganAt,
      runs,
    });
  }
}
