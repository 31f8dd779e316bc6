import { describe } from "vitest";
import { endpointOf } from "../../src/contract/endpoints.ts";
import { AUTHORIZATION, arrival, call, freshQueue, nameOf, pass } from "../support/call.ts";
import { behaviours } from "./behaviours.ts";
import { CurrentQueues } from "./current-queues.ts";
import { type Level, Refused } from "./drivers/driver.ts";
import { jsonDriver } from "./drivers/json-driver.ts";

const current = new CurrentQueues();
let newest = "";
const level: Level = {
  queue() {
    const queue = freshQueue();
    newest = queue;
    current.add(queue);
    return jsonDriver(nameOf(queue), async (verb, request, key) => {
      const { method, path } = endpointOf(verb);
      const { id = "", ...query } = request as Record<string, string>;
      const hasBody = method !== "GET" && method !== "DELETE";
      const url = `${queue}${path.replace(":id", id)}${hasBody ? "" : `?${new URLSearchParams(query)}`}`;
      const headers = key === undefined ? AUTHORIZATION : { ...AUTHORIZATION, "Idempotency-Key": key };
      const { status, body } = await call(method, url, hasBody ? request : undefined, headers);
      if (status >= 300) throw new Refused(body.code, body.detail);
      return body;
    });
  },
  pass: (seconds) => pass(seconds, ...current.names),
  arrival: () => arrival(newest),
};

describe("HTTP", () => behaviours(level, () => Date.now() / 1_000));
