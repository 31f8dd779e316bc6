import { REDRIVE_MAX } from "../../src/contract/limits.ts";
import type {
  ConfigureRequest,
  DeleteReply,
  MessagesReply,
  MessageView as MessageViewReply,
  PurgeReply,
  QueueDescription as QueueDescriptionReply,
  RedriveReply,
} from "../../src/contract/schema.ts";
import { UnknownMessage, UnknownQueue } from "./errors.ts";
import { type MessageState, type MessageView, viewOf } from "./message-view.ts";
import type { QueueCalls } from "./queue-calls.ts";
import type { QueueDescription, QueueOptions } from "./queue-description.ts";

const NO_MESSAGES: MessagesReply = { messages: [], cursor: null };
const NONE_LEFT: RedriveReply = { redriven: 0, left: 0 };

export interface RedriveOptions {
  /** Only these, at most 1,000. Default: all dead letters. */
  ids?: readonly string[] | undefined;
  /** Only the first so many. */
  max?: number | undefined;
  /** To this queue. Default: what died here stays here, what died elsewhere goes back there. */
  to?: string | undefined;
  /** Only what died in this other queue. */
  from?: string | undefined;
  /** Is told after each step, of at most 10,000 here or 1,000 to another queue, how many were redriven and are left. */
  progress?: ((redriven: number, left: number) => void) | undefined;
}

/** What one does with a queue who operates it: configure it, look into it, help it out of trouble. */
export abstract class OperatedQueue<Item> {
  readonly name: string;
  /** @internal */
  protected readonly calls: QueueCalls;

  /** @internal */
  protected constructor(name: string, calls: QueueCalls) {
    this.name = name;
    this.calls = calls;
  }

  /** Creates the queue if need be and changes the options that are given. */
  async configure(options: QueueOptions): Promise<QueueDescription> {
    const request: ConfigureRequest & Record<string, unknown> = { ...options };
    const { value } = await this.calls.send<QueueDescriptionReply>("configure", { request });
    return value;
  }

  /**
   * As in Python 3.13: from now on puts throw `ShutDown`, and so do gets and receives once nothing is left. Those who
   * wait are woken. `immediate` discards what nobody holds, and what comes back later, as if it were done.
   */
  async shutdown({ immediate = false }: { immediate?: boolean | undefined } = {}): Promise<void> {
    await this.calls.send<QueueDescriptionReply>("shutdown", { request: { immediate } });
  }

  /** Lets puts, or receives, or both wait until `resume`. */
  async pause({ only }: { only?: "puts" | "receives" | undefined } = {}): Promise<void> {
    await this.calls.send<QueueDescriptionReply>("pause", { request: { only } });
  }

  /** Ends a pause: of puts, of receives, or of both. */
  async resume({ only }: { only?: "puts" | "receives" | undefined } = {}): Promise<void> {
    await this.calls.send<QueueDescriptionReply>("resume", { request: { only } });
  }

  /** The configuration and all counts. Throws `UnknownQueue` if the queue does not exist. */
  async describe({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<QueueDescription> {
    const { value } = await this.calls.send<QueueDescriptionReply>("inspect", { signal });
    return value;
  }

  /** The messages in this state, or all, in the order of their puts. They are looked at, not taken. */
  async *messages({
    state,
    signal,
  }: {
    state?: MessageState;
    signal?: AbortSignal;
  } = {}): AsyncGenerator<MessageView<Item>> {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const request = { ...(state === undefined ? {} : { state }), cursor };
      const outcome = this.calls.send<MessagesReply>("list", { request, signal });
      const page: MessagesReply = await this.calls.orIfUnknown(outcome, NO_MESSAGES);
      for (const message of page.messages) yield viewOf<Item>(message);
      cursor = page.cursor;
    }
  }

  /** Looks at one message. Throws `UnknownMessage` if it is not in the queue. */
  async look(id: string): Promise<MessageView<Item>> {
    const { value } = await this.calls.send<MessageViewReply>("look", { request: { id } });
    return viewOf<Item>(value);
  }

  /**
   * Removes one message, also while somebody holds it, whose receipt is stale then. False if it is not in the queue,
   * also because an earlier try removed it and its answer was lost.
   */
  async cancel(id: string): Promise<boolean> {
    try {
      await this.calls.send("cancel", { request: { id } });
      return true;
    } catch (error) {
      if (error instanceof UnknownMessage || error instanceof UnknownQueue) return false;
      throw error;
    }
  }

  /**
   * Gives dead letters another chance: what died here is visible again, in its place; what came here because it died in
   * another queue goes back there. Answers how many there were.
   *
   * What goes to another queue arrives there once, also when this throws `Unavailable`: it is then under way.
   */
  async redrive({ ids, max = Number.POSITIVE_INFINITY, to, from, progress }: RedriveOptions = {}): Promise<number> {
    let redriven = 0;
    // What dies again while this goes on must not keep it going for ever.
    let most = max;
    while (redriven < most) {
      const limit = max === Number.POSITIVE_INFINITY ? {} : { max: Math.min(max - redriven, REDRIVE_MAX) };
      // Said again after a lost answer, "the first so many" would be the next.
      const isRepeatable = max === Number.POSITIVE_INFINITY;
      const request = { ids, to, from, ...limit };
      const outcome = this.calls.send<RedriveReply>("redrive", { request, isRepeatable });
      const reply = await this.calls.orIfUnknown(outcome, NONE_LEFT);
      redriven += reply.redriven;
      most = Math.min(most, redriven + reply.left);
      progress?.(redriven, reply.left);
      if (reply.redriven === 0) break;
    }
    return redriven;
  }

  /**
   * Removes every message, also those that are leased, or only the dead ones, and answers how many there were. It is
   * not repeated when its answer is lost, because it could then remove what was put since: it throws `Unavailable`.
   */
  async purge({ only }: { only?: "dead" | undefined } = {}): Promise<number> {
    const outcome = this.calls.send<PurgeReply>("purge", { request: { only }, isRepeatable: false });
    return (await this.calls.orIfUnknown(outcome, { purged: 0 })).purged;
  }

  /** Deletes the queue with all its messages. False if there was none. Not repeated when its answer is lost, as `purge`. */
  async delete(): Promise<boolean> {
    const outcome = this.calls.send<DeleteReply>("delete", { isRepeatable: false });
    return (await this.calls.orIfUnknown(outcome, { deleted: false })).deleted;
  }
}
