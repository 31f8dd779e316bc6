import { describe, expect, test } from "vitest";
import { CrashHistory, type Delivery } from "../crash/history.ts";

/** A message that was put, delivered once and acked: the crash test's checker has nothing to say against it. */
function cleanHistory(): CrashHistory {
  const history = new CrashHistory();
  history.putAttempted("a");
  history.putAcknowledged("a", "id-a");
  history.delivered(delivery({}), 0);
  history.ackAcknowledged("a", 1_000);
  return history;
}

function delivery(changes: Partial<Delivery>): Delivery {
  return { value: "a", id: "id-a", attempt: 1, isPushed: false, leasedAt: 1_000, leaseEndsAt: 2_000, ...changes };
}

describe("the checker of the crash test", () => {
  test("accepts a clean history", () => {
    expect(cleanHistory().verdict()).toMatchObject({ isClean: true, acknowledged: 1, acked: 1, redeliveries: 0 });
  });

  test("accepts a redelivery after the lease and a put whose answer was lost", () => {
    const history = new CrashHistory();
    history.putAttempted("a");
    history.delivered(delivery({}), 0);
    history.delivered(delivery({ attempt: 2, leasedAt: 2_000, leaseEndsAt: 3_000 }), 0);

    expect(history.verdict()).toMatchObject({ isClean: true, acknowledged: 0, redeliveries: 1 });
  });

  test("accepts an attempt that comes again because it was pushed and not known to be begun, and none that goes down", () => {
    const history = new CrashHistory();
    history.putAttempted("a");
    history.delivered(delivery({ attempt: 2, isPushed: true }), 0);
    history.delivered(delivery({ attempt: 2, leasedAt: 2_000, leaseEndsAt: 3_000 }), 0);
    const { isClean } = history.verdict();
    history.delivered(delivery({ attempt: 1, leasedAt: 3_000, leaseEndsAt: 4_000 }), 0);

    expect(isClean).toBe(true);
    expect(history.verdict()).toMatchObject({ isClean: false, attemptRepeated: ["a"] });
  });

  test.each<[fault: string, spoil: (history: CrashHistory) => void]>([
    ["lost", (history) => history.putAcknowledged("b", "id-b")],
    ["unexpected", (history) => history.delivered(delivery({ value: "b" }), 0)],
    ["doubled", (history) => history.delivered(delivery({ id: "id-b", attempt: 2, leasedAt: 2_000 }), 0)],
    ["ackUndone", (history) => history.delivered(delivery({ attempt: 2, leasedAt: 2_000 }), 1)],
    ["ackUndone", (history) => history.delivered(delivery({ attempt: 2, leasedAt: 2_000 }), 0)],
    ["ackUndone", (history) => history.delivered(delivery({ attempt: 0, leasedAt: 2_000 }), 1)],
    ["doublyLeased", (history) => history.delivered(delivery({ attempt: 2, leasedAt: 1_999 }), 0)],
    ["attemptRepeated", (history) => history.delivered(delivery({ leasedAt: 2_000, leaseEndsAt: 3_000 }), 0)],
  ])("finds what is %s", (fault, spoil) => {
    const history = cleanHistory();

    spoil(history);

    expect(history.verdict()).toMatchObject({ isClean: false, [fault]: [expect.any(String)] });
  });
});
