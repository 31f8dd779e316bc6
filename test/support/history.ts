import type { Answer } from "../../src/queue/answers.ts";
import type { Command } from "../../src/queue/commands.ts";
import type { Memory } from "../../src/queue/messages.ts";
import { Queue } from "../../src/queue/queue.ts";
import type { Shipment } from "../../src/queue/transfers.ts";
import { MemoryRows } from "./memory-rows.ts";
import {
  type ModelAnswer,
  type ModelLease,
  type ModelMessage,
  type ModelOrder,
  type ModelPut,
  ModelQueue,
} from "./model-queue.ts";
import { Random } from "./random.ts";

/** The model searches arrays, so histories keep queues short and blocks small by bodies of this length. */
const LONG_BODY = "x".repeat(3_000);
const LEASES_REMEMBERED = 200;
/** The ticket of who looks in between. */
const LOOK = -2;

/** How often something worth testing came about. A history that never gets there proves nothing about it. */
export type Sightings = Record<string, number>;

/** Lets the queue and the model live through the same random history and throws at the first difference. */
export class History {
  readonly #random: Random;
  readonly #order: ModelOrder;
  readonly sightings: Sightings = {};
  readonly #model = new ModelQueue((...drawn) => this.#drawn(...drawn));
  readonly #rows = new MemoryRows();
  #incarnations = 0;
  #queue: Queue;
  #now = 1_700_000_000_000;
  #tickets = 0;
  /** Shipments of which the queue has not been told the outcome, and those that have arrived. */
  #sent: Shipment[] = [];
  /** Answers that were taken and not compared yet. */
  readonly #answers: Answer[] = [];
  readonly #arrived = new Set<string>();
  #leases: { lease: ModelLease; receipt: string }[] = [];
  #recentPuts: { key: string; puts: ModelPut[] }[] = [];
  #recentDones: { key: string; count: number }[] = [];
  operations = 0;

  /** @param order in which the queue is most of the time */
  constructor(seed: number, order: ModelOrder) {
    this.#random = new Random(seed);
    this.#order = order;
    this.#queue = new Queue("i0", this.#rows, this.#someMemory());
  }

  /** One event: time passes, a few commands are applied, one commit is stored. */
  round(): void {
    const random = this.#random;
    this.#now += random.pick([0, 0, 0, 1, 7, 250, 2_000, random.chance(0.02) ? 400_000 : 30_000]);
    if (random.chance(0.05)) this.#restart("restart");
    if (random.chance(0.01)) this.#crashBeforeCommit();
    const isStorageFull = random.chance(0.02);
    this.#queue.isStorageFull = isStorageFull;
    this.#model.isStorageFull = isStorageFull;
    this.#queue.advance(this.#now);
    this.#model.advance(this.#now);
    this.#compare();
    for (let commands = 1 + random.integer(8); commands > 0; commands -= 1) {
      this.#applyToBoth();
      this.#compare();
      if (!this.#queue.exists) this.#rows.clear();
    }
    this.#commit();
    if (random.chance(0.1)) this.#compareCounts();
  }

  #see(sighting: string): void {
    this.sightings[sighting] = (this.sightings[sighting] ?? 0) + 1;
  }

