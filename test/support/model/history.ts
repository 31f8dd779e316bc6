import type { TransferredMessage, View } from "../../../src/queue/base/commands.ts";
import type { Memory } from "../../../src/queue/parts.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { BEGIN_STORED_MS } from "../../../src/queue/store/begun-marks.ts";
import { FREE_ROWS_MAX } from "../../../src/queue/store/free-rows.ts";
import { countsBy } from "../../../src/queue/store/states.ts";
import { MemoryRows } from "../core/memory-rows.ts";
import { Random } from "../random.ts";
import { randomConfigure, randomDelete, randomPause, randomShutDown } from "./administration.ts";
import { Both } from "./both.ts";
import { randomChange, randomPromote } from "./changes.ts";
import type { Sightings } from "./comparison.ts";
import { expect, show } from "./expect.ts";
import { randomJobCommand } from "./job-commands.ts";
import { compareJobTotals } from "./job-comparison.ts";
import { randomAck, randomBegin, randomExtend, randomRetry } from "./leases.ts";
import { attemptsOf, type ModelOrder } from "./message.ts";
import { message, randomPut } from "./puts.ts";
import { ModelQueue } from "./queue.ts";
import type { ModelReceiver } from "./receivers.ts";
import { hear, randomReceive, randomSubscribe, randomUnsubscribe, waitAgain } from "./receives.ts";
import { randomCancel, randomList, randomPurge } from "./removals.ts";
import { advance, serve } from "./serving.ts";
import {
  beginDeadLetters,
  keyOf,
  messagesIn,
  randomInboundTransfer,
  randomOutcome,
  randomRedrive,
} from "./transfers.ts";
import { randomDone, randomJoin } from "./unfinished.ts";
import { randomCancelWaits, randomLeave } from "./waits.ts";

/** Rows of long outcomes that have expired and may still be stored: together they have less than two megabytes. */
const LARGE_ROWS_MAX = 32;

/** Lets the queue and the model live through the same random history, and throws at the first difference. */
export class History {
  readonly #both: Both;
  readonly #rows = new MemoryRows();
  /** When something was last stored, or nothing was to be. */
  #committedAt = 0;
  /** Receivers that will wait again after a restart, in order. */
  #returning: ModelReceiver[] = [];
  operations = 0;

