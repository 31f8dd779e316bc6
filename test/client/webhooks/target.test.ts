/** What a webhook sends, and what becomes of messages for each answer of a receiver. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Webhook } from "../../../src/contract/webhook-settings.ts";
import { REPLY_BYTES_MAX } from "../../../src/push/webhook/bounded-text.ts";
import { WebhookTarget } from "../../../src/push/webhook-target.ts";
import { verifyWebhook } from "../../../worker-client/webhooks/index.ts";
import { Receiver } from "../../support/webhooks/receiver.ts";

const [SECRET, OLD_SECRET] = ["a", "b"].map((letter) => `whsec_${btoa(letter.repeat(32))}`) as [string, string];

const NOW = Date.parse("2026-11-27T10:00:00Z");

let receiver: Receiver;
beforeAll(async () => {
  receiver = await Receiver.start();
});
afterEach(() => {
  receiver.answer = 204;
  receiver.sent.length = 0;
});
afterAll(() => receiver.stop());

function target(webhook: Partial<Webhook> = {}, { allowsPrivate = true, faults = 0 } = {}): WebhookTarget {
  const numbers = { batchSize: 10, batchWaitSeconds: 0, concurrency: 5, timeoutSeconds: 60, revision: 1 };
  const place = { network: { fetch }, allowsPrivate, now: () => NOW, faults: () => faults };
  return new WebhookTarget({ url: receiver.url, secrets: [SECRET], ...numbers, ...webhook }, place);
}

/** A batch of messages with these ids. */
function batchOf(...ids: string[]) {
  const messages = ids.map((id) => ({ id, attempt: 1, receipt: `${id}.1`, leaseEndsAt: 5, body: { id }, putAt: 1 }));
  const receipts = messages.map(({ receipt }) => receipt);
  return { queue: "emails", messages: JSON.stringify(messages), receipts, backlog: { count: 0, bytes: 0 } };
}

const HOST = () => new URL(receiver.url).host;
const retry = (message: string) => ({ verb: "retry", error: { name: "WebhookError", message } });
const UNREACHED = /^127\.0\.0\.1:\d+ could not be reached, or ended the connection before its answer was complete.*\.$/;

describe("a request", () => {
  test("is a signed POST of the messages, without their receipts", async () => {
    await target().deliver(batchOf("0.g-1-0", "0.g-1-1"));
    const [sent] = receiver.sent;

    expect(sent).toMatchObject({
      method: "POST",
      path: "/hook",
      headers: {
        "content-type": "application/json",
        "user-agent": "durable-queue-webhook",
        "webhook-id": expect.stringMatching(/^batch_[0-9a-f]{32}$/),
        "webhook-timestamp": String(NOW / 1_000),
        "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
      },
    });
    expect(await verifyWebhook(SECRET, sent?.headers ?? {}, sent?.text ?? "", { now: NOW })).toEqual({
      type: "durable_queue.batch",
      timestamp: "2026-11-27T10:00:00.000Z",
      queue: "emails",
      messages: ["0.g-1-0", "0.g-1-1"].map((id) => ({ id, attempt: 1, leaseEndsAt: 5, body: { id }, putAt: 1 })),
    });
  });

  test("of one message has its id; of several it has the same id for the same messages", async () => {
    for (const ids of [["a"], ["a"], ["a", "b"], ["a", "b"], ["a", "c"]]) await target().deliver(batchOf(...ids));
    const [one, oneAgain, two, twoAgain, others] = receiver.sent.map(({ headers }) => headers["webhook-id"]);

    expect([one, oneAgain]).toEqual(["a", "a"]);
    expect(twoAgain).toBe(two);
    expect(new Set([one, two, others]).size).toBe(3);
  });

  test("is signed with both secrets while they are changed", async () => {
    await target({ secrets: [SECRET, OLD_SECRET] }).deliver(batchOf("a"));
    const [{ headers, text }] = receiver.sent as [(typeof receiver.sent)[number]];

    expect(String(headers["webhook-signature"]).split(" ")).toHaveLength(2);
    for (const secret of [SECRET, OLD_SECRET]) await verifyWebhook(secret, headers, text, { now: NOW });
  });
});

