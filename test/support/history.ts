import type { Command, View } from "../../src/queue/base/commands.ts";
import type { Memory } from "../../src/queue/commits.ts";
import type { OutboundTransfer } from "../../src/queue/outbound-transfers.ts";
import { Queue } from "../../src/queue/queue.ts";
import type { CommandResult } from "../../src/queue/results.ts";
import { BEGIN_STORED_MS } from "../../src/queue/store/begun-marks.ts";
import { Comparison, expect, type Sightings, show } from "./comparison.ts";
import { MemoryRows } from "./memory-rows.ts";
import { attemptsOf, type ModelLease, type ModelOrder, type ModelPut } from "./model-message.ts";
import { ModelQueue } from "./model-queue.ts";
import type { ModelReceiver } from "./model-receivers.ts";
import { Random } from "./random.ts";

/** The model searches arrays, so histories keep queues short and segments small by bodies of this length. */
const LONG_BODY = "x".repeat(3_000);
/** The request id of who looks in between. */
const LOOK = -2;
/** These know an unknown name: they create the queue, or wait for it. */
const WITHOUT_EXISTENCE: ReadonlySet<Command["verb"]> = new Set([
  ...(["put", "receive_transfer", "configure", "shutdown", "pause"] as const),
  ...(["receive", "subscribe", "unsubscribe", "begin", "cancel_wait"] as const),
]);

/** Lets the queue and the model live through the same random history and throws at the first difference. */
export class History {
  readonly #random: Random;
  readonly #order: ModelOrder;
  readonly #model = new ModelQueue((...drawn) => this.#drawn(...drawn));
  readonly #comparison = new Comparison(this.#model);
  readonly #rows = new MemoryRows();
  #generations = 0;
  #queue: Queue;
  #now = 1_700_000_000_000;
  /** When something was last stored, or nothing was to be. */
  #committedAt = 0;
  #requestIds = 0;
  /** The numbers of those who may be subscribed. */
  readonly #subscribers = [0, 0, 0, 0].map(() => this.#newRequestId());
  /** Those who will wait again after a restart, in order. */
  #returning: ModelReceiver[] = [];
  /** Transfers of which the queue has not been told the outcome, and those that have arrived. */
  #sent: OutboundTransfer[] = [];
  /** Answers that were taken and not compared yet. */
  readonly #answers: CommandResult[] = [];
  readonly #arrived = new Set<string>();
  #recentPuts: { key: string; puts: ModelPut[] }[] = [];
  #recentDones: { key: string; count: number }[] = [];
  operations = 0;

  /** @param order in which the queue is most of the time */
  constructor(seed: number, order: ModelOrder) {
    this.#random = new Random(seed);
    this.#order = order;
    this.#queue = new Queue("i0", this.#rows, this.#someMemory());
  }

  get sightings(): Sightings {
    return this.#comparison.sightings;
  }

  /** One event: time passes, a few commands are applied, one commit is stored. */
  round(): void {
    const random = this.#random;
    this.#now += random.pick([0, 0, 0, 1, 7, 250, 2_000, random.chance(0.02) ? 400_000 : 30_000]);
    if (random.chance(0.05)) this.#restart("restart");
    if (random.chance(0.01)) this.#crashBeforeCommit();
    const hasLeft = random.chance(0.03);
    if (hasLeft) this.#leave();
    const isHeard = random.chance(0.3);
    if (isHeard) this.#hear(random.pick(this.#subscribers));
    const hadFullStorage = this.#model.isStorageFull;
    const isStorageFull = random.chance(0.02);
    this.#queue.isStorageFull = isStorageFull;
    this.#model.isStorageFull = isStorageFull;
    this.#advance(hasLeft || isHeard || hadFullStorage);
    this.#compare();
    for (const receiver of this.#returning.splice(0)) this.#waitAgain(receiver);
    for (let commands = 1 + random.integer(8); commands > 0; commands -= 1) {
      this.#applyToBoth();
      this.#compare();
      if (!this.#queue.exists) this.#rows.clear();
    }
    this.#commit();
    if (random.chance(0.1)) this.#compareCounts();
  }

  /**
   * Lets time pass. If nothing has changed meanwhile, nobody is served or dismissed before the queue says that it has
   * to be woken: else whoever drives it would let them wait.
   */
  #advance(hasChanged: boolean): void {
    const { nextEventAt } = this.#queue;
    const isEarly = nextEventAt > this.#now && !hasChanged;
    const waiting = isEarly ? [...this.#model.waits(), ...this.#model.receivers.waiting(this.#now)] : [];
    this.#queue.advance(this.#now);
    this.#catchUp();
    this.#model.advance(this.#now);
    const answered = this.#model.answers.filter((answer) =>
      waiting.some(({ requestId }) => requestId === answer.requestId),
    );
    expect(answered.length, 0, () => `before ${nextEventAt} there was ${show(answered)}`);
  }

  /** Where more expires than one commit batch lets go, the others follow at once. The model knows nothing of that. */
  #catchUp(): void {
    while (this.#queue.isBehind) {
      this.#comparison.see("more expired than in one commit batch");
      this.#queue.advance(this.#now);
    }
  }

