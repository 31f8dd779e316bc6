import { setTimeout as sleep } from "node:timers/promises";
import { type Message, type Queue, type QueueDescription, QueueManager } from "../../worker-client/src/index.ts";
import { Random } from "../support/random.ts";
import { type Cuts, CuttingProxy } from "./cutting-proxy.ts";
import { CrashHistory, type Delivery, type Verdict } from "./history.ts";
import { numberOf, received } from "./received.ts";

/** Short, so that what a cut left leased comes back while the test runs. */
const LEASE_SECONDS = 1;
/** Items are of any length up to this, so that cuts come in all parts of frames. */
const PADDING_CHARACTERS = 4_000;
const PUTTERS = 2;
const RECEIVERS = 2;
const WORKERS = 3;
const NAME = "cuts";

export interface CutOptions {
  /** Of the server, on this machine. */
  port: number;
  authkey: string;
  seed: number;
  /** The load ends after so many. */
  cuts: number;
  /** Fails after this, for what should go on has stopped. */
  limitSeconds: number;
  progress?: (cuts: number, history: CrashHistory) => void;
}

export interface CutReport {
  cuts: Cuts;
  verdict: Verdict;
  /** What the queue says in the end. */
  description: QueueDescription;
  /** Whether that is what the clients say. */
  doesQueueAgree: boolean;
}

/**
 * Clients put, receive, work and ack, each through a proxy of its own that cuts its connections at any byte. Then
 * everything is drained and held against what was acknowledged.
 */
export async function runCuts(options: CutOptions): Promise<CutReport> {
  const run = new CutRun(options);
  try {
    await withinLimit(run.load(), options.limitSeconds, "The load did not end.");
    return await withinLimit(run.outcome(), options.limitSeconds, "The queue was not drained.");
  } finally {
    await run.close();
  }
}

