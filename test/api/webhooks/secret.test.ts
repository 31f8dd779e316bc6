import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import {
  newWebhookSecret,
  signedContent,
  webhookKey,
  webhookSecretFault,
  webhookSignature,
} from "../../../src/contract/webhook-secret.ts";

/** The example that the libraries of Standard Webhooks are tested with. */
const VECTOR = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: "1614265330",
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

test("a request is signed as the libraries of Standard Webhooks sign it", async () => {
  const content = signedContent(VECTOR.id, VECTOR.timestamp, new TextEncoder().encode(VECTOR.body));

  expect(await webhookSignature(await webhookKey(VECTOR.secret), content)).toBe(VECTOR.signature);
});

test("a body of any characters is signed by its bytes", async () => {
  const secret = newWebhookSecret();
  const body = '{"body":"π — 你好 \\u0000 🎉"}';
  const content = signedContent("id", "1", new TextEncoder().encode(body));
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const expected = createHmac("sha256", key).update(`id.1.${body}`).digest("base64");

  expect(await webhookSignature(await webhookKey(secret), content)).toBe(`v1,${expected}`);
});

test("a secret that is made is accepted, and is another one each time", () => {
  const secrets = Array.from({ length: 100 }, newWebhookSecret);

  expect(new Set(secrets).size).toBe(100);
  expect(secrets.map(webhookSecretFault)).toEqual(secrets.map(() => undefined));
});

test.for([24, 25, 26, 64])("a secret of %i bytes is accepted", (bytes) => {
  expect(webhookSecretFault(`whsec_${Buffer.alloc(bytes, 7).toString("base64")}`)).toBeUndefined();
});

test.for([
  "",
  "whsec_",
  "hunter2",
  Buffer.alloc(32).toString("base64"),
  `whsec_${Buffer.alloc(23).toString("base64")}`,
  `whsec_${Buffer.alloc(65).toString("base64")}`,
  `whsec_${Buffer.alloc(32, 251).toString("base64url")}`,
  `whsec_${Buffer.alloc(32).toString("base64")}\n`,
])("%j is no secret, and the sentence that says so does not show it", (secret) => {
  expect(webhookSecretFault(secret)).toBe(
    "must be whsec_ and the base64 of 24 to 64 bytes, as Standard Webhooks have it",
  );
});
