import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { verifyWebhook, WebhookVerificationError } from "../../../worker-client/webhooks/index.ts";

/** The example that the libraries of Standard Webhooks are tested with. */
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = '{"test": 2432232314}';
const HEADERS = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": "1614265330",
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const NOW = 1_614_265_330_000;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

/** Headers as another program makes them. */
function signed(body: string, timestamp: string, secret = SECRET): typeof HEADERS {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`id.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": "id", "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

async function codeOf(verified: Promise<unknown>): Promise<string> {
  const error = await verified.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebhookVerificationError);
  return (error as WebhookVerificationError).code;
}

test("the example of Standard Webhooks is right, however its headers and its body come", async () => {
  const bytes = new TextEncoder().encode(BODY);

  for (const headers of [HEADERS, new Headers(HEADERS), new Map(Object.entries(HEADERS))]) {
    for (const body of [BODY, bytes, bytes.buffer, Buffer.from(BODY)]) {
      expect(await verifyWebhook(SECRET, headers as Headers, body, { now: NOW })).toEqual({ test: 2432232314 });
    }
  }
});

test("one right signature among others is enough, and so is one right secret", async () => {
  const signature = `v1,AAAA v1a,${"A".repeat(88)} v2,x ${HEADERS["webhook-signature"]}`;

  await verifyWebhook([OTHER_SECRET, SECRET], { ...HEADERS, "webhook-signature": signature }, BODY, { now: NOW });
});

/** What differs from the example. */
interface Changed {
  body?: string;
  headers?: Partial<typeof HEADERS>;
  secret?: string | string[];
}

test.for<[what: string, changed: Changed]>([
  ["another body", { body: `${BODY} ` }],
  ["another id", { headers: { "webhook-id": "msg_other" } }],
  ["another time", { headers: { "webhook-timestamp": "1614265331" } }],
  ["another secret", { secret: OTHER_SECRET }],
  ["no secret at all", { secret: [] }],
  [
    "a signature of another version",
    { headers: { "webhook-signature": HEADERS["webhook-signature"].replace("v1", "v2") } },
  ],
  ["a signature that is no base64", { headers: { "webhook-signature": "v1,%%%%" } }],
  ["an empty signature", { headers: { "webhook-signature": "v1," } }],
  [
    "a right one behind many others",
    { headers: { "webhook-signature": `${"v1,AAAA ".repeat(8)}${HEADERS["webhook-signature"]}` } },
  ],
])("%s is refused", async ([, { secret = SECRET, headers = {}, body = BODY }]) => {
  expect(await codeOf(verifyWebhook(secret, { ...HEADERS, ...headers }, body, { now: NOW }))).toBe("wrong_signature");
});

test.for(["webhook-id", "webhook-timestamp", "webhook-signature"])("a request without %s is refused", async (name) => {
  expect(await codeOf(verifyWebhook(SECRET, { ...HEADERS, [name]: undefined }, BODY, { now: NOW }))).toBe(
    "missing_header",
  );
});

test("a request counts for five minutes, before and after, or for as long as is said", async () => {
  const at = (seconds: number, toleranceSeconds?: number) =>
    verifyWebhook(SECRET, HEADERS, BODY, { now: NOW + seconds * 1_000, toleranceSeconds });

  await Promise.all([at(300), at(-300), at(3_000, 3_600)]);
  expect(await codeOf(at(301))).toBe("wrong_time");
  expect(await codeOf(at(-301))).toBe("wrong_time");
  expect(await codeOf(at(11, 10))).toBe("wrong_time");
});

test.for(["", "now", "1614265330.5", "-1", "1e9", "99999999999999999999"])(
  "the time %j is refused",
  async (timestamp) => {
    const verified = verifyWebhook(SECRET, signed(BODY, timestamp), BODY, { now: NOW });

    expect(await codeOf(verified)).toBe(timestamp === "" ? "missing_header" : "wrong_time");
  },
);

test("a body that was parsed is refused with a sentence that says how to read it", async () => {
  await expect(verifyWebhook(SECRET, HEADERS, JSON.parse(BODY) as string, { now: NOW })).rejects.toThrow(
    new TypeError(
      "The body of a webhook must be the text or the bytes that came, not what they were parsed to. Read it with text() or arrayBuffer() before anything parses it.",
    ),
  );
});

test.for([undefined, "", "hunter2"])(
  "the secret %j is refused with a sentence that does not show it",
  async (secret) => {
    const error = await verifyWebhook(secret as string, HEADERS, BODY, { now: NOW }).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(/^TypeError: The secret of a webhook must be .*whsec_/);
    expect(String(error)).not.toContain("hunter2");
  },
);
