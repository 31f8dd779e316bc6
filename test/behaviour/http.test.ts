import { describe } from "vitest";
import { AUTHORIZATION, arrival, call, freshQueue, nameOf } from "../support/call.ts";
import { behaviours } from "./behaviours.ts";
import { type Level, Refused } from "./driver.ts";
import { jsonDriver, type Verb } from "./json-driver.ts";

/** The method and the path of a verb; all others are a POST to their own name. */
const ENDPOINTS: Partial<Record<Verb, (request: Record<string, unknown>) => [method: string, path: string]>> = {
  put: () => ["POST", "/messages"],
  configure: () => ["PUT", ""],
  inspect: () => ["GET", ""],
  delete: () => ["DELETE", ""],
  list: (request) => ["GET", `/messages?${new URLSearchParams(request as Record<string, string>)}`],
  look: ({ id }) => ["GET", `/messages/${id}`],
  cancel: ({ id }) => ["DELETE", `/messages/${id}`],
};

let newest = "";
const level: Level = {
  queue() {
    const queue = freshQueue();
    newest = queue;
    return jsonDriver(nameOf(queue), async (verb, request, key) => {
      const [method, path] = ENDPOINTS[verb]?.(request) ?? ["POST", `/${verb}`];
      const hasBody = method === "POST" || method === "PUT";
      const headers = key === undefined ? AUTHORIZATION : { ...AUTHORIZATION, "Idempotency-Key": key };
      const { status, body } = await call(method, `${queue}${path}`, hasBody ? request : undefined, headers);
      if (status >= 300) throw new Refused(body.code, body.detail);
      return body;
    });
  },
  pass: (seconds) => scheduler.wait(seconds * 1_000),
  arrival: () => arrival(newest),
};

describe("HTTP", () => behaviours(level, () => Date.now() / 1_000));
