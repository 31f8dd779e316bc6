/** The setting `push`: what it takes, what it keeps, and that its secret is shown once and never again. */
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { call, descriptionOf, freshQueue, objectOf, put } from "../../support/call.ts";

const URL_A = "https://a.example/hook";
const SECRET = `whsec_${btoa("a".repeat(32))}`;
const OTHER_SECRET = `whsec_${btoa("b".repeat(24))}`;

const DEFAULTS = { batchSize: 1, batchWaitSeconds: 0, concurrency: 5, timeoutSeconds: 60 };

/** The secrets that are stored. */
async function secretsOf(queue: string): Promise<string[]> {
  return runInDurableObject(objectOf(queue), (_, { storage }) => {
    const [row] = storage.sql.exec<{ configuration: string }>("SELECT configuration FROM queue").toArray();
    return JSON.parse(row?.configuration ?? "{}").push?.secrets ?? [];
  });
}

test("a webhook has the defaults, and a secret of the server that is shown once", async () => {
  const queue = freshQueue();
  const { push } = (await call("PUT", queue, { push: { url: URL_A } })).body;

  expect(push).toMatchObject({ kind: "webhook", url: URL_A, ...DEFAULTS, inFlight: 0, secret: expect.any(String) });
  expect(push.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(await secretsOf(queue)).toEqual([push.secret]);
  expect(JSON.stringify(await descriptionOf(queue))).not.toContain("whsec_");
});

test("a secret that is given is never shown: in no reply, and after no restart", async () => {
  const queue = freshQueue();
  const replies = [
    await call("PUT", queue, { push: { url: URL_A, secret: SECRET } }),
    await call("PUT", queue, { push: { batchSize: 7 } }),
    await call("PUT", queue, { maxSize: 7 }),
    await call("GET", queue),
    await call("POST", `${queue}/pause`, { only: "puts" }),
    await call("GET", "/v1/queues"),
    await call("PUT", queue, { push: { secret: SECRET, batchSize: 0 } }),
  ];
  await abortAllDurableObjects();
  replies.push(await call("GET", queue));

  expect(replies.map(({ body }) => JSON.stringify(body)).join()).not.toContain("whsec_");
  expect(await secretsOf(queue)).toEqual([SECRET]);
  expect(await descriptionOf(queue)).toMatchObject({ push: { ...DEFAULTS, batchSize: 7 } });
});

test("what a change does not name stays as it is, the secret too", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { push: { url: URL_A, secret: SECRET, concurrency: 9 } });
  const { body } = await call("PUT", queue, { push: { url: "https://a.example/other", timeoutSeconds: 5 } });

  expect(body.push).toMatchObject({ url: "https://a.example/other", concurrency: 9, timeoutSeconds: 5 });
  expect(body.push).not.toHaveProperty("secret");
  expect(await secretsOf(queue)).toEqual([SECRET]);
});

test.for(["https://b.example/hook", "https://a.example:8443/hook", "https://a.example.org/hook"])(
  "a URL of another origin, %s, gets a secret of its own",
  async (url) => {
    const queue = freshQueue();
    await call("PUT", queue, { push: { url: URL_A, secret: SECRET } });
    const { push } = (await call("PUT", queue, { push: { url } })).body;

    expect(push.secret).toMatch(/^whsec_/);
    expect(await secretsOf(queue)).toEqual([push.secret]);
  },
);

test("a secret that is given goes with any URL, and two sign while receivers change over", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { push: { url: URL_A, secret: SECRET } });
  await call("PUT", queue, { push: { url: "https://b.example/", secret: [OTHER_SECRET, SECRET] } });

  expect(await secretsOf(queue)).toEqual([OTHER_SECRET, SECRET]);
});