async function withinLimit<Value>(promise: Promise<Value>, seconds: number, sentence: string): Promise<Value> {
  const timer = new AbortController();
  const tooLate = sleep(seconds * 1_000, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${sentence} It had ${seconds} seconds.`);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    timer.abort();
    tooLate.catch(() => undefined);
  }
}

class CutRun {
  readonly #options: CutOptions;
  readonly #random: Random;
  readonly #history = new CrashHistory();
  readonly #proxies: CuttingProxy[] = [];
  readonly #managers: QueueManager[] = [];
  readonly #ending = new AbortController();
  #counted = 0;

  constructor(options: CutOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async load(): Promise<void> {
    // Dead messages are not redriven here, and a lapsed message is visible at once.
    await this.#undisturbed().configure({ maxAttempts: 0, retryDelaySeconds: 0 });
    const clients: Promise<void>[] = [];
    for (let putter = 0; putter < PUTTERS; putter += 1) clients.push(this.#put(await this.#queue(), putter));
    for (let receiver = 0; receiver < RECEIVERS; receiver += 1) clients.push(this.#receive(await this.#queue()));
    for (let worker = 0; worker < WORKERS; worker += 1) clients.push(this.#work(await this.#queue()));
    await Promise.all(clients);
  }

  /** Over connections that are not cut. */
  async outcome(): Promise<CutReport> {
    const queue = this.#undisturbed();
    let description = await queue.describe();
    while (description.unfinished > 0) {
      await this.#consume(queue);
      description = await queue.describe();
    }
    const verdict = this.#history.verdict();
    const { accepted, done, unfinished } = description;
    const doesQueueAgree = accepted === verdict.acknowledged && accepted === done && unfinished === 0;
    return { cuts: this.#cuts, verdict, description, doesQueueAgree };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#managers.map((manager) => manager.close()));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }

  get #isLoadOn(): boolean {
    return !this.#ending.signal.aborted;
  }

  get #cuts(): Cuts {
    const sum: Cuts = { total: 0, ofRequests: 0, inOpenings: 0, insideFrames: 0, overHttp: 0 };
    for (const { cuts } of this.#proxies) {
      for (const name of Object.keys(sum) as (keyof Cuts)[]) sum[name] += cuts[name];
    }
    return sum;
  }

  /** A queue of a client who has a connection, and a proxy, of its own. */
  async #queue(): Promise<Queue<string>> {
    const seed = this.#random.integer(2 ** 32);
    const proxy = await CuttingProxy.start(this.#options.port, new Random(seed));
    this.#proxies.push(proxy);
    return this.#manager(proxy.address).queue<string>(NAME);
  }

  #undisturbed(): Queue<string> {
    return this.#manager(`http://127.0.0.1:${this.#options.port}`).queue<string>(NAME);
  }

  #manager(address: string): QueueManager {
    const manager = new QueueManager({ address, authkey: this.#options.authkey });
    this.#managers.push(manager);
    return manager;
  }

  /** Puts single messages and batches, some at the same time, as fast as they are acknowledged. */
  async #put(queue: Queue<string>, putter: number): Promise<void> {
    for (let count = 0; this.#isLoadOn; count += 1) {
      this.#look();
      const puts = count % 3 === 0 ? 4 : 1;
      await Promise.all(
        Array.from({ length: puts }, async (_, put) => {
          const size = this.#random.chance(0.2) ? 10 : 1;
          const values = Array.from({ length: size }, (_, index) => `${putter}.${count}.${put}.${index}`);
          for (const value of values) this.#history.putAttempted(value);
          const ids = await queue.putMany(values.map((value) => this.#itemOf(value)));
          for (const [index, value] of values.entries()) this.#history.putAcknowledged(value, ids[index] as string);
        }),
      );
    }
  }

  async #receive(queue: Queue<string>): Promise<void> {
    while (this.#isLoadOn) await this.#consume(queue);
  }

  /** Receives and acks. Some messages it holds on to for longer, and some it forgets, as who dies does. */
  async #consume(queue: Queue<string>): Promise<void> {
    const ackedBefore = this.#history.acked;
    const messages = await received(queue, {
      max: this.#isLoadOn ? 8 : 200,
      leaseSeconds: LEASE_SECONDS,
      timeoutSeconds: 0.5,
    });
    await Promise.all(
      messages.map(async (message) => {
        const delivery = deliveryOf(message, true);
        this.#history.delivered(delivery, ackedBefore);
        if (this.#isLoadOn && this.#random.chance(0.05)) return;
        if (this.#random.chance(0.1) && (await message.extend(2 * LEASE_SECONDS))) {
          delivery.leaseEndsAt = message.leaseEndsAt.getTime();
        }
        await this.#ack(message);
      }),
    );
  }

  /** Works until the load ends. Some messages take longer than their lease, some are acked by the handler itself. */
  async #work(queue: Queue<string>): Promise<void> {
    const worker = queue.work(
      async (message) => {
        this.#history.delivered(deliveryOf(message, false), 0);
        if (this.#random.chance(0.01)) await sleep(1_500 * LEASE_SECONDS);
        if (this.#random.chance(0.5)) await this.#ack(message);
      },
      // That leases are lost is what is meant to happen.
      { concurrency: 8, leaseSeconds: LEASE_SECONDS, signal: this.#ending.signal, onError: () => undefined },
    );
    await worker.finished;
  }

  async #ack(message: Message<string>): Promise<void> {
    if (await message.ack()) this.#history.ackAcknowledged(valueIn(message), numberOf(message));
  }

  #itemOf(value: string): string {
    return `${value} ${"x".repeat(this.#random.integer(PADDING_CHARACTERS))}`;
  }

  /** Ends the load when there were cuts enough. */
  #look(): void {
    const { total } = this.#cuts;
    if (total !== this.#counted) this.#options.progress?.(total, this.#history);
    this.#counted = total;
    if (total < this.#options.cuts) return;
    for (const proxy of this.#proxies) proxy.isCutting = false;
    this.#ending.abort();
  }
}

function valueIn({ item }: Message<string>): string {
  return item.slice(0, item.indexOf(" "));
}

function deliveryOf(message: Message<string>, isBegun: boolean): Delivery {
  const endsAt = message.leaseEndsAt.getTime();
  const { id, attempt } = message;
  const lease = { number: numberOf(message), leasedAt: endsAt - LEASE_SECONDS * 1_000, leaseEndsAt: endsAt };
  return { value: valueIn(message), id, attempt, isBegun, ...lease };
}