  #commit(): void {
    const commit = this.#queue.takeCommit();
    this.#model.beginDeadLetters();
    if (commit !== undefined) this.#rows.write(commit);
    for (const shipment of this.#queue.takeShipments(this.#now)) {
      const bodies = shipment.messages.map(({ content }) => content);
      const expected = this.#model.messagesIn(shipment.number).map(({ name }) => `"body":${JSON.stringify(name)}`);
      expect(show(bodies), show(expected), () => `shipment ${shipment.number}`);
      const groups = this.#model.messagesIn(shipment.number).map(({ group }) => group);
      expect(show(shipment.messages.map(({ group }) => group)), show(groups), () => `groups of ${shipment.number}`);
      expect(
        shipment.messages.every(({ deadLetter }) => (deadLetter !== undefined) === shipment.areDeadLetters),
        true,
        () => "letters",
      );
      this.#sent.push(shipment);
    }
  }

  /** @param before what the queue was when it was last stored */
  #restart(sighting: string, before: Pick<Queue, "exists" | "incarnation" | "configuration"> = this.#queue): void {
    this.#see(sighting);
    const stored = this.#rows.load();
    const { incarnation, configuration, exists } = before;
    const existing = stored === undefined ? { incarnation, configuration } : { incarnation, configuration, stored };
    this.#queue = new Queue(exists ? existing : incarnation, this.#rows, this.#someMemory());
    this.#model.restart();
    // Nobody will be told any more, whether they have arrived or not.
    for (const shipment of this.#sent.splice(0)) if (this.#random.chance(0.5)) this.#arrived.add(keyOf(shipment));
  }

  /** When a message that failed is visible again: within the bounds, or by now if it is seen in another state. */
  #drawn(id: string, earliest: number, latest: number): number {
    this.#queue.apply(LOOK, { verb: "look", id }, this.#now);
    const answers = this.#queue.takeAnswers();
    const look = answers.find(({ ticket }) => ticket === LOOK)?.result;
    this.#answers.push(...answers.filter(({ ticket }) => ticket !== LOOK));
    const view = look?.verb === "look" ? look.view : undefined;
    if (view?.state !== "delayed") return Math.min(latest, this.#now);
    const { until = 0 } = view;
    const isWithin = until > this.#now && until >= Math.floor(earliest) && until <= latest;
    expect(isWithin, true, () => `jitter: ${until} is not in ${earliest}..${latest}`);
    this.#see("jitter");
    return until;
  }

  /** Commands that were applied and never stored leave no trace. */
  #crashBeforeCommit(): void {
    const { exists, incarnation, configuration } = this.#queue;
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
    this.#restart("crash before commit", { exists, incarnation, configuration });
  }

  #applyToBoth(): void {
    this.operations += 1;
    this.#tickets += 1;
    const ticket = this.#tickets;
    if (this.#sent.length > 0 && this.#random.chance(0.3)) {
      this.#settle(ticket);
      return;
    }
    const operation = this.#random.fraction();
    const isCrowded = this.#model.messages.length > 150;
    if (!this.#model.exists && this.#random.chance(0.8)) this.#configure(ticket);
    else if (operation < (isCrowded ? 0.1 : 0.33)) this.#put(ticket);
    else if (operation < 0.58) this.#receive(ticket);
    else if (operation < 0.76) this.#ack(ticket);
    else if (operation < 0.83) this.#retry(ticket);
    else if (operation < 0.88) this.#extend(ticket);
    else if (operation < 0.93) this.#done(ticket);
    else if (operation < 0.96) this.#join(ticket);
    else if (operation < 0.97) this.#configure(ticket);
    else if (operation < 0.974) this.#redrive(ticket);
    else if (operation < 0.979) this.#accept(ticket);
    else if (operation < 0.981) this.#cancel(ticket);
    else if (operation < 0.985) this.#list(ticket);
    else if (operation < 0.99) this.#pause(ticket);
    else if (operation < 0.994) this.#purge(ticket);
    else if (operation < 0.996) this.#shutDown(ticket);
    else this.#delete(ticket);
  }

  /** Tells the queue, and the model unless the name is unknown to it. */
  #tell(ticket: number, command: Command, tellModel: () => void): void {
    this.#queue.apply(ticket, command, this.#now);
    const isUnknown =
      !this.#model.exists && !["put", "accept", "receive", "configure", "shutdown", "pause"].includes(command.verb);
    if (isUnknown) this.#model.refuseUnknown(ticket);
    else tellModel();
  }

  #put(ticket: number): void {
    const random = this.#random;
    const size = random.chance(0.01) ? 300 : 1 + random.integer(random.chance(0.2) ? 20 : 2);
    const fresh = Array.from({ length: size }, (_, index) => ({
      name: `${ticket}.${index}${random.chance(0.1) ? LONG_BODY : ""}`,
      priority: random.pick([100, 100, 0, 7, 255]),
      delayMs: random.chance(0.1) ? random.integer(5_000) : 0,
      dedupeKey: random.chance(0.1) ? `dedupe-${random.integer(50)}` : undefined,
      group: random.chance(0.4) ? random.pick(["a", "b", "c", "d"]) : undefined,
      visibleAt: random.chance(0.05) ? this.#now - 2_000 + random.integer(10_000) : undefined,
    }));
    const again = random.chance(0.1) ? this.#recentPuts[random.integer(20)] : undefined;
    const key = again?.key ?? (random.chance(0.5) ? `key-${ticket}` : undefined);
    const puts = again !== undefined && random.chance(0.8) ? again.puts : fresh;
    if (key !== undefined) this.#recentPuts[random.integer(20)] = { key, puts };
    const timeoutMs = this.#waitMs();
    const messages = puts.map(message);
    this.#tell(ticket, { verb: "put", messages, timeoutMs, idempotencyKey: key }, () =>
      this.#model.put({ tickets: [ticket], puts, key, deadline: this.#now + timeoutMs }, timeoutMs > 0),
    );
  }

  #receive(ticket: number): void {
    const random = this.#random;
    const max = 1 + random.integer(random.chance(0.3) ? 30 : 2);
    const timeoutMs = this.#waitMs();
    const autoAck = random.chance(0.1);
    const leaseMs = random.chance(0.2) ? undefined : 1_000 + random.integer(40_000);
    this.#tell(ticket, { verb: "receive", max, leaseMs, timeoutMs, autoAck }, () => {
      const modelLeaseMs = autoAck ? 0 : leaseMs;
      this.#model.receive({ ticket, max, leaseMs: modelLeaseMs, deadline: this.#now + timeoutMs }, timeoutMs > 0);
    });
  }

  #ack(ticket: number): void {
    const { leases, receipts } = this.#someLeases();
    const finish = this.#random.chance(0.7);
    this.#tell(ticket, { verb: "ack", receipts, finish }, () =>
      this.#model.withLeases(ticket, leases, (held) => this.#model.remove(held, finish)),
    );
  }

  #retry(ticket: number): void {
    const { leases, receipts } = this.#someLeases();
    const delayMs = this.#random.pick([undefined, undefined, 0, this.#random.integer(10_000)]);
    const error = this.#random.chance(0.3) ? `failed in ${ticket}` : undefined;
    const isDead = this.#random.chance(0.05);
    const isBegun = this.#random.chance(0.9);
    this.#tell(ticket, { verb: "retry", receipts, delayMs, error, isDead, isBegun }, () =>
      this.#model.withLeases(ticket, leases, (held) =>
        isBegun ? this.#model.retry(held, delayMs, error, isDead) : this.#model.giveBack(held),
      ),
    );
  }

  #extend(ticket: number): void {
    const { leases, receipts } = this.#someLeases();
    const leaseMs = 1_000 + this.#random.integer(60_000);
    this.#tell(ticket, { verb: "extend", receipts, leaseMs }, () =>
      this.#model.withLeases(ticket, leases, (held) => {
        held.visibleAt = this.#now + leaseMs;
      }),
    );
  }

  #done(ticket: number): void {
    const again = this.#random.chance(0.2) ? this.#recentDones[this.#random.integer(5)] : undefined;
    const count = again !== undefined && this.#random.chance(0.7) ? again.count : 1 + this.#random.integer(3);
    const key = again?.key ?? (this.#random.chance(0.5) ? `done-${ticket}` : undefined);
    if (key !== undefined) this.#recentDones[this.#random.integer(5)] = { key, count };
    this.#tell(ticket, { verb: "done", count, idempotencyKey: key }, () => this.#model.done(ticket, count, key));
  }

  #join(ticket: number): void {
    const timeoutMs = this.#waitMs();
    this.#tell(ticket, { verb: "join", timeoutMs }, () =>
      this.#model.join({ ticket, deadline: this.#now + timeoutMs }, timeoutMs > 0),
    );
  }

  #configure(ticket: number): void {
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
      ticket,
      {
        verb: "configure",
        changes: { maxSize, order, leaseMs, maxLeasedPerGroup, redelivery, keys, retention, deadLetterQueue },
      },
      () =>
        this.#model.configure(ticket, {
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

  #pause(ticket: number): void {
    const isPaused = this.#random.chance(0.3);
    const paused = this.#random.pick([{ puts: isPaused }, { receives: isPaused }, { puts: false, receives: false }]);
    this.#tell(ticket, { verb: "pause", paused }, () => this.#model.pause(ticket, paused));
  }

  #shutDown(ticket: number): void {
    const immediate = this.#random.chance(0.5) && this.#model.settings.retryDelayJitter === 0;
    this.#tell(ticket, { verb: "shutdown", immediate }, () => this.#model.shutDown(ticket, immediate));
  }

  #redrive(ticket: number): void {
    const ids = this.#random.chance(0.5) ? [this.#someId(), this.#someId()] : undefined;
    const max = ids === undefined ? 1 + this.#random.integer(20) : 1_000;
    const to = this.#random.pick([undefined, undefined, "elsewhere", "dead1"]);
    const from = this.#random.pick([undefined, undefined, "source1"]);
    const request = { ids, max, to, from };
    this.#tell(ticket, { verb: "redrive", ...request }, () => this.#model.redrive(ticket, request));
  }

  /** Messages that come from another queue, sometimes for the second time. */
  #accept(ticket: number): void {
    const queue = this.#random.pick(["source1", "source2"]);
    const incarnation = this.#random.pick(["a", "b"]);
    const sender = `${queue}/${incarnation}`;
    const number = Math.max(
      1,
      (this.#model.arrivals.get(sender)?.number ?? 0) + this.#random.pick([1, 1, 3, 0, 0, -1]),
    );
    const puts = Array.from({ length: 1 + this.#random.integer(5) }, (_, index) => ({
      name: `${ticket}.${index}`,
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
    if (number <= (this.#model.arrivals.get(sender)?.number ?? 0)) this.#see("arrived again");
    this.#tell(ticket, { verb: "accept", queue, incarnation, number, messages }, () =>
      this.#model.accept(ticket, sender, number, puts, areDeadLetters ? queue : ""),
    );
  }

  /** The other queue has answered, or not. */
  #settle(ticket: number): void {
    const shipment = this.#sent.splice(this.#random.integer(this.#sent.length), 1)[0] as Shipment;
    const { incarnation, number } = shipment;
    const hasArrived = this.#arrived.has(keyOf(shipment));
    const outcome = this.#random.pick([
      "accepted",
      "accepted",
      "unknown",
      hasArrived ? "accepted" : "refused",
    ] as const);
    if (outcome === "accepted" || (outcome === "unknown" && this.#random.chance(0.5))) {
      this.#arrived.add(keyOf(shipment));
    }
    const code = outcome === "unknown" ? "unavailable" : "shut_down";
    const refusal = outcome === "accepted" ? undefined : ({ verb: "refused", code, detail: "" } as const);
    this.#see(`transfer ${outcome}`);
    if (hasArrived) this.#see("transfer sent again");
    const isThisLife = incarnation === this.#queue.incarnation;
    this.#tell(ticket, { verb: "settle", incarnation, number, outcome, refusal }, () =>
      this.#model.settle(ticket, isThisLife ? number : -1, outcome, code),
    );
  }

  #cancel(ticket: number): void {
    const id = this.#someId();
    this.#tell(ticket, { verb: "cancel", id }, () => this.#model.cancel(ticket, id));
  }

  #list(ticket: number): void {
    const state = this.#random.pick([undefined, "visible", "delayed", "leased", "dead", "moving"] as const);
    const cursor = this.#random.chance(0.5) ? this.#someId() : "";
    const limit = this.#random.pick([1, 10, 1_000]);
    this.#tell(ticket, { verb: "list", state, cursor, limit }, () => this.#model.list(ticket, state, cursor, limit));
  }

  /** Of a message that is in the queue, if one is. */
  #someId(): string {
    const { messages } = this.#model;
    return messages[this.#random.integer(Math.max(1, messages.length))]?.id ?? "";
  }

  #purge(ticket: number): void {
    const only = this.#random.chance(0.5) ? "dead" : undefined;
    this.#tell(ticket, { verb: "purge", only }, () => this.#model.purge(ticket, only));
  }

  #delete(ticket: number): void {
    this.#incarnations += 1;
    this.#tell(ticket, { verb: "delete", nextIncarnation: `i${this.#incarnations}` }, () => this.#model.delete(ticket));
  }

  /** Often none, so that everything is read again whenever it is needed. */
  #someMemory(): Memory {
    return { blocks: this.#random.pick([0, 0, 2, 1_000]), characters: this.#random.pick([0, 20_000, 4_000_000]) };
  }

  #waitMs(): number {
    return this.#random.chance(0.5) ? 0 : this.#random.integer(25_000);
  }

  #someLeases(): { leases: ModelLease[]; receipts: string[] } {
    const leases: ModelLease[] = [];
    const receipts: string[] = [];
    for (let count = 1 + this.#random.integer(4); count > 0 && this.#leases.length > 0; count -= 1) {
      // Mostly the newest, which are likely still held.
      const isRecent = this.#random.chance(0.7);
      const index = this.#leases.length - 1 - this.#random.integer(isRecent ? 12 : this.#leases.length);
      const { lease, receipt } = this.#leases[Math.max(0, index)] as { lease: ModelLease; receipt: string };
      leases.push(lease);
      receipts.push(receipt);
    }
    return { leases, receipts };
  }

  /** Compares what both answered, and takes down ids and receipts that the queue gave. */
  #compare(): void {
    // Who is dismissed at the same time is told in no particular order.
    const byTicket = (a: { ticket: number }, b: { ticket: number }) => a.ticket - b.ticket;
    const answers = [...this.#answers.splice(0), ...this.#queue.takeAnswers()].sort(byTicket);
    const expected = this.#model.answers.sort(byTicket);
    this.#model.answers = [];
    expect(answers.length, expected.length, () => `answers ${show(answers)} instead of ${show(expected)}`);
    for (const [index, answer] of answers.entries()) this.#compareAnswer(answer, expected[index] as ModelAnswer);
  }

  #compareAnswer({ ticket, result }: Answer, expected: ModelAnswer): void {
    const difference = () => `answer ${show(result)} instead of ${show(expected)}`;
    expect(ticket, expected.ticket, difference);
    if (result.verb === "refused" && expected.verb === "refused") {
      expect(result.code, expected.code, difference);
      this.#see(result.code);
    } else if (result.verb === "put" && expected.verb === "put") {
      this.#compareIds(result.ids, expected.messages, difference);
      if (expected.messages.some((message) => message.id !== "" && !message.name.startsWith(`${ticket}.`))) {
        this.#see("duplicate suppressed");
      }
      if (expected.isRepeated) this.#see("put repeated under its key");
      if (expected.isShared) this.#see("put repeated while it waits");
    } else if (result.verb === "accept" && expected.verb === "accept") {
      this.#compareIds(result.ids, expected.messages, difference);
    } else if (result.verb === "receive" && expected.verb === "receive") {
      expect(result.deliveries.length, expected.deliveries.length, difference);
      for (const [index, { message, attempt, lastError }] of expected.deliveries.entries()) {
        const delivery = result.deliveries[index];
        // The message may have reached one who waited, whose ticket is older than the put's.
        if (message.id === "") message.id = delivery?.id ?? "";
        expect(delivery?.id, message.id, difference);
        expect(delivery?.attempt, attempt, difference);
        expect(delivery?.lastError, lastError, difference);
        expect(delivery?.group, message.group, difference);
        if (message.group !== undefined) this.#see("group served");
        expect(delivery?.line.startsWith(`{"body":"${message.name}"`), true, difference);
        if (attempt > 1) this.#see("redelivery");
        this.#see(`${this.#model.settings.order} delivery`);
        if (delivery?.lease !== undefined)
          this.#leases.push({ lease: { message, attempt }, receipt: delivery.lease.receipt });
      }
      if (this.#leases.length > LEASES_REMEMBERED * 2) this.#leases = this.#leases.slice(-LEASES_REMEMBERED);
    } else if (
      (result.verb === "ack" || result.verb === "retry" || result.verb === "extend") &&
      expected.verb === "changed"
    ) {
      expect(result.stale.length, expected.stale.length, difference);
      if (expected.stale.length > 0) this.#see("stale receipt");
    } else if (result.verb === "join" && expected.verb === "join") {
      expect(result.finished, expected.finished, difference);
      this.#see(result.finished ? "join finished" : "join not finished");
    } else if (result.verb === "done" && expected.verb === "done") {
      expect(result.unfinished, expected.unfinished, difference);
      if (expected.isRepeated) this.#see("done repeated under its key");
    } else if (result.verb === "purge" && expected.verb === "purge") {
      expect(result.purged, expected.purged, difference);
    } else if (result.verb === "configure" && expected.verb === "configured") {
      expect(result.description.maxSize, expected.settings.maxSize, difference);
    } else if (result.verb === "redrive" && expected.verb === "redrive") {
      expect(result.redriven, expected.redriven, difference);
      expect(result.left, expected.left, difference);
      if (result.redriven > 0) this.#see("redriven");
    } else if (result.verb === "list" && expected.verb === "list") {
      const ids = expected.messages.map(({ id }) => id);
      expect(show(result.views.map(({ id }) => id)), show(ids), difference);
      // The other way around a last, empty page may follow.
      if (result.cursor === null) expect(true, expected.isLast, difference);
      for (const [index, { state, attempts, reason }] of result.views.entries()) {
        if (reason === "expired") this.#see("expired listed");
        const message = expected.messages[index] as ModelMessage;
        expect(state, this.#model.stateOf(message), difference);
        expect(attempts, message.attempts, difference);
        this.#see(`${state} listed`);
      }
    } else {
      expect(result.verb, expected.verb, difference);
    }
  }

  #compareIds(ids: string[], messages: ModelMessage[], difference: () => string): void {
    expect(ids.length, messages.length, difference);
    for (const [index, message] of messages.entries()) {
      if (message.id === "") message.id = ids[index] as string;
      expect(ids[index], message.id, difference);
    }
  }

  #compareCounts(): void {
    if (!this.#model.exists) return;
    this.#queue.apply(-1, { verb: "inspect" }, this.#now);
    const result = this.#queue.takeAnswers()[0]?.result;
    if (result?.verb !== "inspect") throw new Error(`inspect answered ${show(result)}`);
    const { visible, delayed, leased, dead, moving, unfinished, expired, moved, oldestMs } = result.description;
    const { messages } = this.#model;
    const countOf = (state: string) => messages.filter((message) => this.#model.stateOf(message) === state).length;
    const expected = {
      visible: countOf("visible"),
      delayed: countOf("delayed"),
      leased: countOf("leased"),
      dead: countOf("dead"),
      moving: countOf("moving"),
      unfinished: this.#model.unfinished,
      expired: this.#model.expired,
      moved: this.#model.moved,
      oldestMs: messages[0] === undefined ? 0 : this.#now - messages[0].putAt,
    };
    const counts = { visible, delayed, leased, dead, moving, unfinished, expired, moved, oldestMs };
    expect(show(counts), show(expected), () => "counts");
    if (expired > 0) this.#see("expired");
  }
}

function keyOf({ incarnation, number }: Shipment): string {
  return `${incarnation}/${number}`;
}

function message({ name, ...schedule }: ModelPut) {
  return { content: `"body":"${name}"`, ...schedule };
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, text) => (typeof text === "string" ? text.slice(0, 60) : text)).slice(0, 2_000);
}

/** Cheaper than a test runner's assertion, which a history would call ten million times. */
function expect<Value>(actual: Value, expected: Value, difference: () => string): void {
  if (actual !== expected) throw new Error(`${String(actual)} is not ${String(expected)}: ${difference()}`);
}
