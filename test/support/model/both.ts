import type { Command, Result } from "../../../src/queue/base/commands.ts";
import type { OutboundTransfer } from "../../../src/queue/outbound-transfers.ts";
import type { Queue } from "../../../src/queue/queue.ts";
import { SEGMENT_MESSAGES_MAX } from "../../../src/queue/store/segment-summary.ts";
import { WITHOUT_EXISTENCE } from "../../../src/queue/verbs.ts";
import type { CommandResult } from "../../../src/queue/waiting/results.ts";
import type { Random } from "../random.ts";
import { Comparison } from "./comparison.ts";
import type { ModelOrder, ModelPut } from "./message.ts";
import type { ModelQueue } from "./queue.ts";

/** More places than a history ever has. */
const PLACES_MAX = 2 ** 26;

/** The request id of commands that only look. */
const LOOK = -2;

/** A queue and the model of it, which are given the same random commands. */
export class Both {
  readonly random: Random;
  /** In which the queue is most of the time. */
  readonly order: ModelOrder;
  readonly model: ModelQueue;
  readonly comparison: Comparison;
  queue: Queue;
  now = 1_700_000_000_000;
  generations = 0;
  readonly #serve: (model: ModelQueue) => void;
  #requestIds = 0;
  /** The numbers of connections that may be subscribed. */
  readonly subscribers = [0, 0, 0, 0].map(() => this.newRequestId());
  /** Transfers whose outcome the queue does not know, and those that have arrived. */
  sent: OutboundTransfer[] = [];
  readonly arrived = new Set<string>();
  /** Results that were taken and not compared yet. */
  readonly results: CommandResult[] = [];
  readonly recentPuts: { key: string; puts: ModelPut[] }[] = [];
  readonly recentDones: { key: string; count: number }[] = [];

  /** @param serve has the model serve what waits, which the queue does after each command */
  constructor(random: Random, order: ModelOrder, queue: Queue, model: ModelQueue, serve: (model: ModelQueue) => void) {
    this.random = random;
    this.order = order;
    this.queue = queue;
    this.model = model;
    this.#serve = serve;
    this.comparison = new Comparison(model);
  }

  newRequestId(): number {
    this.#requestIds += 1;
    return this.#requestIds;
  }

  /** Applies a command to the queue, and to the model unless it does not know the name. */
  tell(requestId: number, command: Command, applyToModel: () => void): void {
    this.queue.apply(requestId, command, this.now);
    this.catchUp();
    const isUnknown = !this.model.exists && !WITHOUT_EXISTENCE.has(command.verb);
    if (isUnknown) this.model.refuseUnknown(requestId);
    else {
      applyToModel();
      this.#serve(this.model);
    }
  }

  /** More may expire than one commit batch lets go, and the rest follows at once. The model knows no such bound. */
  catchUp(): void {
    while (this.queue.isBehind) {
      this.comparison.see("more expired than in one commit batch");
      this.queue.advance(this.now);
    }
  }

  compare(): void {
    const results = [...this.results.splice(0), ...this.queue.takeResults()];
    this.comparison.compare(results, this.queue.takeLost());
  }

  /** Asks the queue something. */
  look(command: Command): Result | undefined {
    this.queue.apply(LOOK, command, this.now);
    const answers = this.queue.takeResults();
    this.results.push(...answers.filter(({ requestId }) => requestId !== LOOK));
    return answers.find(({ requestId }) => requestId === LOOK)?.result;
  }

  /**
   * Where a message is that was moved, in the form of an id. The model knows nothing of places, and a list tells only which
   * messages are behind a place.
   */
  placeOf(id: string): string {
    const [prefix = ""] = id.split("-");
    const textOf = (place: number) =>
      `${prefix}-${Math.floor(place / SEGMENT_MESSAGES_MAX)}-${place % SEGMENT_MESSAGES_MAX}`;
    let [before, at] = [SEGMENT_MESSAGES_MAX, PLACES_MAX];
    while (before + 1 < at) {
      const middle = Math.floor((before + at) / 2);
      const page = this.look({ verb: "messages", cursor: textOf(middle), limit: 1_000 });
      const isBehind = page?.verb === "messages" && page.views.some((view) => view.id === id);
      if (isBehind) before = middle;
      else at = middle;
    }
    return textOf(at);
  }

  /** The id of a message that is in the queue, if there is one. */
  someId(): string {
    const { messages } = this.model;
    return messages[this.random.integer(Math.max(1, messages.length))]?.id ?? "";
  }

  leaseMs(): number | undefined {
    return this.random.chance(0.2) ? undefined : 1_000 + this.random.integer(40_000);
  }

  waitMs(): number {
    const isWithoutDeadline = this.random.chance(0.1);
    return this.random.chance(0.5) ? 0 : isWithoutDeadline ? Number.POSITIVE_INFINITY : this.random.integer(25_000);
  }
}
