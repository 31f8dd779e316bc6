import type { MessageRules } from "../../../src/queue/base/commands.ts";
import type { WaitingPut } from "./answers.ts";
import type { Both } from "./both.ts";
import type { ModelMessage, ModelPut } from "./message.ts";
import type { ModelQueue } from "./queue.ts";

/** The model searches arrays, so histories keep queues short, and segments small by bodies of this length. */
export const LONG_BODY = "x".repeat(3_000);

function put(queue: ModelQueue, waiting: WaitingPut, isWaitAllowed: boolean): void {
  const { requestIds, puts, key, deadline } = waiting;
  const earlierTry = queue.blockedPuts.find((other) => key !== undefined && other.key === key);
  if (queue.known(waiting)) {
    admit(queue, waiting);
  } else if (queue.shutdown !== "none") {
    queue.refuse(requestIds, "shut_down");
  } else if (queue.isStorageFull) {
    queue.refuse(requestIds, "storage_full");
  } else if (earlierTry !== undefined) {
    // All tries of one put wait at its place and get one answer; the last one says until when.
    if (JSON.stringify(earlierTry.puts) !== JSON.stringify(puts)) {
      queue.refuse(requestIds, "idempotency_key_reused");
      return;
    }
    earlierTry.requestIds.push(...requestIds);
    earlierTry.deadline = deadline;
  } else if (queue.settings.maxSize > 0 && puts.length > queue.settings.maxSize) {
    queue.refuse(requestIds, "invalid");
  } else if (queue.blockedPuts.length === 0 && hasRoom(queue, waiting)) {
    admit(queue, waiting);
  } else if (isWaitAllowed) {
    queue.blockedPuts.push(waiting);
  } else {
    queue.refuse(requestIds, queue.noRoom);
  }
}

export function hasRoom(queue: ModelQueue, { puts }: WaitingPut): boolean {
  if (queue.paused.puts || queue.isStorageFull) return false;
  const { maxSize } = queue.settings;
  const seen = new Set<string>();
  const fresh = puts.filter(({ dedupeKey }) => {
    if (dedupeKey === undefined) return true;
    const isFresh = !seen.has(dedupeKey) && duplicateOf(queue, dedupeKey) === undefined;
    seen.add(dedupeKey);
    return isFresh;
  });
  return maxSize === 0 || queue.waiting() + fresh.length <= maxSize;
}

export function admit(queue: ModelQueue, waiting: WaitingPut): void {
  const { requestIds, puts, key } = waiting;
  queue.exists = true;
  const content = JSON.stringify(puts);
  const known = queue.known(waiting);
  if (known !== undefined && known.content !== content) {
    queue.refuse(requestIds, "idempotency_key_reused");
    return;
  }
  const { messages, duplicates, isFreed } = known === undefined ? storeAll(queue, puts) : { ...known, isFreed: false };
  const isAnyStored = duplicates.length < messages.length;
  if (key !== undefined && known === undefined && isAnyStored)
    queue.keys.set(key, { until: queue.keysUntil, content, messages, duplicates });
  const rest = { messages, duplicates, isRepeated: known !== undefined, isShared: requestIds.length > 1, isFreed };
  for (const requestId of requestIds) queue.answers.push({ requestId, verb: "put", ...rest });
}

function storeAll(
  queue: ModelQueue,
  puts: ModelPut[],
): { messages: ModelMessage[]; duplicates: number[]; isFreed: boolean } {
  const duplicates: number[] = [];
  let isFreed = false;
  const messages = puts.map((put, position) => {
    const duplicate = duplicateOf(queue, put.dedupeKey);
    if (duplicate !== undefined) duplicates.push(position);
    else if (put.dedupeKey !== undefined) isFreed = queue.freedKeys.delete(put.dedupeKey) || isFreed;
    return duplicate ?? store(queue, put);
  });
  return { messages, duplicates, isFreed };
}

export function store(
  queue: ModelQueue,
  { name, priority, delayMs, visibleAt, dedupeKey, isDedupedUntilDone = false, group, headers, rules, isJob }: ModelPut,
): ModelMessage {
  // A group of which there is nothing left stands behind all others again.
  if (queue.messages.every((message) => message.group !== group)) queue.dropTurn(group);
  queue.takeTurn(group);
  const message = {
    name,
    priority,
    group,
    id: "",
    place: undefined,
    putAt: queue.now,
    since: Math.max(queue.now, visibleAt ?? queue.now + delayMs),
    visibleAt: visibleAt ?? queue.now + delayMs,
    leased: false,
    begunAt: undefined,
    deliveries: 0,
    unbegun: 0,
    takenBackUntil: 0,
    spared: 0,
    isDead: false,
    source: "",
    transfer: undefined,
    lastError: undefined,
    headers,
    rules: isJob && rules?.resultMs === undefined ? { ...rules, resultMs: queue.settings.resultMs } : rules,
    hasDied: false,
    reason: undefined,
    progress: undefined,
    outcome: undefined,
  };
  queue.messages.push(message);
  queue.unfinished += 1;
  if (dedupeKey !== undefined) {
    queue.dedupeKeys.set(dedupeKey, {
      until: queue.now + queue.settings.dedupeMs,
      message,
      isUntilDone: isDedupedUntilDone,
    });
  }
  return message;
}