describe("a successful answer", () => {
  test.for([
    200,
    201,
    202,
    204,
    { status: 200, body: "OK" },
    { status: 200, headers: { "content-type": "text/plain" }, body: '{"retry":["a"]}' },
    { status: 200, body: '{"retry":' },
    { status: 200, body: `{"retry":["a"],"more":"${"x".repeat(REPLY_BYTES_MAX)}"}` },
    { status: 200, headers: { "content-type": "text/html" }, body: "x".repeat(5_000_000) },
  ])("%# acks all messages", async (answer) => {
    receiver.answer = answer;

    expect(await target().deliver(batchOf("a", "b"))).toEqual({ verdicts: [{ verb: "ack" }, { verb: "ack" }] });
  });

  test.for(["application/json", "application/json; charset=utf-8", "application/vnd.mine+json"])(
    "of the type %s says which messages are retried and rejected",
    async (type) => {
      const body = JSON.stringify({ retry: [{ id: "b", delaySeconds: 5 }], reject: [{ id: "c", error: "wrong" }] });
      receiver.answer = { status: 200, headers: { "content-type": type }, body };

      expect(await target().deliver(batchOf("a", "b", "c"))).toEqual({
        verdicts: [
          { verb: "ack" },
          { verb: "retry", delayMs: 5_000 },
          { verb: "reject", error: { name: "Error", message: "wrong" } },
        ],
      });
    },
  );
});

describe("an answer that is no success", () => {
  test.for([400, 409, 422, 500, 501])(
    "%i is a failure of the messages, and no fault of the receiver",
    async (status) => {
      receiver.answer = { status, body: '{"error":"boom"}' };

      expect(await target().deliver(batchOf("a", "b"))).toEqual({
        verdicts: [retry(`${HOST()} has answered ${status}.`), retry(`${HOST()} has answered ${status}.`)],
      });
    },
  );

  test.for([401, 403, 404, 502, 504, 522])("%i is a fault of the receiver", async (status) => {
    receiver.answer = status;
    const detail = `${HOST()} has answered ${status}.`;

    expect(await target().deliver(batchOf("a"))).toEqual({ verdicts: [retry(detail)], fault: { detail } });
  });

  test.for([
    [429, "120", 120_000],
    [503, new Date(NOW + 30_000).toUTCString(), 30_000],
    [503, "1000000", 3_600_000],
    [429, "later", undefined],
  ] as const)(
    "%i with Retry-After %s lets it alone for so long, and counts no attempt",
    async ([status, after, ms]) => {
      receiver.answer = { status, headers: { "retry-after": after } };
      const wait = ms === undefined ? {} : { retryAfterMs: ms };

      expect(await target().deliver(batchOf("a"))).toEqual({
        verdicts: [{ verb: "release" }],
        fault: { detail: `${HOST()} has answered ${status}: it asks to be sent less.`, ...wait },
      });
    },
  );

  test("410 ends the webhook", async () => {
    receiver.answer = 410;

    expect(await target().deliver(batchOf("a"))).toEqual({
      verdicts: [{ verb: "release" }],
      fault: {
        detail: `${HOST()} has answered 410, which ends the webhook. Nothing is sent until it is configured again.`,
        isStopped: true,
      },
    });
  });

  test.for([301, 302, 303, 307, 308])("a redirect, %i, is not followed", async (status) => {
    receiver.answer = { status, headers: { location: "http://169.254.169.254/latest/meta-data/" } };
    const detail = `${HOST()} has answered ${status}, a redirect, which is not followed. Configure the URL to which it leads.`;

    expect(await target().deliver(batchOf("a"))).toEqual({ verdicts: [retry(detail)], fault: { detail } });
    expect(receiver.sent).toHaveLength(1);
  });
});

