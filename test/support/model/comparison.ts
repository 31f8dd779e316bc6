import type { Delivery, JobView, Result } from "../../../src/queue/base/commands.ts";
import type { CommandResult } from "../../../src/queue/waiting/results.ts";
import type { ModelAnswer } from "./answers.ts";
import { expect, show } from "./expect.ts";
import { compareJob } from "./job-comparison.ts";
import { attemptsOf, type ModelDelivery, type ModelLease, type ModelMessage } from "./message.ts";
import type { ModelQueue } from "./queue.ts";

const LEASES_REMEMBERED = 200;

/** How often something worth testing came about. A history that never gets there proves nothing about it. */
export type Sightings = Record<string, number>;

/** Holds what the queue answered against what the model did, and throws at the first difference. */
export class Comparison {
  readonly sightings: Sightings = {};
  /** What the queue has leased, the newest at the end. */
  leases: { lease: ModelLease; receipt: string }[] = [];
  readonly #model: ModelQueue;

  constructor(model: ModelQueue) {
    this.#model = model;
  }

  see(sighting: string): void {
    this.sightings[sighting] = (this.sightings[sighting] ?? 0) + 1;
  }

  /**
   * Compares what both answered, and takes down ids and receipts that the queue gave.
   *
   * @param lost the receipts of leases that the queue has ended
   */
  compare(given: CommandResult[], lost: string[]): void {
    // Waits that end at the same time are answered in no particular order.
    const answers = given.sort(
      (a, b) => a.requestId - b.requestId || compareTexts(idOfJob(a.result), idOfJob(b.result)),
    );
    const expected = this.#model.answers.sort(
      (a, b) => a.requestId - b.requestId || compareTexts(idOfExpected(a), idOfExpected(b)),
    );
    this.#model.answers = [];
    expect(answers.length, expected.length, () => `answers ${show(answers)} instead of ${show(expected)}`);
    for (const [index, answer] of answers.entries()) this.#compareOne(answer, expected[index] as ModelAnswer);
    const expectedLost = this.#model.lost.map(({ message, delivery }) => `${message.id}-${delivery}`);
    expect(show(lost.sort()), show(expectedLost.sort()), () => "lost leases");
    if (lost.length > 0) this.see("lost");
    this.#model.lost = [];
    for (const sighting of this.#model.seen.splice(0)) this.see(sighting);
  }

  #compareOne({ requestId, result }: CommandResult, expected: ModelAnswer): void {
    const difference = () => `answer ${show(result)} instead of ${show(expected)}`;
    expect(requestId, expected.requestId, difference);
    if (result.verb === "refused" && expected.verb === "refused") {
      expect(result.code, expected.code, difference);
      this.see(result.code);
      if (expected.endsSubscription) this.see("subscription ended by shutdown");
      if (expected.isExpired !== undefined) expect(result.isExpired, expected.isExpired, difference);
      if (expected.isExpired) this.see("result that is not kept any more");
    } else if (result.verb === "put" && expected.verb === "put") {
      this.#compareIds(result.ids, expected.messages, difference);
      if (expected.messages.some((message) => message.id !== "" && !message.name.startsWith(`${requestId}.`))) {
        this.see("duplicate suppressed");
      }
      expect(show(result.duplicates ?? []), show(expected.duplicates), difference);
      if (expected.isFreed) this.see("put again after a cancel or purge");
      if (expected.isRepeated && expected.duplicates.length > 0) this.see("duplicates repeated");
      if (expected.isRepeated) this.see("put repeated under its key");
      if (expected.isShared) this.see("put repeated while it waits");
    } else if (result.verb === "receive_transfer" && expected.verb === "receive_transfer") {
      this.#compareIds(result.ids, expected.messages, difference);
    } else if (result.verb === "receive" && expected.verb === "receive") {
      this.#compareDeliveries(result.deliveries, expected.deliveries, difference);
    } else if (result.verb === "push" && expected.verb === "push") {
      this.#compareDeliveries(result.deliveries, expected.deliveries, difference);
      this.see("push");
      if (expected.isLast) this.see("credit used up");
      if (expected.isShare) this.see("push of a share");
    } else if (
      (result.verb === "subscribe" && expected.verb === "subscribe") ||
      (result.verb === "unsubscribe" && expected.verb === "unsubscribe")
    ) {
      expect(result.credit, expected.credit, difference);
      if (result.credit > 0) this.see(result.verb);
    } else if (result.verb === "cancel_wait" && expected.verb === "cancel_wait") {
      expect(result.ended, expected.ended, difference);
      if (result.ended > 0) this.see("wait cancelled");
    } else if ("stale" in result && expected.verb === "changed") {
      expect(result.stale.length, expected.stale.length, difference);
      if (result.verb === "retry") expect(result.dead.length, expected.dead, difference);
      if (result.verb === "extend") expect(result.cancelled.length, expected.cancelled, difference);
      if (expected.stale.length > 0) this.see("stale receipt");
    } else if (result.verb === "join" && expected.verb === "join") {
      expect(result.finished, expected.finished, difference);
      this.see(result.finished ? "join finished" : "join not finished");
    } else if (result.verb === "done" && expected.verb === "done") {
      expect(result.unfinished, expected.unfinished, difference);
      if (expected.isRepeated) this.see("done repeated under its key");
    } else if (result.verb === "purge" && expected.verb === "purge") {
      if (expected.areOutcomes) this.#comparePurgedOutcomes(result.purged, expected.purged, difference);
      else expect(result.purged, expected.purged, difference);
    } else if (result.verb === "configure" && expected.verb === "configured") {
      expect(result.description.maxSize, expected.settings.maxSize, difference);
    } else if (result.verb === "redrive" && expected.verb === "redrive") {
      expect(result.redriven, expected.redriven, difference);
      expect(result.left, expected.left, difference);
      if (result.redriven > 0) this.see("redriven");
    } else if ((result.verb === "change" || result.verb === "promote") && expected.verb === "view") {
      const { id, state, payload } = result.view;
      expect(id, expected.message.id, difference);
      expect(state, expected.state, difference);
      expect(payload.startsWith(`{"body":"${expected.name}","priority":${expected.priority},`), true, difference);
      this.#comparePayload(payload, expected.message, difference);
    } else if (result.verb === "messages" && expected.verb === "messages") {
      const ids = expected.messages.map(({ id }) => id);
      expect(show(result.views.map(({ id }) => id)), show(ids), difference);
      // The other way around a last, empty page may follow.
      if (result.cursor === null) expect(true, expected.isLast, difference);
      for (const [index, { state, attempts, reason }] of result.views.entries()) {
        if (reason === "expired") this.see("expired listed");
        const message = expected.messages[index] as ModelMessage;
        expect(state, this.#model.stateOf(message), difference);
        expect(attempts, attemptsOf(message), difference);
        this.see(`${state} listed`);
      }
    } else {
      this.#compareJobs(result, expected, difference);
    }
  }