  /** @param order in which the queue is most of the time */
  constructor(seed: number, order: ModelOrder) {
    const random = new Random(seed);
    const model = new ModelQueue((...drawn) => this.#drawn(...drawn));
    this.#both = new Both(random, order, new Queue("i0", this.#rows, someMemory(random)), model, serve);
  }

  get sightings(): Sightings {
    return this.#both.comparison.sightings;
  }

  /** One event: time passes, a few commands are applied, one commit is stored. */
  runBatch(): void {
    const random = this.#both.random;
    this.#both.now += random.pick([0, 0, 0, 1, 7, 250, 2_000, random.chance(0.02) ? 400_000 : 30_000]);
    if (random.chance(0.05)) this.#restart("restart");
    if (random.chance(0.01)) this.#crashBeforeCommit();
    const hasLeft = random.chance(0.03);
    if (hasLeft) randomLeave(this.#both);
    const isHeard = random.chance(0.3);
    if (isHeard) hear(this.#both, random.pick(this.#both.subscribers));
    const hadFullStorage = this.#both.model.isStorageFull;
    const isStorageFull = random.chance(0.02);
    this.#both.queue.isStorageFull = isStorageFull;
    this.#both.model.isStorageFull = isStorageFull;
    this.#advance(hasLeft || isHeard || hadFullStorage);
    this.#both.compare();
    for (const receiver of this.#returning.splice(0)) waitAgain(this.#both, receiver);
    for (let commands = 1 + random.integer(8); commands > 0; commands -= 1) {
      this.#applyToBoth();
      this.#both.compare();
      if (!this.#both.queue.exists) this.#rows.clear();
    }
    this.#commit();
    if (random.chance(0.1)) this.#compareCounts();
  }

  /**
   * Lets time pass. If nothing has changed meanwhile, no wait is served or ended before the time for which the queue asks
   * to be woken: otherwise its caller would leave it waiting.
   */
  #advance(hasChanged: boolean): void {
    const { nextEventAt } = this.#both.queue;
    const isEarly = nextEventAt > this.#both.now && !hasChanged;
    const waiting = isEarly ? [...this.#both.model.waits(), ...this.#both.model.receivers.waiting(this.#both.now)] : [];
    this.#both.queue.advance(this.#both.now);
    this.#both.catchUp();
    advance(this.#both.model, this.#both.now);
    const answered = this.#both.model.answers.filter(
      ({ requestId, verb }) => waiting.some((wait) => wait.requestId === requestId) || (isEarly && verb === "job"),
    );
    expect(answered.length, 0, () => `before ${nextEventAt} there was ${show(answered)}`);
  }

  #commit(): void {
    const commit = this.#both.queue.takeCommit();
    beginDeadLetters(this.#both.model);
    if (commit !== undefined) {
      this.#rows.write(commit);
      const kept = compareJobTotals(this.#both, commit.totals.jobs);
      const isBounded = this.#rows.jobRowCount <= kept + FREE_ROWS_MAX + LARGE_ROWS_MAX;
      expect(isBounded, true, () => `${this.#rows.jobRowCount} rows have ${kept} outcomes`);
    }
    this.#committedAt = this.#both.now;
    for (const transfer of this.#both.queue.takeOutboundTransfers(this.#both.now)) {
      const bodies = transfer.messages.map(({ content }) => content);
      const expected = messagesIn(this.#both.model, transfer.number).map(
        ({ name }) => `"body":${JSON.stringify(name)}`,
      );
      expect(show(bodies), show(expected), () => `transfer ${transfer.number}`);
      const rest = messagesIn(this.#both.model, transfer.number).map(restOf);
      expect(show(transfer.messages.map(restOf)), show(rest), () => `messages of ${transfer.number}`);
      if (rest.some(({ headers, rules }) => headers !== undefined && rules !== undefined)) {
        this.#both.comparison.see("headers and rules transferred");
      }
      expect(
        transfer.messages.every(({ deadLetter }) => (deadLetter !== undefined) === transfer.areDeadLetters),
        true,
        () => "dead letters",
      );
      this.#both.sent.push(transfer);
    }
  }

  /** @param before what the queue was when it was last stored */
  #restart(sighting: string, before: Pick<Queue, "exists" | "generation" | "configuration"> = this.#both.queue): void {
    this.#both.comparison.see(sighting);
    const stored = this.#rows.load();
    const { generation, configuration, exists } = before;
    const existing = stored === undefined ? { generation, configuration } : { generation, configuration, stored };
    this.#both.queue = new Queue(exists ? existing : generation, this.#rows, someMemory(this.#both.random));
    // Waits without a deadline belong to connections, most of which live on: they ask again for what they wait for.
    const waiting = this.#both.model.receivers.all.filter(
      ({ deadline, max }) => deadline === Number.POSITIVE_INFINITY && max > 0,
    );
    this.#returning = waiting.filter(() => this.#both.random.chance(0.8));
    if (this.#both.model.messages.some(({ place }) => place !== undefined))
      this.#both.comparison.see("restart with moved");
    this.#both.model.restart();
    this.#forgetMarks();
    // The outcome of these attempts will not be reported, whether they have arrived or not.
    for (const transfer of this.#both.sent.splice(0))
      if (this.#both.random.chance(0.5)) this.#both.arrived.add(keyOf(transfer));
  }

  /** Of what was begun a moment ago, and not stored with anything else, the queue may know no more. */
  #forgetMarks(): void {
    for (const message of this.#both.model.messages) {
      if (!message.leased || message.begunAt === undefined) continue;
      const attempts = this.#look(message.id)?.attempts;
      if (attempts === attemptsOf(message)) continue;
      const isRecent = message.begunAt + BEGIN_STORED_MS > this.#committedAt;
      expect(isRecent, true, () => `begun at ${message.begunAt}, stored at ${this.#committedAt}`);
      message.begunAt = undefined;
      expect(attempts, attemptsOf(message), () => "attempts after a restart");
      this.#both.comparison.see("begin forgotten in a crash");
    }
  }

  #look(id: string): View | undefined {
    const look = this.#both.look({ verb: "peek", id });
    return look?.verb === "peek" ? look.view : undefined;
  }

  /** When a message that failed is visible again: within the bounds, or by now if it is seen in another state. */
  #drawn(id: string, earliest: number, latest: number): number {
    const view = this.#look(id);
    const { until = 0 } = view ?? {};
    // One that has expired was visible for a time that it does not show.
    if (view?.state === "dead" && until >= earliest && until <= latest) return until;
    if (view?.state !== "delayed") return Math.min(latest, this.#both.now);
    const isWithin = until > this.#both.now && until >= Math.floor(earliest) && until <= latest;
    expect(isWithin, true, () => `jitter: ${until} is not in ${earliest}..${latest}`);
    this.#both.comparison.see("jitter");
    return until;
  }

  /** Commands that were applied and never stored leave no trace. */
  #crashBeforeCommit(): void {
    const { exists, generation, configuration } = this.#both.queue;
    if (!exists) return;
    this.#both.queue.advance(this.#both.now);
    this.#both.queue.apply(
      -1,
      {
        verb: "put",
        messages: [message({ name: "lost", priority: 100, delayMs: 0 })],
        timeoutMs: 0,
        idempotencyKey: "lost",
      },
      this.#both.now,
    );
    this.#both.queue.apply(
      -1,
      { verb: "receive", max: 50, leaseMs: 1_000, timeoutMs: 0, autoAck: true },
      this.#both.now,
    );
    this.#both.queue.apply(-1, { verb: "purge" }, this.#both.now);
    this.#both.queue.takeCommit();
    this.#restart("crash before commit", { exists, generation, configuration });
  }

  #applyToBoth(): void {
    this.operations += 1;
    const requestId = this.#both.newRequestId();
    if (this.#both.sent.length > 0 && this.#both.random.chance(0.3)) {
      randomOutcome(this.#both, requestId);
      return;
    }
    if (this.#both.random.chance(0.07)) {
      randomJobCommand(this.#both, requestId);
      return;
    }
    const operation = this.#both.random.fraction();
    const isCrowded = this.#both.model.messages.length > 150;
    if (!this.#both.model.exists && this.#both.random.chance(0.8)) randomConfigure(this.#both, requestId);
    else if (operation < (isCrowded ? 0.1 : 0.33)) randomPut(this.#both, requestId);
    else if (operation < 0.55) randomReceive(this.#both, requestId);
    else if (operation < 0.58) randomSubscribe(this.#both, requestId);
    else if (operation < 0.62) randomBegin(this.#both, requestId);
    else if (operation < 0.76) randomAck(this.#both, requestId);
    else if (operation < 0.83) randomRetry(this.#both, requestId);
    else if (operation < 0.87) randomExtend(this.#both, requestId);
    else if (operation < 0.875) randomCancelWaits(this.#both, requestId);
    else if (operation < 0.89) randomCancel(this.#both, requestId);
    else if (operation < 0.91) randomChange(this.#both, requestId);
    else if (operation < 0.92) randomPromote(this.#both, requestId);
    else if (operation < 0.925) randomDone(this.#both, requestId);
    else if (operation < 0.93) randomUnsubscribe(this.#both, requestId);
    else if (operation < 0.96) randomJoin(this.#both, requestId);
    else if (operation < 0.97) randomConfigure(this.#both, requestId);
    else if (operation < 0.974) randomRedrive(this.#both, requestId);
    else if (operation < 0.979) randomInboundTransfer(this.#both, requestId);
    else if (operation < 0.985) randomList(this.#both, requestId);
    else if (operation < 0.99) randomPause(this.#both, requestId);
    else if (operation < 0.995) randomPurge(this.#both, requestId);
    else if (operation < 0.996) randomShutDown(this.#both, requestId);
    else randomDelete(this.#both, requestId);
  }

  #compareCounts(): void {
    if (!this.#both.model.exists) return;
    this.#both.queue.apply(-1, { verb: "describe" }, this.#both.now);
    const result = this.#both.queue.takeResults()[0]?.result;
    if (result?.verb !== "describe") throw new Error(`describe answered ${show(result)}`);
    const { description } = result;
    const { unfinished, expired, transferred, oldestMs, outcomes } = description;
    const { model } = this.#both;
    const { messages } = model;
    const expected = {
      ...countsBy((name) => messages.filter((message) => model.stateOf(message) === name).length),
      unfinished: model.unfinished,
      expired: model.expired,
      transferred: model.transferred,
      oldestMs: messages.length === 0 ? 0 : this.#both.now - Math.min(...messages.map(({ putAt }) => putAt)),
    };
    const counts = { ...countsBy((name) => description[name]), unfinished, expired, transferred, oldestMs };
    expect(show(counts), show(expected), () => "counts");
    expect(outcomes >= model.jobs.valid(this.#both.now).length, true, () => `${outcomes} outcomes`);
    if (expired > 0) this.#both.comparison.see("expired");
    const hasDeadline = this.#both.model.waits().some(({ deadline }) => deadline < Number.POSITIVE_INFINITY);
    expect(this.#both.queue.hasDeadline, hasDeadline, () => "whether a wait has a deadline");
  }
}

/** What goes with a message to another queue, beside its content. */
function restOf({ group, priority, headers, rules }: Omit<TransferredMessage, "content">) {
  const { maxAttempts, retryDelayMs, retentionMs, resultMs } = rules ?? {};
  return { group, priority, headers, rules: rules && { maxAttempts, retryDelayMs, retentionMs, resultMs } };
}

/** Often none, so that everything is read again whenever it is needed. */
function someMemory(random: Random): Memory {
  return {
    segments: random.pick([0, 0, 2, 1_000]),
    characters: random.pick([0, 20_000, 4_000_000]),
    freeRows: random.pick([1, 2, 64]),
  };
}
