import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../support/random.ts";
import { type Counts, HeavyConnection } from "./heavy-connection.ts";
import { FRAMES_OF_FULL_QUEUES, HEAVY_FRAMES, type HeavyOperation, LARGE_BATCH, MANY_LISTS } from "./heavy-frames.ts";
import { HttpWaves } from "./http-waves.ts";

export interface TrafficOptions {
  address: string;
  authkey: string;
  random: Random;
  counts: Counts;
  /** How long the traffic lasts. */
  seconds: number;
  connections: number;
  queues: number;
  /** How long an answer may take. */
  deadlineMs: number;
  /** Frames of 1,000 lists, 8 GB of answers each, from connections that read. */
  manyLists: number;
  /** Names of the frames that are sent; all where there is none. */
  frames: readonly string[];
}

/** Of so many connections one does not read. */
const UNREADING_EVERY = 3;
/** Of so many queues one is kept full, so that puts to it wait. */
const FULL_EVERY = 3;
/** Room for eight of the largest messages: full from the beginning. */
const FULL_SIZE = 8;
/** Bounds what is stored, and leaves room for a batch of 1,000. */
const SIZE = 4_000;
/** A connection that reads says more when no more than these are due. */
const DUE_MOST = 1_000;
/** Frames of one connection. */
const FRAMES_MAX = 500;
const REOPEN_MS = 200;

/** The heaviest traffic that the limits allow, from many connections at a time. */
export class HeavyTraffic {
  readonly #options: TrafficOptions;
  readonly #queues: string[];
  readonly #largeIds = new Map<string, string>();
  readonly #connections = new Set<HeavyConnection>();
  readonly #waves: HttpWaves;
  #isOn = true;
  #manyLists: number;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#manyLists = options.manyLists;
    this.#queues = Array.from({ length: options.queues }, (_, index) => `heavy-${index}`);
    const { address, authkey, random, counts } = options;
    this.#waves = new HttpWaves(address, authkey, random, counts);
  }

  /** Configures and fills the queues. */
  async prepare(): Promise<void> {
    for (const [index, queue] of this.#queues.entries()) {
      const isFull = index % FULL_EVERY === 0;
      await this.#ask(queue, "PUT", "", JSON.stringify({ maxSize: isFull ? FULL_SIZE : SIZE, maxAttempts: 2 }));
      const body = `{"messages":[${LARGE_BATCH.map((content) => `{"body":${content}}`).join()}]}`;
      const { ids } = (await this.#ask(queue, "POST", "/messages", body)) as { ids: string[] };
      this.#largeIds.set(queue, ids[0] ?? "");
      if (isFull) await this.#ask(queue, "POST", "/pause", `{"only":"receives"}`);
    }
  }

  /** Sends for as long as is asked, then ends all waits, waits for what is due and ends the connections. */
  async run(): Promise<void> {
    const { seconds, connections, deadlineMs } = this.#options;
    const end = setTimeout(() => this.stop(), seconds * 1_000);
    const waves = this.#waves.run(this.#queues, () => this.#isOn, deadlineMs);
    const speakers = Array.from({ length: connections }, (_, index) => this.#speak(index));
    await Promise.all([waves, ...speakers]);
    clearTimeout(end);
    this.end();
  }

  /** Says nothing more. */
  stop(): void {
    this.#isOn = false;
  }

  /** Ends all connections. */
  end(): void {
    this.stop();
    for (const connection of this.#connections) connection.end();
    this.#waves.end();
  }

  async #speak(index: number): Promise<void> {
    const queueIndex = index % this.#queues.length;
    const doesRead = index % UNREADING_EVERY !== 0;
    while (this.#isOn) {
      const connection = await this.#open(this.#queues[queueIndex] as string, doesRead);
      if (connection === undefined) continue;
      await this.#speakOn(connection, queueIndex);
      await connection.finish(this.#options.deadlineMs);
      if (connection.isClosed || doesRead) connection.end();
    }
  }

  async #open(queue: string, doesRead: boolean): Promise<HeavyConnection | undefined> {
    const { address, authkey, counts } = this.#options;
    const url = `${address.replace("http", "ws")}/v1/queues/${queue}/socket`;
    try {
      const connection = await HeavyConnection.open(url, authkey, doesRead, counts);
      this.#connections.add(connection);
      void connection.closed.then(() => this.#connections.delete(connection));
      return connection;
    } catch (error) {
      counts.answers.add(`not opened: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(REOPEN_MS);
      return undefined;
    }
  }

  async #speakOn(connection: HeavyConnection, queueIndex: number): Promise<void> {
    for (let frames = 0; this.#isOn && !connection.isClosed && frames < FRAMES_MAX; frames += 1) {
      const isTaken = connection.send(this.#frame(connection, queueIndex));
      if (connection.doesRead) await isTaken;
      else await Promise.race([isTaken, this.#untilOff()]);
      if (!(await connection.untilDue(DUE_MOST, this.#options.deadlineMs))) return;
      await sleep(0);
    }
    // One that does not read stays as it is while others go on.
    if (!connection.doesRead) await Promise.race([connection.closed, this.#untilOff()]);
  }

  #frame(connection: HeavyConnection, queueIndex: number): HeavyOperation[] {
    const { random } = this.#options;
    const queueInfo = { largeId: this.#largeIds.get(this.#queues[queueIndex] ?? ""), waiting: connection.waiting };
    if (!connection.doesRead && random.chance(0.1)) return MANY_LISTS(queueInfo);
    if (connection.doesRead && this.#manyLists > 0 && random.chance(0.1)) {
      this.#manyLists -= 1;
      return MANY_LISTS(queueInfo);
    }
    const { frames } = this.#options;
    const names = queueIndex % FULL_EVERY === 0 ? FRAMES_OF_FULL_QUEUES : Object.keys(HEAVY_FRAMES);
    const name = random.pick(frames.length > 0 ? frames : names);
    return HEAVY_FRAMES[name]?.(queueInfo) ?? [];
  }

  async #untilOff(): Promise<void> {
    while (this.#isOn) await sleep(REOPEN_MS);
  }

  async #ask(queue: string, method: string, path: string, body: string): Promise<unknown> {
    const { address, authkey } = this.#options;
    const url = `${address}/v1/queues/${queue}${path}`;
    const response = await fetch(url, { method, body, headers: { Authorization: `Bearer ${authkey}` } });
    const answer: unknown = await response.json();
    if (!response.ok)
      throw new Error(`${method} ${path} was answered with ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }
}