function duplicateOf(queue: ModelQueue, dedupeKey: string | undefined): ModelMessage | undefined {
  const known = dedupeKey === undefined ? undefined : queue.dedupeKeys.get(dedupeKey);
  if (known === undefined) return undefined;
  const { until, message, isUntilDone } = known;
  if (!isUntilDone) return until > queue.now ? message : undefined;
  const isAlive = queue.messages.includes(message) && !message.isDead && !message.hasDied;
  if (isAlive) queue.seen.push("duplicate of what is not done");
  else queue.seen.push("put again after it was done");
  return isAlive ? message : undefined;
}

/** What is removed before it is done may be put again under its dedupe key. */
export function freeKeys(queue: ModelQueue, removed: ModelMessage[]): void {
  for (const [dedupeKey, { until, message }] of queue.dedupeKeys) {
    if (!removed.includes(message)) continue;
    queue.dedupeKeys.delete(dedupeKey);
    if (until > queue.now) queue.freedKeys.add(dedupeKey);
  }
}

export function randomPut(both: Both, requestId: number): void {
  const random = both.random;
  const size = random.chance(0.01) ? 300 : 1 + random.integer(random.chance(0.2) ? 20 : 2);
  const fresh = Array.from({ length: size }, (_, index) => randomMessage(both, `${requestId}.${index}`));
  const waitingPut = both.model.blockedPuts.findLast(({ key }) => key !== undefined);
  const recent = random.chance(0.2) ? waitingPut : both.recentPuts[random.integer(20)];
  const again = random.chance(0.1) ? recent : undefined;
  const key = again?.key ?? (random.chance(0.5) ? `key-${requestId}` : undefined);
  const puts = again !== undefined && random.chance(0.8) ? again.puts : fresh;
  if (key !== undefined) both.recentPuts[random.integer(20)] = { key, puts };
  const timeoutMs = both.waitMs();
  const messages = puts.map(message);
  both.tell(requestId, { verb: "put", messages, timeoutMs, idempotencyKey: key }, () =>
    put(both.model, { requestIds: [requestId], puts, key, deadline: both.now + timeoutMs }, timeoutMs > 0),
  );
}

function randomMessage({ random, now }: Both, name: string): ModelPut {
  const headers = randomHeaders(random);
  return {
    name: `${name}${random.chance(0.1) ? LONG_BODY : ""}`,
    priority: random.pick([100, 100, 0, 7, 255]),
    delayMs: random.chance(0.1) ? random.integer(5_000) : 0,
    dedupeKey: random.chance(0.3) ? `dedupe-${random.integer(80)}` : undefined,
    isDedupedUntilDone: random.chance(0.4),
    group: random.chance(0.4) ? random.pick(["a", "b", "c", "d"]) : undefined,
    headers,
    isJob: headers?.includes('"dq-task"'),
    rules: randomRules(random),
    visibleAt: random.chance(0.05) ? now - 2_000 + random.integer(10_000) : undefined,
  };
}

/** Names and values by which the parts of a payload could be mistaken for one another. */
export function randomHeaders(random: Both["random"]): string | undefined {
  if (!random.chance(0.3)) return undefined;
  if (random.chance(0.5)) return random.pick(['{"dq-task":"a"}', '{"dq-task":"b","x":"1"}']);
  return random.pick(['{"priority":"5"}', '{"a":"\\",\\"putAt\\":1"}', '{"headers":"{}","body":"x"}']);
}

/** Often none, and often the same, so that some rows have messages with the same rules, and others with different ones. */
export function randomRules(random: Both["random"]): MessageRules | undefined {
  if (random.chance(0.6)) return undefined;
  if (random.chance(0.5)) return { maxAttempts: 2 };
  const maxAttempts = random.pick([undefined, 0, 1, 3]);
  const retryDelayMs = random.pick([undefined, 0, 900]);
  const retentionMs = random.pick([undefined, 0, 3_000, 500_000]);
  const resultMs = random.pick([undefined, 0, 1_500, 120_000]);
  const rules = { maxAttempts, retryDelayMs, retentionMs, resultMs };
  return Object.values(rules).every((rule) => rule === undefined) ? undefined : rules;
}

export function message({ name, ...schedule }: ModelPut) {
  return { content: `"body":"${name}"`, ...schedule };
}