  #compare(): void {
    const answers = [...this.#answers.splice(0), ...this.#queue.takeResults()];
    this.#comparison.compare(answers, this.#queue.takeLost());
  }

  #newRequestId(): number {
    this.#requestIds += 1;
    return this.#requestIds;
  }

  #commit(): void {
    const commit = this.#queue.takeCommit();
    this.#model.beginDeadLetters();
    if (commit !== undefined) this.#rows.write(commit);
    this.#committedAt = this.#now;
    for (const transfer of this.#queue.takeOutboundTransfers(this.#now)) {
      const bodies = transfer.messages.map(({ content }) => content);
      const expected = this.#model.messagesIn(transfer.number).map(({ name }) => `"body":${JSON.stringify(name)}`);
      expect(show(bodies), show(expected), () => `transfer ${transfer.number}`);
      const groups = this.#model.messagesIn(transfer.number).map(({ group }) => group);
      expect(show(transfer.messages.map(({ group }) => group)), show(groups), () => `groups of ${transfer.number}`);
      expect(
        transfer.messages.every(({ deadLetter }) => (deadLetter !== undefined) === transfer.areDeadLetters),
        true,
        () => "letters",
      );
      this.#sent.push(transfer);
    }
  }

  /** @param before what the queue was when it was last stored */
  #restart(sighting: string, before: Pick<Queue, "exists" | "generation" | "configuration"> = this.#queue): void {
    this.#comparison.see(sighting);
    const stored = this.#rows.load();
    const { generation, configuration, exists } = before;
    const existing = stored === undefined ? { generation, configuration } : { generation, configuration, stored };
    this.#queue = new Queue(exists ? existing : generation, this.#rows, this.#someMemory());
    // Those without a deadline are connections that live on, most of them: they say again what they wait for.
    const waiting = this.#model.receivers.all.filter(
      ({ deadline, max }) => deadline === Number.POSITIVE_INFINITY && max > 0,
    );
    this.#returning = waiting.filter(() => this.#random.chance(0.8));
    this.#model.restart();
    this.#forgetMarks();
    // Nobody will be told any more, whether they have arrived or not.
    for (const transfer of this.#sent.splice(0)) if (this.#random.chance(0.5)) this.#arrived.add(keyOf(transfer));
  }

  /** Of what was begun a moment ago, and not stored with anything else, the queue may know no more. */
  #forgetMarks(): void {
    for (const message of this.#model.messages) {
      if (!message.leased || message.begunAt === undefined) continue;
      const attempts = this.#look(message.id)?.attempts;
      if (attempts === attemptsOf(message)) continue;
      const isRecent = message.begunAt + BEGIN_STORED_MS > this.#committedAt;
      expect(isRecent, true, () => `begun at ${message.begunAt}, stored at ${this.#committedAt}`);
      message.begunAt = undefined;
      expect(attempts, attemptsOf(message), () => "attempts after a restart");
      this.#comparison.see("begin forgotten in a crash");
    }
  }

  #look(id: string): View | undefined {
    this.#queue.apply(LOOK, { verb: "peek", id }, this.#now);
    const answers = this.#queue.takeResults();
    const look = answers.find(({ requestId }) => requestId === LOOK)?.result;
    this.#answers.push(...answers.filter(({ requestId }) => requestId !== LOOK));
    return look?.verb === "peek" ? look.view : undefined;
  }

  /** When a message that failed is visible again: within the bounds, or by now if it is seen in another state. */
  #drawn(id: string, earliest: number, latest: number): number {
    const view = this.#look(id);
    if (view?.state !== "delayed") return Math.min(latest, this.#now);
    const { until = 0 } = view;
    const isWithin = until > this.#now && until >= Math.floor(earliest) && until <= latest;
    expect(isWithin, true, () => `jitter: ${until} is not in ${earliest}..${latest}`);
    this.#comparison.see("jitter");
    return until;
  }

  /** Commands that were applied and never stored leave no trace. */
  #crashBeforeCommit(): void {
    const { exists, generation, configuration } = this.#queue;
    if (!exists) return;
    this.#queue.advance(this.#now);
    this.#queue.apply(
      -1,
      {
        verb: "put",
        messages: [message({ name: "lost", priority: 100, delayMs: 0 })],
        timeoutMs: 0,
        idempotencyKey: "lost",
      },
      this.#now,
    );
    this.#queue.apply(-1, { verb: "receive", max: 50, leaseMs: 1_000, timeoutMs: 0, autoAck: true }, this.#now);
    this.#queue.apply(-1, { verb: "purge" }, this.#now);
    this.#queue.takeCommit();
    this.#restart("crash before commit", { exists, generation, configuration });
  }

  #applyToBoth(): void {
    this.operations += 1;
    const requestId = this.#newRequestId();
    if (this.#sent.length > 0 && this.#random.chance(0.3)) {
      this.#settle(requestId);
      return;
    }
    const operation = this.#random.fraction();
    const isCrowded = this.#model.messages.length > 150;
    if (!this.#model.exists && this.#random.chance(0.8)) this.#configure(requestId);
    else if (operation < (isCrowded ? 0.1 : 0.33)) this.#put(requestId);
    else if (operation < 0.55) this.#receive(requestId);
    else if (operation < 0.58) this.#subscribe(requestId);
    else if (operation < 0.62) this.#begin(requestId);
    else if (operation < 0.76) this.#ack(requestId);
    else if (operation < 0.83) this.#retry(requestId);
    else if (operation < 0.87) this.#extend(requestId);
    else if (operation < 0.88) this.#cancelWaits(requestId);
    else if (operation < 0.895) this.#cancel(requestId);
    else if (operation < 0.92) this.#done(requestId);
    else if (operation < 0.93) this.#unsubscribe(requestId);
    else if (operation < 0.96) this.#join(requestId);
    else if (operation < 0.97) this.#configure(requestId);
    else if (operation < 0.974) this.#redrive(requestId);
    else if (operation < 0.979) this.#accept(requestId);
    else if (operation < 0.985) this.#list(requestId);
    else if (operation < 0.99) this.#pause(requestId);
    else if (operation < 0.995) this.#purge(requestId);
    else if (operation < 0.996) this.#shutDown(requestId);
    else this.#delete(requestId);
  }

  /** Tells the queue, and the model unless the name is unknown to it. */
  #tell(requestId: number, command: Command, tellModel: () => void): void {
    this.#queue.apply(requestId, command, this.#now);
    this.#catchUp();
    const isUnknown = !this.#model.exists && !WITHOUT_EXISTENCE.has(command.verb);
    if (isUnknown) this.#model.refuseUnknown(requestId);
    else tellModel();
  }

  #put(requestId: number): void {
    const random = this.#random;
    const size = random.chance(0.01) ? 300 : 1 + random.integer(random.chance(0.2) ? 20 : 2);
    const fresh = Array.from({ length: size }, (_, index) => ({
      name: `${requestId}.${index}${random.chance(0.1) ? LONG_BODY : ""}`,
      priority: random.pick([100, 100, 0, 7, 255]),
      delayMs: random.chance(0.1) ? random.integer(5_000) : 0,
      dedupeKey: random.chance(0.3) ? `dedupe-${random.integer(80)}` : undefined,
      group: random.chance(0.4) ? random.pick(["a", "b", "c", "d"]) : undefined,
      visibleAt: random.chance(0.05) ? this.#now - 2_000 + random.integer(10_000) : undefined,
    }));
    const waitingPut = this.#model.blockedPuts.findLast(({ key }) => key !== undefined);
    const recent = random.chance(0.2) ? waitingPut : this.#recentPuts[random.integer(20)];
    const again = random.chance(0.1) ? recent : undefined;
    const key = again?.key ?? (random.chance(0.5) ? `key-${requestId}` : undefined);
    const puts = again !== undefined && random.chance(0.8) ? again.puts : fresh;
    if (key !== undefined) this.#recentPuts[random.integer(20)] = { key, puts };
    const timeoutMs = this.#waitMs();
    const messages = puts.map(message);
    this.#tell(requestId, { verb: "put", messages, timeoutMs, idempotencyKey: key }, () =>
      this.#model.put({ requestIds: [requestId], puts, key, deadline: this.#now + timeoutMs }, timeoutMs > 0),
    );
  }

  #receive(requestId: number): void {
    const random = this.#random;
    const max = 1 + random.integer(random.chance(0.3) ? 30 : 2);
    const timeoutMs = this.#waitMs();
    const autoAck = random.chance(0.1);
    const leaseMs = autoAck ? 0 : this.#leaseMs();
    this.#tell(requestId, receiveCommand(max, leaseMs, timeoutMs), () =>
      this.#model.receive({ requestId, max, leaseMs, deadline: this.#now + timeoutMs }, timeoutMs > 0),
    );
  }

  #subscribe(requestId: number): void {
    const subscriber = this.#random.pick(this.#subscribers);
    const credit = 1 + this.#random.integer(this.#random.chance(0.2) ? 30 : 4);
    const leaseMs = this.#leaseMs();
    if (this.#random.chance(0.5)) this.#hear(subscriber);
    this.#tell(requestId, { verb: "subscribe", subscriber, credit, leaseMs }, () =>
      this.#model.subscribe(requestId, { subscriber, credit, leaseMs }),
    );
  }

  /** A connection says something. Where it subscribes nothing need be served before that. */
  #hear(subscriber: number): void {
    this.#queue.heard(subscriber);
    this.#model.heard(subscriber);
  }

  #begin(requestId: number): void {
    const { leases, receipts } = this.#someLeases();
    this.#tell(requestId, { verb: "begin", receipts }, () => {
      for (const lease of leases) this.#model.giveAgain(lease);
      this.#model.withLeases(requestId, leases, (held) => this.#model.begin(held));
    });
  }

  #unsubscribe(requestId: number): void {
    const subscriber = this.#random.pick(this.#subscribers);
    this.#tell(requestId, { verb: "unsubscribe", subscriber }, () => this.#model.unsubscribe(requestId, subscriber));
  }

  /** Some that wait, one that most likely was answered, and a subscriber, which is none of these. */
  #cancelWaits(requestId: number): void {
    const requestIds = [...this.#someWaits(), this.#random.integer(requestId), this.#random.pick(this.#subscribers)];
    this.#tell(requestId, { verb: "cancel_wait", requestIds }, () => this.#model.cancelWaits(requestId, requestIds));
  }

  /** A connection is gone, with all that waits on it. Whoever has the next one is another subscriber. */
  #leave(): void {
    const requestIds = this.#someWaits();
    const subscriber = this.#random.pick(this.#subscribers);
    this.#queue.leave(new Set(requestIds), subscriber);
    this.#model.leave(requestIds, subscriber);
    this.#subscribers[this.#subscribers.indexOf(subscriber)] = this.#newRequestId();
    if (requestIds.length > 0) this.#comparison.see("left");
  }

  #someWaits(): number[] {
    return this.#model.waits().flatMap(({ requestId }) => (this.#random.chance(0.3) ? [requestId] : []));
  }

  #waitAgain({ requestId, isSubscription, max, leaseMs, deadline, hearBy }: ModelReceiver): void {
    this.#comparison.see(isSubscription ? "subscribed again" : "waited again");
    if (isSubscription) {
      if (hearBy <= this.#now) this.#comparison.see("subscribed again unheard");
      const kept = hearBy === Number.POSITIVE_INFINITY ? {} : { hearBy };
      this.#tell(requestId, { verb: "subscribe", subscriber: requestId, credit: max, leaseMs, ...kept }, () =>
        this.#model.subscribe(requestId, { subscriber: requestId, credit: max, leaseMs, ...kept }),
      );
    } else {
      this.#tell(requestId, receiveCommand(max, leaseMs, deadline), () =>
        this.#model.receive({ requestId, max, leaseMs, deadline }, true),
      );
    }
    this.#compare();
  }

  #ack(requestId: number): void {
    const { leases, receipts } = this.#someLeases();
    const finish = this.#random.chance(0.7);
    this.#tell(requestId, { verb: "ack", receipts, finish }, () =>
      this.#model.withLeases(requestId, leases, (held) => this.#model.remove(held, finish)),
    );
  }

  #retry(requestId: number): void {
    const { leases, receipts } = this.#someLeases();
    const delayMs = this.#random.pick([undefined, undefined, 0, this.#random.integer(10_000)]);
    const error = this.#random.chance(0.3) ? `failed in ${requestId}` : undefined;
    const isDead = this.#random.chance(0.05);
    const isBegun = this.#random.chance(0.9);
    this.#tell(requestId, { verb: "retry", receipts, delayMs, error, isDead, isBegun }, () =>
      this.#model.withLeases(requestId, leases, (held) =>
        isBegun ? this.#model.retry(held, delayMs, error, isDead) : this.#model.giveBack(held),
      ),
    );
  }

  #extend(requestId: number): void {
    const { leases, receipts } = this.#someLeases();
    const leaseMs = 1_000 + this.#random.integer(60_000);
    this.#tell(requestId, { verb: "extend", receipts, leaseMs }, () =>
      this.#model.withLeases(requestId, leases, (held) => {
        held.visibleAt = this.#now + leaseMs;
      }),
    );
  }

  #done(requestId: number): void {
    const again = this.#random.chance(0.2) ? this.#recentDones[this.#random.integer(5)] : undefined;
    const count = again !== undefined && this.#random.chance(0.7) ? again.count : 1 + this.#random.integer(3);
    const key = again?.key ?? (this.#random.chance(0.5) ? `done-${requestId}` : undefined);
    if (key !== undefined) this.#recentDones[this.#random.integer(5)] = { key, count };
    this.#tell(requestId, { verb: "done", count, idempotencyKey: key }, () => this.#model.done(requestId, count, key));
  }

  #join(requestId: number): void {
    const timeoutMs = this.#waitMs();
    this.#tell(requestId, { verb: "join", timeoutMs }, () =>
      this.#model.join({ requestId, deadline: this.#now + timeoutMs }, timeoutMs > 0),
    );
  }

  #configure(requestId: number): void {
    const maxSize = this.#random.pick([0, 0, 5, 50, 400]);
    const maxAttempts = this.#random.pick([0, 1, 2, 5]);
    const retryDelayMs = this.#random.pick([0, 0, 700]);
    const redelivery = {
      maxAttempts,
      retryDelayMs,
      retryDelayFactor: this.#random.pick([1, 2]),
      retryDelayMaxMs: 5_000,
      // What is discarded at once cannot be asked what it has drawn.
      retryDelayJitter: this.#model.shutdown === "immediate" ? 0 : this.#random.pick([0, 0.5, 1]),
    };
    const leaseMs = this.#random.pick([1_000, 30_000]);
    const maxLeasedPerGroup = this.#random.pick([1, 1, 2, 5]);
    const keys = {
      idempotencyMs: this.#random.pick([300_000, 300_000, 900_000]),
      dedupeMs: this.#random.pick([1_000, 60_000, 300_000]),
    };
    const retention = {
      retentionMs: this.#random.pick([0, 0, 0, 60_000, 400_000]),
      deadLetterExpired: this.#random.chance(0.5),
    };
    const deadLetterQueue = this.#random.pick(["", "", "dead1", "dead2"]);
    const order = this.#random.chance(0.9) ? this.#order : this.#random.pick(["fifo", "lifo", "priority"] as const);
    this.#tell(
      requestId,
      {
        verb: "configure",
        changes: { maxSize, order, leaseMs, maxLeasedPerGroup, redelivery, keys, retention, deadLetterQueue },
      },
      () =>
        this.#model.configure(requestId, {
          maxSize,
          order,
          leaseMs,
          maxLeasedPerGroup,
          ...redelivery,
          ...keys,
          ...retention,
          deadLetterQueue,
        }),
    );
  }

  #pause(requestId: number): void {
    const isPaused = this.#random.chance(0.3);
    const paused = this.#random.pick([{ puts: isPaused }, { receives: isPaused }, { puts: false, receives: false }]);
    this.#tell(requestId, { verb: "pause", paused }, () => this.#model.pause(requestId, paused));
    // What workers said before they could know of it.
    if (this.#random.chance(0.5)) this.#begin(this.#newRequestId());
  }

  #shutDown(requestId: number): void {
    const immediate = this.#random.chance(0.5) && this.#model.settings.retryDelayJitter === 0;
    this.#tell(requestId, { verb: "shutdown", immediate }, () => this.#model.shutDown(requestId, immediate));
  }

  #redrive(requestId: number): void {
    const ids = this.#random.chance(0.5) ? [this.#someId(), this.#someId()] : undefined;
    const max = ids === undefined ? 1 + this.#random.integer(20) : 1_000;
    const to = this.#random.pick([undefined, undefined, "elsewhere", "dead1"]);
    const from = this.#random.pick([undefined, undefined, "source1"]);
    const request = { ids, max, to, from };
    this.#tell(requestId, { verb: "redrive", ...request }, () => this.#model.redrive(requestId, request));
  }

  /** Messages that come from another queue, sometimes for the second time. */
  #accept(requestId: number): void {
    const queue = this.#random.pick(["source1", "source2"]);
    const generation = this.#random.pick(["a", "b"]);
    const sender = `${queue}/${generation}`;
    const number = Math.max(
      1,
      (this.#model.inboundTransfers.get(sender)?.number ?? 0) + this.#random.pick([1, 1, 3, 0, 0, -1]),
    );
    const puts = Array.from({ length: 1 + this.#random.integer(5) }, (_, index) => ({
      name: `${requestId}.${index}`,
      group: this.#random.pick([undefined, "a", "e"]),
      priority: this.#random.pick([100, 3]),
      delayMs: 0,
    }));
    const areDeadLetters = this.#random.chance(0.8);
    const deadLetter = { id: "i-1-1", reason: "expired" as const, attempts: 1, firstPutAt: 1, diedAt: 2 };
    const messages = puts.map(({ name, ...rest }) => ({
      content: `"body":${JSON.stringify(name)}`,
      ...rest,
      deadLetter: areDeadLetters ? deadLetter : undefined,
    }));
    if (number <= (this.#model.inboundTransfers.get(sender)?.number ?? 0)) this.#comparison.see("arrived again");
    this.#tell(requestId, { verb: "receive_transfer", queue, generation, number, messages }, () =>
      this.#model.accept(requestId, sender, number, puts, areDeadLetters ? queue : ""),
    );
  }

  /** The other queue has answered, or not. */
  #settle(requestId: number): void {
    const transfer = this.#sent.splice(this.#random.integer(this.#sent.length), 1)[0] as OutboundTransfer;
    const { generation, number } = transfer;
    const hasArrived = this.#arrived.has(keyOf(transfer));
    const outcome = this.#random.pick([
      "accepted",
      "accepted",
      "unknown",
      hasArrived ? "accepted" : "refused",
    ] as const);
    if (outcome === "accepted" || (outcome === "unknown" && this.#random.chance(0.5))) {
      this.#arrived.add(keyOf(transfer));
    }
    const code = outcome === "unknown" ? "unavailable" : "shut_down";
    const refusal = outcome === "accepted" ? undefined : ({ verb: "refused", code, detail: "" } as const);
    this.#comparison.see(`transfer ${outcome}`);
    if (hasArrived) this.#comparison.see("transfer sent again");
    const isThisLife = generation === this.#queue.generation;
    this.#tell(requestId, { verb: "transfer_result", generation, number, outcome, refusal }, () =>
      this.#model.settle(requestId, isThisLife ? number : -1, outcome, code),
    );
  }

  #cancel(requestId: number): void {
    const id = this.#someId();
    this.#tell(requestId, { verb: "cancel", id }, () => this.#model.cancel(requestId, id));
  }

  #list(requestId: number): void {
    const state = this.#random.pick([undefined, "visible", "delayed", "leased", "dead", "transferring"] as const);
    const cursor = this.#random.chance(0.5) ? this.#someId() : "";
    const limit = this.#random.pick([1, 10, 1_000]);
    this.#tell(requestId, { verb: "messages", state, cursor, limit }, () =>
      this.#model.list(requestId, state, cursor, limit),
    );
  }

  /** Of a message that is in the queue, if one is. */
  #someId(): string {
    const { messages } = this.#model;
    return messages[this.#random.integer(Math.max(1, messages.length))]?.id ?? "";
  }

  #purge(requestId: number): void {
    const only = this.#random.chance(0.5) ? "dead" : undefined;
    this.#tell(requestId, { verb: "purge", only }, () => this.#model.purge(requestId, only));
  }

  #delete(requestId: number): void {
    this.#generations += 1;
    this.#tell(requestId, { verb: "delete", nextGeneration: `i${this.#generations}` }, () =>
      this.#model.delete(requestId),
    );
  }

  /** Often none, so that everything is read again whenever it is needed. */
  #someMemory(): Memory {
    return {
      segments: this.#random.pick([0, 0, 2, 1_000]),
      characters: this.#random.pick([0, 20_000, 4_000_000]),
      freeRows: this.#random.pick([1, 2, 64]),
    };
  }

  #leaseMs(): number | undefined {
    return this.#random.chance(0.2) ? undefined : 1_000 + this.#random.integer(40_000);
  }

  #waitMs(): number {
    const isWithoutDeadline = this.#random.chance(0.1);
    return this.#random.chance(0.5) ? 0 : isWithoutDeadline ? Number.POSITIVE_INFINITY : this.#random.integer(25_000);
  }

  #someLeases(): { leases: ModelLease[]; receipts: string[] } {
    const { leases: known } = this.#comparison;
    const leases: ModelLease[] = [];
    const receipts: string[] = [];
    for (let count = 1 + this.#random.integer(4); count > 0 && known.length > 0; count -= 1) {
      // Mostly the newest, which are likely still held.
      const isRecent = this.#random.chance(0.7);
      const index = known.length - 1 - this.#random.integer(isRecent ? 12 : known.length);
      const { lease, receipt } = known[Math.max(0, index)] as { lease: ModelLease; receipt: string };
      leases.push(lease);
      receipts.push(receipt);
    }
    return { leases, receipts };
  }

  #compareCounts(): void {
    if (!this.#model.exists) return;
    this.#queue.apply(-1, { verb: "describe" }, this.#now);
    const result = this.#queue.takeResults()[0]?.result;
    if (result?.verb !== "describe") throw new Error(`describe answered ${show(result)}`);
    const { visible, delayed, leased, dead, transferring, unfinished, expired, transferred, oldestMs } =
      result.description;
    const { messages } = this.#model;
    const countOf = (state: string) => messages.filter((message) => this.#model.stateOf(message) === state).length;
    const expected = {
      visible: countOf("visible"),
      delayed: countOf("delayed"),
      leased: countOf("leased"),
      dead: countOf("dead"),
      transferring: countOf("transferring"),
      unfinished: this.#model.unfinished,
      expired: this.#model.expired,
      transferred: this.#model.transferred,
      oldestMs: messages[0] === undefined ? 0 : this.#now - messages[0].putAt,
    };
    const counts = { visible, delayed, leased, dead, transferring, unfinished, expired, transferred, oldestMs };
    expect(show(counts), show(expected), () => "counts");
    if (expired > 0) this.#comparison.see("expired");
    const hasDeadline = this.#model.waits().some(({ deadline }) => deadline < Number.POSITIVE_INFINITY);
    expect(this.#queue.hasDeadline, hasDeadline, () => "whether somebody waits until a deadline");
  }
}

/** @param leaseMs as the model has it: 0 takes messages for good */
function receiveCommand(max: number, leaseMs: number | undefined, timeoutMs: number): Command {
  const autoAck = leaseMs === 0;
  return { verb: "receive", max, leaseMs: autoAck ? undefined : leaseMs, timeoutMs, autoAck };
}

function keyOf({ generation, number }: OutboundTransfer): string {
  return `${generation}/${number}`;
}

function message({ name, ...schedule }: ModelPut) {
  return { content: `"body":"${name}"`, ...schedule };
}
