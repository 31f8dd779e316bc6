import type { Waiting } from "./answers.ts";
import type { Both } from "./both.ts";
import type { ModelQueue } from "./queue.ts";

function done(queue: ModelQueue, requestId: number, count: number, key: string | undefined): void {
  const content = `done ${count}`;
  const known = queue.known({ key });
  if (known !== undefined && known.content !== content) {
    queue.answers.push({ requestId, verb: "refused", code: "idempotency_key_reused" });
    return;
  }
  if (known === undefined && count > queue.unfinished) {
    queue.answers.push({ requestId, verb: "refused", code: "done_too_often" });
    return;
  }
  if (known === undefined) queue.unfinished -= count;
  if (key !== undefined && known === undefined)
    queue.keys.set(key, { until: queue.keysUntil, content, messages: [], duplicates: [] });
  queue.answers.push({ requestId, verb: "done", unfinished: queue.unfinished, isRepeated: known !== undefined });
}

function join(queue: ModelQueue, joinWaiter: Waiting, isWaitAllowed: boolean): void {
  if (queue.unfinished === 0) queue.answers.push({ requestId: joinWaiter.requestId, verb: "join", finished: true });
  else if (isWaitAllowed) queue.joinWaiters.push(joinWaiter);
  else queue.answers.push({ requestId: joinWaiter.requestId, verb: "join", finished: false });
}

export function randomDone(both: Both, requestId: number): void {
  const again = both.random.chance(0.2) ? both.recentDones[both.random.integer(5)] : undefined;
  const count = again !== undefined && both.random.chance(0.7) ? again.count : 1 + both.random.integer(3);
  const key = again?.key ?? (both.random.chance(0.5) ? `done-${requestId}` : undefined);
  if (key !== undefined) both.recentDones[both.random.integer(5)] = { key, count };
  both.tell(requestId, { verb: "done", count, idempotencyKey: key }, () => done(both.model, requestId, count, key));
}

export function randomJoin(both: Both, requestId: number): void {
  const timeoutMs = both.waitMs();
  both.tell(requestId, { verb: "join", timeoutMs }, () =>
    join(both.model, { requestId, deadline: both.now + timeoutMs }, timeoutMs > 0),
  );
}
