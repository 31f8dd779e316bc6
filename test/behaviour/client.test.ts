import { afterAll, beforeAll, describe } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { behaviours } from "./behaviours.ts";
import { CurrentQueues } from "./current-queues.ts";
import { clientDriver } from "./drivers/client-driver.ts";
import type { Level } from "./drivers/driver.ts";

const server = new TestServer({ isMovable: true });
beforeAll(() => server.start());
afterAll(() => server.remove());

function levelOver(transport: "websocket" | "http"): Level {
  const current = new CurrentQueues();
  return {
    queue() {
      const name = freshName();
      current.add(name);
      return clientDriver(server.manager({ transport }).queue<unknown>(name));
    },
    pass: (seconds) => server.pass(seconds, ...current.names),
    async arrival(queue) {
      for (let calls = 0; calls < 3; calls += 1) await queue.describe().catch(() => undefined);
    },
  };
}

describe("the client over a socket", () => behaviours(levelOver("websocket"), () => Date.now() / 1_000));
describe("the client over HTTP", () => behaviours(levelOver("http"), () => Date.now() / 1_000));
