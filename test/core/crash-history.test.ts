import { describe, expect, test } from "vitest";
import { CrashHistory, type Delivery } from "../crash/history.ts";

/** A message that was put, delivered once and acked: the crash test's checker has nothing to say against it. */
function cleanHistory(): CrashHistory {
  const history = new CrashHistory();
  history.putAttempted("a");
  history.putAcknowledged("a", "id-a");
  history.delivered(delivery({}), 0);
  history.ackAcknowledged("a", 1);
  return history;
}

function delivery(changes: Partial<Delivery>): Delivery {
  return {
    value: "a",
    id: "id-a",
    number: 1,
    attempt: 1,
    isBegun: true,
    leasedAt: 1_000,
    leaseEndsAt: 2_000,
    ...changes,
  };
}

describe("the checker of the crash test", () => {
  test("accepts a clean history", () => {
    expect(cleanHistory().verdict()).toMatchObject({ isClean: true, acknowledged: 1, acked: 1, redeliveries: 0 });
  });

  test("accepts a redelivery after the lease and a put whose answer was lost", () => {
    const history = new CrashHistory();
    history.putAttempted("a");
    history.delivered(delivery({}), 0);
    history.delivered(delivery({ number: 2, attempt: 2, leasedAt: 2_000, leaseEndsAt: 3_000 }), 0);

    expect(history.verdict()).toMatchObject({ isClean: true, acknowledged: 0, redeliveries: 1 });
  });

  test("accepts that an attempt is not counted of which the server was not told", () => {
    const history = new CrashHistory();
    history.putAttempted("a");
    history.delivered(delivery({ isBegun: false }), 0);
    history.delivered(delivery({ number: 2, leasedAt: 2_000, leaseEndsAt: 3_000 }), 0);

    expect(history.verdict()).toMatchObject({ isClean: true, redeliveries: 1 });
  });

  test.each<[fault: string, spoil: (history: CrashHistory) => void]>([
    ["lost", (history) => history.putAcknowledged("b", "id-b")],
    ["unexpected", (history) => history.delivered(delivery({ value: "b" }), 0)],
    ["doubled", (history) => history.delivered(delivery({ id: "id-b", number: 2, attempt: 2, leasedAt: 2_000 }), 0)],
    ["ackUndone", (history) => history.delivered(delivery({ number: 2, attempt: 2, leasedAt: 2_000 }), 1)],
    ["ackUndone", (history) => history.delivered(delivery({ number: 2, attempt: 2, leasedAt: 2_000 }), 0)],
    ["ackUndone", (history) => history.delivered(delivery({ number: 0, attempt: 0, leasedAt: 2_000 }), 1)],
    ["doublyLeased", (history) => history.delivered(delivery({ number: 2, attempt: 2, leasedAt: 1_999 }), 0)],
    ["numberRepeated", (history) => history.delivered(delivery({ attempt: 2, leasedAt: 2_000 }), 0)],
    ["attemptForgotten", (history) => history.delivered(delivery({ number: 2, leasedAt: 2_000 }), 0)],
  ])("finds what is %s", (fault, spoil) => {
    const history = cleanHistory();

    spoil(history);

    expect(history.verdict()).toMatchObject({ isClean: false, [fault]: [expect.any(String)] });
  });
});
