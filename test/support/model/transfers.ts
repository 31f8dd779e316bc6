import type { OutboundTransfer } from "../../../src/queue/outbound-transfers.ts";
import type { ModelRedrive, ModelTransfer } from "./answers.ts";
import type { Both } from "./both.ts";
import { tellGone } from "./jobs.ts";
import type { ModelMessage, ModelPut } from "./message.ts";
import { attemptsOf, byPlace } from "./message.ts";
import { randomHeaders, randomRules, store } from "./puts.ts";
import type { ModelQueue } from "./queue.ts";

/** Messages that died here, and those that came here because they died elsewhere, while they are not leased. */
function deadLetters(queue: ModelQueue): ModelMessage[] {
  const isDeadLetter = (message: ModelMessage) => {
    const state = queue.stateOf(message);
    return state === "dead" || (message.source !== "" && (state === "visible" || state === "delayed"));
  };
  return byPlace(queue.messages.filter(isDeadLetter));
}

/** @param ids of dead letters to redrive; undefined for the first so many */
function redrive(queue: ModelQueue, requestId: number, request: ModelRedrive): void {
  const { ids, max, to, from } = request;
  const all = deadLetters(queue).filter(({ source }) => from === undefined || source === from);
  const named = [...new Set(ids)].flatMap((id) => all.find((deadLetter) => deadLetter.id === id) ?? []);
  const candidates = ids === undefined ? all : named;
  const destination = candidates[0] && (to ?? candidates[0].source);
  const meant = candidates.filter(({ source }) => (to ?? source) === destination).slice(0, max);
  if (destination !== undefined && destination !== "") {
    const isUnderWay = queue.transfers.some((transfer) => transfer.to === destination);
    if (isUnderWay) queue.postponed.push({ requestId, request, destination });
    else beginTransfer(queue, meant, { to: destination, areDeadLetters: false, requestId });
  } else {
    for (const message of meant) {
      Object.assign(message, {
        ...{ isDead: false, reason: undefined, hasDied: true, spared: attemptsOf(message) },
        ...{ visibleAt: queue.now, since: queue.now },
      });
    }
    queue.unfinished += meant.length;
    queue.answers.push({ requestId, verb: "redrive", redriven: meant.length, left: deadLetters(queue).length });
  }
}

function beginTransfer(queue: ModelQueue, messages: ModelMessage[], transfer: Omit<ModelTransfer, "number">): void {
  queue.lastTransfer += 1;
  queue.transfers.push({ number: queue.lastTransfer, ...transfer });
  for (const message of messages) {
    message.transfer = queue.lastTransfer;
    queue.jobs.changed.add(message);
  }
}

/** As the queue is about to be stored, what is dead begins to move. */
export function beginDeadLetters(queue: ModelQueue): void {
  const { deadLetterQueue: to } = queue.settings;
  const isRefused = queue.refusal.to === to && queue.now < queue.refusal.until;
  const isWaitedFor = isRefused || queue.transfers.some((transfer) => transfer.to === to);
  const dead = queue.messages.filter((message) => queue.stateOf(message) === "dead");
  if (to === null || isWaitedFor || dead.length === 0) return;
  // A queue that has refused is asked with one.
  const meant = queue.refusal.to === to ? byPlace(dead).slice(0, 1) : dead;
  beginTransfer(queue, meant, { to, areDeadLetters: true });
}

/** In the order of their places. */
export function messagesIn(queue: ModelQueue, transfer: number): ModelMessage[] {
  return byPlace(queue.messages.filter((message) => message.transfer === transfer));
}

function settle(
  queue: ModelQueue,
  requestId: number,
  number: number,
  outcome: "accepted" | "refused" | "unknown",
  code: string,
): void {
  const transfer = queue.transfers.find((other) => other.number === number);
  const messages = transfer === undefined ? [] : messagesIn(queue, number);
  if (transfer !== undefined && outcome === "accepted") {
    queue.messages = queue.messages.filter((message) => !messages.includes(message));
    for (const message of messages) {
      if (!message.isDead) tellGone(queue, message);
      queue.jobs.left(message);
    }
    queue.unfinished = Math.max(0, queue.unfinished - messages.filter(({ isDead }) => !isDead).length);
    queue.transferred += messages.length;
  } else if (transfer !== undefined && outcome === "refused") {
    for (const message of messages) {
      message.transfer = undefined;
      queue.jobs.changed.add(message);
    }
  }
  if (transfer?.areDeadLetters && outcome !== "unknown") {
    const { to } = transfer;
    const times = queue.refusal.to === to ? queue.refusal.times : 0;
    const until = queue.now + Math.min(3_600_000, 60_000 * 2 ** times);
    if (outcome === "refused") queue.refusal = { to, times: times + 1, until };
    else if (queue.refusal.to === to) queue.refusal = { to: "", times: 0, until: 0 };
  }
  if (outcome !== "unknown") queue.transfers = queue.transfers.filter((other) => other !== transfer);
  if (transfer?.requestId !== undefined) {
    const redriven = messages.length;
    if (outcome === "accepted")
      queue.answers.push({
        requestId: transfer.requestId,
        verb: "redrive",
        redriven,
        left: deadLetters(queue).length,
      });
    else queue.refuse([transfer.requestId], code);
    delete transfer.requestId;
  }
  const freed = queue.postponed.filter(({ destination }) => destination === transfer?.to);
  queue.postponed = queue.postponed.filter(({ destination }) => destination !== transfer?.to);
  for (const { requestId, request } of freed) {
    if (outcome === "unknown") queue.refuse([requestId], code);
    else redrive(queue, requestId, request);
  }
  queue.answers.push({ requestId, verb: "transfer_result" });
}