describe("no answer", () => {
  test("in time is a fault, and the request is given up", async () => {
    receiver.answer = () => undefined;
    const detail = `${HOST()} has not answered within 1 s.`;

    expect(await target({ timeoutSeconds: 1 }).deliver(batchOf("a"))).toEqual({
      verdicts: [retry(detail)],
      fault: { detail },
    });
    await expect.poll(() => receiver.underWay).toBe(0);
  });

  test("to its end in time is a fault: it could say which messages to retry", async () => {
    receiver.answer = (response) => response.writeHead(200, { "content-type": "application/json" }).write('{"retry":');
    const { fault } = await target({ timeoutSeconds: 1 }).deliver(batchOf("a"));

    expect(fault?.detail).toBe(`${HOST()} has not answered within 1 s.`);
  });

  test("but a connection that ends is a fault, before an answer and in the middle of one", async () => {
    receiver.answer = (response) => response.destroy();
    const before = await target().deliver(batchOf("a"));
    receiver.answer = (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"retry":', () => response.destroy());
    };
    const within = await target().deliver(batchOf("a"));

    for (const { verdicts, fault } of [before, within]) {
      expect(fault?.detail).toMatch(UNREACHED);
      expect(verdicts).toEqual([retry(fault?.detail ?? "")]);
    }
  });

  test("because nothing listens is a fault", async () => {
    const gone = await Receiver.start();
    await gone.stop();
    const { fault } = await target({ url: gone.url }).deliver(batchOf("a"));

    expect(fault?.detail).toMatch(UNREACHED);
  });
});

describe("an outage", () => {
  test("costs the first batch that meets it an attempt, and none after it", async () => {
    const webhook = target();
    const kinds: (string | undefined)[] = [];
    for (const answer of [502, 502, 504, 204, 500, 502, 502, 503, 502]) {
      receiver.answer = answer;
      kinds.push((await webhook.deliver(batchOf("a"))).verdicts[0]?.verb);
    }

    expect(kinds).toEqual(["retry", "release", "release", "ack", "retry", "retry", "release", "release", "release"]);
  });

  test("goes on for an object that was loaded in it, and lets another message be the next probe", async () => {
    receiver.answer = 502;
    const alone = await target({}, { faults: 3 }).deliver(batchOf("a"));
    const batch = { ...batchOf("a"), backlog: { count: 7, bytes: 0 } };
    const amongOthers = await target({}, { faults: 3 }).deliver(batch);
    receiver.answer = { status: 429, headers: { "retry-after": "60" } };
    const asked = await target({}, { faults: 3 }).deliver(batch);

    expect(alone.verdicts).toEqual([{ verb: "release" }]);
    // The breaker lets the next one through after 8 seconds, or after the 60 that the receiver asks for.
    expect(amongOthers.verdicts).toEqual([{ verb: "release", delayMs: 9_000 }]);
    expect(asked.verdicts).toEqual([{ verb: "release", delayMs: 61_000 }]);
  });
});

describe("a private address", () => {
  test("is sent nothing once it is not allowed any more, and no message pays for it", async () => {
    const { verdicts, fault } = await target({}, { allowsPrivate: false }).deliver(batchOf("a"));

    expect(verdicts).toEqual([{ verb: "release" }]);
    expect(fault?.detail).toMatch(/^Nothing is sent, because the URL of the webhook must begin with https:\/\//);
    expect(receiver.sent).toEqual([]);
  });
});

test("no sentence has the query of the URL in it", async () => {
  const url = `${receiver.url}?token=hush`;
  const answers = [302, 401, 410, 429, 500];
  const delivered = [];
  for (const answer of answers) {
    receiver.answer = answer;
    delivered.push(await target({ url }).deliver(batchOf("a")));
  }
  receiver.answer = (response) => response.destroy();
  delivered.push(await target({ url }).deliver(batchOf("a")));

  expect(JSON.stringify(delivered)).not.toContain("hush");
});
