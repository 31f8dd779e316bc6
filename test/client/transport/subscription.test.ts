import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RequestOf } from "../../../src/api/types.ts";
import { Subscription } from "../../../worker-client/src/transport/subscription.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A subscription whose grant of credit the server could not take, and what is granted again of it. */
function refused(): { subscription: Subscription; again: RequestOf<"subscribe">[] } {
  const again: RequestOf<"subscribe">[] = [];
  const subscription = new Subscription({ address: "", queue: "queue" }, (request) => again.push(request));
  subscription.grant({ credit: 5, leaseSeconds: undefined });
  subscription.takeLines(() => 7);
  const problem = { type: "", title: "", status: 503, detail: "The queue has no memory.", code: "overloaded" } as const;
  subscription.answer({ id: 7, problem });
  return { subscription, again };
}

test("credit that the server could not take is granted again", () => {
  const { again } = refused();

  vi.runAllTimers();

  expect(again).toEqual([{ credit: 5, leaseSeconds: undefined }]);
});

test.each([
  ["the subscription has ended", (subscription: Subscription) => subscription.unsubscribe()],
  ["the connection is gone", (subscription: Subscription) => subscription.clear()],
])("it is not granted again when %s", (_, end) => {
  const { subscription, again } = refused();

  end(subscription);
  vi.runAllTimers();

  expect(again).toEqual([]);
});