function accept(
  queue: ModelQueue,
  requestId: number,
  sender: string,
  number: number,
  puts: ModelPut[],
  source: string,
): void {
  const last = queue.inboundTransfers.get(sender);
  const isKnown = last !== undefined && number <= last.number;
  const isRefused = isKnown
    ? number === last.number && last.isRefused
    : queue.exists && (queue.shutdown !== "none" || queue.isStorageFull);
  if (!isKnown) queue.inboundTransfers.set(sender, { number, isRefused });
  if (isRefused) {
    queue.refuse([requestId], queue.shutdown !== "none" ? "shut_down" : "storage_full");
    return;
  }
  queue.exists = true;
  const messages = isKnown ? [] : puts.map((put) => Object.assign(store(queue, put), { source }));
  queue.answers.push({ requestId, verb: "receive_transfer", messages });
}

export function randomRedrive(both: Both, requestId: number): void {
  const failed = both.model.jobs.kept.find(({ isDead }) => isDead)?.id ?? both.someId();
  const ids = both.random.chance(0.5) ? [failed, both.someId()] : undefined;
  const max = ids === undefined ? 1 + both.random.integer(20) : 1_000;
  const to = both.random.pick([undefined, undefined, "elsewhere", "dead1"]);
  const from = both.random.pick([undefined, undefined, "source1"]);
  const request = { ids, max, to, from };
  both.tell(requestId, { verb: "redrive", ...request }, () => redrive(both.model, requestId, request));
}

/** Messages that come from another queue, sometimes for the second time. */
export function randomInboundTransfer(both: Both, requestId: number): void {
  const queue = both.random.pick(["source1", "source2"]);
  const generation = both.random.pick(["a", "b"]);
  const sender = `${queue}/${generation}`;
  const number = Math.max(
    1,
    (both.model.inboundTransfers.get(sender)?.number ?? 0) + both.random.pick([1, 1, 3, 0, 0, -1]),
  );
  const puts = Array.from({ length: 1 + both.random.integer(5) }, (_, index) => ({
    name: `${requestId}.${index}`,
    group: both.random.pick([undefined, "a", "e"]),
    priority: both.random.pick([100, 3]),
    delayMs: 0,
    headers: randomHeaders(both.random),
    rules: randomRules(both.random),
  }));
  const areDeadLetters = both.random.chance(0.8);
  const deadLetter = { id: "i-1-1", reason: "expired" as const, attempts: 1, firstPutAt: 1, diedAt: 2 };
  const messages = puts.map(({ name, ...rest }) => ({
    content: `"body":${JSON.stringify(name)}`,
    ...rest,
    deadLetter: areDeadLetters ? deadLetter : undefined,
  }));
  if (number <= (both.model.inboundTransfers.get(sender)?.number ?? 0)) both.comparison.see("arrived again");
  both.tell(requestId, { verb: "receive_transfer", queue, generation, number, messages }, () =>
    accept(both.model, requestId, sender, number, puts, areDeadLetters ? queue : ""),
  );
}

/** The other queue has answered, or not. */
export function randomOutcome(both: Both, requestId: number): void {
  const transfer = both.sent.splice(both.random.integer(both.sent.length), 1)[0] as OutboundTransfer;
  const { generation, number } = transfer;
  const hasArrived = both.arrived.has(keyOf(transfer));
  const outcome = both.random.pick(["accepted", "accepted", "unknown", hasArrived ? "accepted" : "refused"] as const);
  if (outcome === "accepted" || (outcome === "unknown" && both.random.chance(0.5))) {
    both.arrived.add(keyOf(transfer));
  }
  const code = outcome === "unknown" ? "unavailable" : "shut_down";
  const refusal = outcome === "accepted" ? undefined : ({ verb: "refused", code, detail: "" } as const);
  both.comparison.see(`transfer ${outcome}`);
  if (hasArrived) both.comparison.see("transfer sent again");
  const isThisLife = generation === both.queue.generation;
  both.tell(requestId, { verb: "transfer_result", generation, number, outcome, refusal }, () =>
    settle(both.model, requestId, isThisLife ? number : -1, outcome, code),
  );
}

export function keyOf({ generation, number }: OutboundTransfer): string {
  return `${generation}/${number}`;
}
