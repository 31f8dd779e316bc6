import type {
  MessageView as MessageViewReply,
  QueueDescription as QueueDescriptionReply,
  ReplyOf,
  RequestOf,
} from "../../../src/api/types.ts";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, REDRIVE_MAX } from "../../../src/contract/limits.ts";
import { checkHeaders } from "../base/check-headers.ts";
import {
  CALL_OPTIONS,
  type CallOptions,
  checkBoolean,
  checkNumber,
  checkOptions,
  secondsOf,
  shown,
} from "../base/check-options.ts";
import { UnknownMessage, UnknownQueue } from "../base/errors.ts";
import { type MessageView, viewOf } from "../message/message-view.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { contentOf } from "../transport/put-messages.ts";
import {
  type ChangeOptions,
  type MessagesOptions,
  ADMIN_OPTIONS as OPTIONS,
  type PauseOptions,
  type PurgeOptions,
  type RedriveOptions,
  type ShutdownOptions,
} from "./admin-options.ts";
import type { QueueDescription, QueueOptions } from "./queue-description.ts";

const NO_MESSAGES: ReplyOf<"messages"> = { messages: [], cursor: null };
const NONE_LEFT: ReplyOf<"redrive"> = { redriven: 0, left: 0 };

/** The administrative calls of a queue: configure, inspect, pause, purge, redrive and delete. */
export abstract class QueueAdmin<Item> {
  readonly name: string;
  /** @internal */
  protected readonly calls: QueueCalls;

  /** @internal */
  protected constructor(name: string, calls: QueueCalls) {
    this.name = name;
    this.calls = calls;
  }

  /** Creates the queue if need be and changes the options that are given. */
  async configure(options: QueueOptions, callOptions: CallOptions = {}): Promise<QueueDescription> {
    checkOptions("configure()", options, OPTIONS.configure);
    checkOptions("configure()", callOptions, CALL_OPTIONS);
    const request: RequestOf<"configure"> & Record<string, unknown> = { ...options };
    const { value } = await this.calls.send<QueueDescriptionReply>("configure", { request, ...callOptions });
    return value;
  }

  /**
   * As in Python 3.13: from now on puts throw `ShutDown`, and so do gets and receives once nothing is left. Calls
   * that wait are woken. `immediate` discards messages that are not leased, and those given back later, as if done.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkOptions("shutdown()", options, OPTIONS.shutdown);
    const { immediate = false, ...call } = options;
    checkBoolean("immediate", immediate);
    await this.calls.send<QueueDescriptionReply>("shutdown", { request: { immediate }, ...call });
  }

  /**
   * Lets puts, or receives, or both wait until `resume`. Workers begin no other message: those that were pushed and
   * not begun are taken back. Handlers that run go on.
   */
  async pause(options: PauseOptions = {}): Promise<void> {
    checkOptions("pause()", options, OPTIONS.pause);
    const { only, ...call } = options;
    await this.calls.send<QueueDescriptionReply>("pause", { request: { only }, ...call });
  }

  /** Ends a pause: of puts, of receives, or of both. */
  async resume(options: PauseOptions = {}): Promise<void> {
    checkOptions("resume()", options, OPTIONS.pause);
    const { only, ...call } = options;
    await this.calls.send<QueueDescriptionReply>("resume", { request: { only }, ...call });
  }

  /** The configuration and all counts. Throws `UnknownQueue` if the queue does not exist. */
  async describe(options: CallOptions = {}): Promise<QueueDescription> {
    checkOptions("describe()", options, CALL_OPTIONS);
    const { value } = await this.calls.send<QueueDescriptionReply>("describe", { ...options });
    return value;
  }

  /** The messages in this state, or all, in the order of their puts. They are not leased. */
  async *messages(options: MessagesOptions = {}): AsyncGenerator<MessageView<Item>> {
    checkOptions("messages()", options, OPTIONS.messages);
    const { state, after, pageSize = LIST_LIMIT_DEFAULT, ...call } = options;
    if (after !== undefined) checkId(after, "cursor");
    checkNumber("pageSize", pageSize, { min: 1, max: LIST_LIMIT_MAX, isInteger: true });
    for (let cursor: string | null = after ?? ""; cursor !== null; ) {
      const request = { ...(state === undefined ? {} : { state }), cursor, limit: pageSize };
      const outcome = this.calls.send<ReplyOf<"messages">>("messages", { request, ...call });
      const page: ReplyOf<"messages"> = await this.calls.orIfUnknown(outcome, NO_MESSAGES);
      for (const message of page.messages) yield viewOf<Item>(message);
      cursor = page.cursor;
    }
  }

  /** Returns one message without leasing it. Throws `UnknownMessage` if it is not in the queue. */
  async peek(id: string, options: CallOptions = {}): Promise<MessageView<Item>> {
    checkId(id);
    checkOptions("peek()", options, CALL_OPTIONS);
    const { value } = await this.calls.send<MessageViewReply>("peek", { request: { id }, ...options });
    return viewOf<Item>(value);
  }

