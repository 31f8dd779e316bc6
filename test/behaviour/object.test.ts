import { describe } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import { freshQueue, nameOf, objectOf, pass } from "../support/call.ts";
import { repliedTo } from "../support/replies.ts";
import { behaviours } from "./behaviours.ts";
import { CurrentQueues } from "./current-queues.ts";
import { type Driver, type Level, Refused } from "./drivers/driver.ts";
import { jsonDriver } from "./drivers/json-driver.ts";

const current = new CurrentQueues();
const level: Level = {
  queue() {
    const queue = freshQueue();
    const stub = objectOf(queue);
    current.add(queue);
    return jsonDriver(nameOf(queue), async (verb, request, key) => {
      const reply = await stub.ask(verb, request, { principal: OWNER, idempotencyKey: key });
      if (!reply.ok) throw new Refused(reply.code, reply.detail);
      return repliedTo(verb, JSON.parse(reply.json));
    });
  },
  pass: (seconds) => pass(seconds, ...current.names),
  arrival,
};

/** Three calls that were made later have been answered then. */
async function arrival(queue: Driver): Promise<void> {
  for (let calls = 0; calls < 3; calls += 1) await queue.describe().catch(() => undefined);
}

describe("the Durable Object", () => behaviours(level, () => Date.now() / 1_000));
