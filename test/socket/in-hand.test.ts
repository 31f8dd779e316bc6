/** How many messages a connection has in hand, whatever its client does with them. */
import { expect, test } from "vitest";
import type { Delivery } from "../../src/queue/base/commands.ts";
import { InHand, RECEIPTS_KNOWN_MAX } from "../../src/socket/in-hand.ts";

const LEASE_MS = 43_200_000;
const MESSAGES = 3 * RECEIPTS_KNOWN_MAX;

function delivery(number: number, now: number): Delivery {
  const lease = { receipt: `0.generation-${number}-0-1`, endsAt: now + LEASE_MS, ms: LEASE_MS };
  return { id: `0.generation-${number}-0`, attempt: 1, payload: "{}", lease };
}

test("messages that are settled on another connection count until their leases would have ended, in bounded memory", () => {
  const inHand = new InHand();
  for (let number = 0; number < MESSAGES; number += 1) inHand.handedOut([delivery(number, number)]);

  expect(inHand.knownReceipts).toBeLessThanOrEqual(RECEIPTS_KNOWN_MAX);
  expect(inHand.count(MESSAGES)).toBe(MESSAGES);
  expect(inHand.kept().count).toBe(MESSAGES);
  expect(inHand.count(MESSAGES + LEASE_MS)).toBe(0);
});

test("of more messages than receipts are known each counts until it is settled", () => {
  const inHand = new InHand();
  const deliveries = Array.from({ length: MESSAGES }, (_, number) => delivery(number, 0));
  inHand.handedOut(deliveries);
  const receipts = deliveries.map(({ lease }) => lease?.receipt ?? "");

  inHand.settled(receipts.slice(0, 10));
  inHand.settled(receipts.slice(-10));
  expect(inHand.count(0)).toBe(MESSAGES - 20);
  inHand.settled(receipts.slice(10, -10));
  expect(inHand.count(0)).toBe(0);
});