test("null takes the webhook away with its secret", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { push: { url: URL_A, secret: SECRET } });

  expect((await call("PUT", queue, { push: null })).body.push).toBeNull();
  expect(await secretsOf(queue)).toEqual([]);
  expect((await call("PUT", queue, { push: { url: URL_A } })).body.push.secret).not.toBe(SECRET);
});

test("a configuration that changes nothing of the webhook stores nothing", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { push: { url: URL_A, secret: SECRET } });
  const { rowsWritten } = await descriptionOf(queue);
  await call("PUT", queue, { push: { url: URL_A, secret: SECRET, concurrency: 5 } });

  expect((await descriptionOf(queue)).rowsWritten).toBe(rowsWritten);
});

test("the query of a URL is not shown: it may have a token in it", async () => {
  const queue = freshQueue();
  const { body } = await call("PUT", queue, { push: { url: `${URL_A}?token=hush`, secret: SECRET } });

  expect(body.push.url).toBe("https://a.example/hook?…");
});

test.for([
  [{}, "push.url is missing; it must be the URL of the receiver, because the queue has no webhook yet."],
  [{ batchSize: 5 }, "push.url is missing; it must be the URL of the receiver, because the queue has no webhook yet."],
  [{ url: "ftp://a.example" }, "push.url must be a URL that begins with https://."],
  [
    { url: URL_A, secret: "hunter2" },
    "push.secret must be whsec_ and the base64 of 24 to 64 bytes, as Standard Webhooks have it.",
  ],
  [
    { url: URL_A, secret: [SECRET, "hunter2"] },
    "push.secret[1] must be whsec_ and the base64 of 24 to 64 bytes, as Standard Webhooks have it.",
  ],
  [{ url: URL_A, secret: [] }, "push.secret must be one secret, or a list of the new and the old one."],
  [
    { url: URL_A, secret: [SECRET, SECRET, SECRET] },
    "push.secret must be one secret, or a list of the new and the old one.",
  ],
  [{ url: URL_A, batchSize: 0 }, "push.batchSize must be an integer of at least 1."],
  [{ url: URL_A, batchSize: 101 }, "push.batchSize must be an integer of at most 100."],
  [{ url: URL_A, batchSize: 1.5 }, "push.batchSize must be an integer."],
  [{ url: URL_A, batchWaitSeconds: 61 }, "push.batchWaitSeconds must be a number of at most 60."],
  [{ url: URL_A, concurrency: 101 }, "push.concurrency must be an integer of at most 100."],
  [{ url: URL_A, timeoutSeconds: 0.5 }, "push.timeoutSeconds must be a number of at least 1."],
  [
    { ulr: URL_A },
    "push.ulr is not a field of this request; its fields are url, secret, batchSize, batchWaitSeconds, concurrency, timeoutSeconds.",
  ],
  ["https://a.example", "push must be an object."],
] as const)("%j is refused with a sentence", async ([push, detail]) => {
  const reply = await call("PUT", freshQueue(), { push });

  expect(reply.status).toBe(400);
  expect(reply.body).toMatchObject({ code: "invalid", detail });
  expect(JSON.stringify(reply.body)).not.toMatch(/hunter2|whsec_[A-Za-z0-9]/);
});

test("plain HTTP and private addresses are refused", async () => {
  const refused = await call("PUT", freshQueue(), { push: { url: "http://127.0.0.1:8080/hook" } });
  const hidden = await call("PUT", freshQueue(), { push: { url: "https://0x7f.1/hook" } });

  expect(refused.body.detail).toMatch(
    /^push\.url must begin with https:\/\/, so that messages are not read on the way\. /,
  );
  expect(hidden.body.detail).toMatch(/^push\.url must have a public address, not a private, local or reserved one\. /);
});

test("messages of a queue with a webhook are put as those of any other", async () => {
  const queue = freshQueue();
  await call("POST", `${queue}/pause`, { only: "receives" });
  await call("PUT", queue, { push: { url: URL_A } });

  expect(await put(queue, [1])).toBeDefined();
});