  /**
   * Changes a message that is visible or delayed, and answers with what it is then. Throws `NotWaiting` while it is
   * leased, or once it is dead, and `UnknownMessage` if it is not in the queue.
   *
   * It is sent again after a lost answer, which changes nothing twice. Two things differ then: `delaySeconds` counts from
   * the try that arrived last, and a message that was received after the first try is not waiting any more, so that this
   * throws although the change was applied.
   */
  async change(id: string, changes: ChangeOptions<Item>): Promise<MessageView<Item>> {
    checkId(id);
    checkOptions("change()", changes, OPTIONS.change);
    const { priority, delaySeconds, at, item, headers, signal, retrySeconds } = changes;
    const request = {
      ...{ id, priority, delaySeconds, at: secondsOf("at", at) },
      ...(item === undefined ? {} : contentOf(item)),
      ...(headers === undefined ? {} : { headers: checkHeaders(headers) }),
    };
    const { value } = await this.calls.send<MessageViewReply>("change", { request, signal, retrySeconds });
    return viewOf<Item>(value);
  }

  /**
   * Makes a delayed message visible now, also one that waits for its next attempt, and answers with what it is then. A
   * visible message stays as it is. Throws and repeats as `change` does.
   */
  async promote(id: string, options: CallOptions = {}): Promise<MessageView<Item>> {
    checkId(id);
    checkOptions("promote()", options, CALL_OPTIONS);
    const { value } = await this.calls.send<MessageViewReply>("promote", { request: { id }, ...options });
    return viewOf<Item>(value);
  }

  /**
   * Removes one message, also while a consumer works on it: its lease ends, and the message's `signal` in its worker is
   * aborted. False if it is not in the queue, also because an earlier try removed it and its answer was lost.
   */
  async cancel(id: string, options: CallOptions = {}): Promise<boolean> {
    checkId(id);
    checkOptions("cancel()", options, CALL_OPTIONS);
    try {
      await this.calls.send("cancel", { request: { id }, ...options });
      return true;
    } catch (error) {
      if (error instanceof UnknownMessage || error instanceof UnknownQueue) return false;
      throw error;
    }
  }

  /**
   * Redrives dead letters: what died here is visible again, in its place; what came here because it died in
   * another queue goes back there. Answers how many there were.
   *
   * What goes to another queue arrives there once, also when this throws `Unavailable`: the transfer goes on.
   */
  async redrive(options: RedriveOptions = {}): Promise<number> {
    checkOptions("redrive()", options, OPTIONS.redrive);
    const { ids, max = Number.POSITIVE_INFINITY, to, from, progress, ...call } = options;
    checkNumber("max", max, { min: 1 });
    let redriven = 0;
    // A message that dies again meanwhile must not make this endless.
    let most = max;
    while (redriven < most) {
      const limit = max === Number.POSITIVE_INFINITY ? {} : { max: Math.min(max - redriven, REDRIVE_MAX) };
      // Sent again after a lost answer, "the first `max`" would be the next ones.
      const isRepeatable = max === Number.POSITIVE_INFINITY;
      const request = { ids, to, from, ...limit };
      const outcome = this.calls.send<ReplyOf<"redrive">>("redrive", { request, isRepeatable, ...call });
      const reply = await this.calls.orIfUnknown(outcome, NONE_LEFT);
      redriven += reply.redriven;
      most = Math.min(most, redriven + reply.left);
      progress?.(redriven, reply.left);
      if (reply.redriven === 0) break;
    }
    return redriven;
  }

  /**
   * Removes every message, also those that are leased, or only the dead ones, or only the results of jobs that have
   * ended, and answers how many there were. It is
   * not repeated when its answer is lost, because it could then remove what was put since: it throws `Unavailable`.
   */
  async purge(options: PurgeOptions = {}): Promise<number> {
    checkOptions("purge()", options, OPTIONS.purge);
    const { only, ...call } = options;
    const outcome = this.calls.send<ReplyOf<"purge">>("purge", { request: { only }, isRepeatable: false, ...call });
    return (await this.calls.orIfUnknown(outcome, { purged: 0 })).purged;
  }

  /**
   * Deletes the queue with all its messages. False if there was none. Not repeated when its answer is lost, as `purge`.
   */
  async delete(options: CallOptions = {}): Promise<boolean> {
    checkOptions("delete()", options, CALL_OPTIONS);
    const outcome = this.calls.send<ReplyOf<"delete">>("delete", { isRepeatable: false, ...options });
    return (await this.calls.orIfUnknown(outcome, { deleted: false })).deleted;
  }
}

/** Throws a `TypeError` for what cannot be a message's id or cursor: an id would be another path of the server. */
export function checkId(id: unknown, what = "id"): void {
  if (typeof id !== "string" || !/^(?!\.\.?$)[\x21-\x7e]+$/.test(id)) {
    throw new TypeError(
      `The ${what} of a message must be a text without spaces, and neither . nor .., not ${shown(id)}.`,
    );
  }
}
