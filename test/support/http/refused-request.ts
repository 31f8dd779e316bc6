import { expect } from "vitest";
import { call, descriptionOf, freshQueue, put, receive } from "../call.ts";

/**
 * Sends a wrong request to a queue that holds messages, and checks that it changed nothing and that its answer is a
 * problem. Returns the answer.
 *
 * @param verb the path after the queue's name
 */
export async function refused(verb: string, body: unknown, method = "POST") {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  await receive(queue, { leaseSeconds: 600 });
  const { oldestSeconds: _, ...before } = await descriptionOf(queue);

  const reply = await call(method, `${queue}${verb}`, body);

  const { oldestSeconds: __, ...after } = await descriptionOf(queue);
  expect(after).toEqual(before);
  expect(reply.headers.get("Content-Type")).toBe("application/problem+json");
  expect(reply.body).toMatchObject({ status: reply.status, title: expect.any(String), detail: expect.any(String) });
  expect(reply.body.type).toBe(`urn:durable-queue:problem:${reply.body.code}`);
  return reply;
}