  #compareJobs(result: Result, expected: ModelAnswer, difference: () => string): void {
    if ((result.verb === "result" || result.verb === "job") && result.verb === expected.verb) {
      compareJob(result.job, expected.job);
      this.see(`${result.job.state} by ${result.verb}`);
    } else if (result.verb === "watch" && expected.verb === "watch") {
      expect(result.jobs.length, expected.jobs.length, difference);
      for (const [index, job] of expected.jobs.entries()) compareJob(result.jobs[index] as JobView, job);
    } else if (result.verb === "progress" && expected.verb === "progress") {
      expect(result.isStale, expected.isStale, difference);
      expect(result.isCancelled, expected.isCancelled, difference);
    } else if ((result.verb === "tasks" || result.verb === "announce") && expected.verb === "tasks") {
      expect(JSON.stringify(result.tasks), expected.tasks, difference);
      if (result.tasks.length > 1) this.see("tasks announced");
    } else {
      expect(result.verb, expected.verb, difference);
    }
  }

  /** Those that have expired may be among them. */
  #comparePurgedOutcomes(purged: number, leastPurged: number, difference: () => string): void {
    expect(purged >= leastPurged, true, difference);
    this.#model.jobs.purged += purged;
    if (leastPurged > 0) this.see("outcomes purged");
  }

  #comparePayload(payload: string, { headers, rules }: ModelMessage, difference: () => string): void {
    if (headers === undefined && rules === undefined) return;
    const parts = JSON.parse(payload);
    expect(JSON.stringify(parts.headers), headers, difference);
    expect(parts.maxAttempts, rules?.maxAttempts, difference);
    expect(parts.retryDelaySeconds, rules?.retryDelayMs && rules.retryDelayMs / 1_000, difference);
    expect(parts.resultSeconds, rules?.resultMs && rules.resultMs / 1_000, difference);
    expect(parts.retentionSeconds, rules?.retentionMs && rules.retentionMs / 1_000, difference);
    this.see(headers === undefined ? "own rules" : "headers");
  }

  #compareIds(ids: string[], messages: ModelMessage[], difference: () => string): void {
    expect(ids.length, messages.length, difference);
    for (const [index, message] of messages.entries()) {
      if (message.id === "") message.id = ids[index] as string;
      expect(ids[index], message.id, difference);
    }
  }

  #compareDeliveries(deliveries: Delivery[], expected: ModelDelivery[], difference: () => string): void {
    expect(deliveries.length, expected.length, difference);
    for (const [index, { message, delivery: number, attempt, lastError }] of expected.entries()) {
      const delivery = deliveries[index];
      // The message may have reached a receiver whose request id is older than the put's.
      if (message.id === "") message.id = delivery?.id ?? "";
      expect(delivery?.id, message.id, difference);
      expect(delivery?.attempt, attempt, difference);
      expect(delivery?.lastError, lastError, difference);
      expect(delivery?.group, message.group, difference);
      if (message.group !== undefined) this.see("group served");
      expect(delivery?.payload.startsWith(`{"body":"${message.name}"`), true, difference);
      this.#comparePayload(delivery?.payload ?? "", message, difference);
      if (attempt > 1) this.see("redelivery");
      if (attempt < number) this.see("redelivery that is no further attempt");
      this.see(`${this.#model.settings.order} delivery`);
      if (delivery?.lease !== undefined)
        this.leases.push({ lease: { message, delivery: number }, receipt: delivery.lease.receipt });
    }
    if (this.leases.length > LEASES_REMEMBERED * 2) this.leases = this.leases.slice(-LEASES_REMEMBERED);
  }
}

/** What is told of several jobs to one that watches them has no order. */
function idOfJob(result: Result): string {
  return result.verb === "job" ? result.job.id : "";
}

function idOfExpected(answer: ModelAnswer): string {
  return answer.verb === "job" ? (answer.job.message?.id ?? answer.job.id) : "";
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
