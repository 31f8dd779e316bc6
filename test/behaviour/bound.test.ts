/** A Worker uses the client's queues by binding, without HTTP: those of its own server, and those of a service. */
import { describe } from "vitest";
import { SCOPES } from "../../src/contract/scopes.ts";
import type { BindingManager } from "../../worker-client/binding/binding-manager.ts";
import { boundManager, managerWith } from "../binding/bound.ts";
import { freshQueue, nameOf, pass } from "../support/call.ts";
import { behaviours } from "./behaviours.ts";
import { CurrentQueues } from "./current-queues.ts";
import { clientDriver } from "./drivers/client-driver.ts";
import type { Level } from "./drivers/driver.ts";

function levelOf(manager: () => BindingManager): Level {
  const current = new CurrentQueues();
  return {
    queue() {
      const queue = freshQueue();
      current.add(queue);
      return clientDriver(manager().queue<unknown>(nameOf(queue)));
    },
    pass: (seconds) => pass(seconds, ...current.names),
    // What is awaited of jobs is asked for at the end of a turn.
    async arrival(queue) {
      await new Promise((resume) => setTimeout(resume, 0));
      for (let calls = 0; calls < 3; calls += 1) await queue.describe().catch(() => undefined);
    },
  };
}

describe("the queues of a Worker", () => behaviours(levelOf(boundManager), () => Date.now() / 1_000));

describe("the queues of another Worker", () => {
  const all = { queues: [""], scopes: SCOPES };
  behaviours(
    levelOf(() => managerWith(all)),
    () => Date.now() / 1_000,
  );
});
