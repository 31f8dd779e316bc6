/** Keys in AUTHKEYS over HTTP: how they are presented, what they show, and what refusals and logs do not. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { hashOf } from "../../src/api/keys/principals.ts";
import { AUTHKEY, call, serve } from "../support/call.ts";

const KEY = "dq_a-key-that-no-log-may-hold";
const UNTIL = "2099-01-31T00:00:00Z";
let hash: string;
let entry: { name: string; hash: string; scopes: string[]; queues?: string[]; until?: string };

beforeAll(async () => {
  hash = await hashOf(KEY);
  entry = { name: "mail-worker", hash, scopes: ["read", "put"], queues: ["mail.", "thumbs"], until: UNTIL };
});

const logs = (["error", "warn", "log", "info", "debug"] as const).map((level) => vi.spyOn(console, level));
beforeEach(() => {
  for (const log of logs) log.mockClear().mockReturnValue();
});
afterEach(() => {
  const logged = logs.flatMap(({ mock }) => mock.calls);
  expect(logged).toEqual([]);
});

/** What a server with these variables answers. */
async function ask(
  path: string,
  variables: { AUTHKEY?: string; AUTHKEYS?: string },
  authorization = `Bearer ${KEY}`,
  init: RequestInit = {},
) {
  const { AUTHKEY: _, ...others } = env;
  const request = new Request(`http://queue.test${path}`, { ...init, headers: { Authorization: authorization } });
  const response = await serve(request, { ...others, ...variables });
  const text = await response.text();
  for (const secret of [KEY, hash, hash.slice("sha256:".length)]) expect(text).not.toContain(secret);
  return { status: response.status, body: JSON.parse(text) };
}

function keys(...entries: object[]): { AUTHKEYS: string } {
  return { AUTHKEYS: JSON.stringify(entries) };
}

test("a key shows what it grants, and no secret", async () => {
  expect(await ask("/v1/key", keys(entry))).toEqual({
    status: 200,
    body: {
      ...{ name: "mail-worker", scopes: ["read", "put"], queues: ["mail.", "thumbs"] },
      until: Date.parse(UNTIL) / 1_000,
    },
  });
  expect((await call("GET", "/v1/key")).body).toEqual({
    name: "owner",
    scopes: ["read", "put", "receive", "admin"],
    queues: [""],
  });
});

test.each([
  ["spaces around it", `Bearer    ${KEY}   `, 200],
  ["a scheme in other letters", `bearer ${KEY}`, 200],
  ["a space within it", `Bearer ${KEY.slice(0, 5)} ${KEY.slice(5)}`, 401],
  ["its hash in its place", "", 401],
  ["ten thousand characters", `Bearer ${"k".repeat(10_000)}`, 401],
])("a key that is presented with %s: %s, status %i", async (_, authorization, status) => {
  expect(await ask("/v1/key", keys(entry), authorization || `Bearer ${hash}`)).toMatchObject({ status });
});

test("a key that is AUTHKEY and in AUTHKEYS too grants everything", async () => {
  const reply = await ask("/v1/key", { AUTHKEY: KEY, ...keys(entry) });

  expect(reply.body).toMatchObject({ name: "owner", queues: [""] });
});

test("old and new key count at the same time, until the old one is taken out", async () => {
  const next = { ...entry, name: "mail-worker-2", hash: await hashOf("dq_next") };
  const both = keys(entry, next);

  expect([(await ask("/v1/key", both)).status, (await ask("/v1/key", both, "Bearer dq_next")).status]).toEqual([
    200, 200,
  ]);
  expect(await ask("/v1/key", keys(next))).toMatchObject({
    status: 401,
    body: { detail: "The authkey is wrong; send one of those that the server has." },
  });
  expect((await ask("/v1/key", keys(next), "Bearer dq_next")).status).toBe(200);
});

test("a key that has ended is refused with its name and its end, whatever is asked", async () => {
  const ended = keys({ ...entry, until: "2020-01-31T00:00:00+01:00" });

  for (const path of ["/v1/key", "/v1/queues", "/v1/queues/mail.in", "/nothing"]) {
    expect(await ask(path, ended)).toMatchObject({
      status: 401,
      body: { detail: "The key mail-worker ended at 2020-01-30T23:00:00.000Z; use a newer one." },
    });
  }
});

test.each([
  ["no JSON", () => KEY],
  ["no list", () => JSON.stringify(KEY)],
  ["a key in place of an entry", () => JSON.stringify([KEY])],
  ["a key as a field", () => JSON.stringify([{ ...entry, [KEY]: 1 }])],
  ["a key as a hash", () => JSON.stringify([{ ...entry, hash: KEY }])],
  ["a key as a scope", () => JSON.stringify([{ ...entry, scopes: [KEY] }])],
  ["a hash twice", () => JSON.stringify([entry, { ...entry, name: "other" }])],
  ["a name twice", () => JSON.stringify([entry, { ...entry, hash: `sha256:${"0".repeat(64)}` }])],
  ["a hash in upper case", () => JSON.stringify([{ ...entry, hash: entry.hash.toUpperCase() }])],
])("with %s in AUTHKEYS every request is refused, and the sentence holds no secret", async (_, text) => {
  const variables = { AUTHKEY, AUTHKEYS: text() };

  for (const authorization of [`Bearer ${KEY}`, `Bearer ${AUTHKEY}`, ""]) {
    const { status, body } = await ask("/v1/queues", variables, authorization);
    expect({ status, code: body.code }).toEqual({ status: 503, code: "misconfigured" });
    expect(body.detail).toMatch(/^AUTHKEYS.* durable-queue keys new prints (right ones|them)\.$/);
  }
  expect(await ask("/healthz", variables)).toMatchObject({ status: 503, body: { code: "misconfigured" } });
});

test.each(["", "[]"])("with %j as AUTHKEYS, and no AUTHKEY, the server has no key", async (AUTHKEYS) => {
  expect(await ask("/v1/key", { AUTHKEYS })).toMatchObject({ status: 503, body: { code: "no_authkey" } });
});

test("an AUTHKEY that is longer than a request may show is refused as a wrong configuration", async () => {
  expect(await ask("/healthz", { AUTHKEY: "k".repeat(1_025) })).toMatchObject({
    status: 503,
    body: {
      code: "misconfigured",
      detail: "AUTHKEY has more than 1024 characters, and no client can send so many: set a shorter one.",
    },
  });
  expect(await ask("/v1/key", { AUTHKEY: "k".repeat(1_024) }, `Bearer ${"k".repeat(1_024)}`)).toMatchObject({
    status: 200,
  });
});

test("a key lists the queues that it is for, page by page, and no others", async () => {
  const own = ["mail.", "mail.in", "mail.out", "thumbs", "thumbs2"];
  for (const name of [...own, "mail", "mails", "other", "thumb"]) await call("PUT", `/v1/queues/${name}`, {});
  const listed: string[] = [];
  const cursors: (string | null)[] = [];
  for (let cursor: string | null = ""; cursor !== null; cursors.push(cursor)) {
    const { body } = await ask(`/v1/queues?limit=2&cursor=${cursor}`, keys(entry));
    listed.push(...body.queues.map(({ name }: { name: string }) => name));
    cursor = body.cursor;
  }

  expect(listed).toEqual(own);
  expect(cursors).toEqual(["mail.in", "thumbs", null]);
  expect((await ask("/v1/queues?prefix=mail.i", keys(entry))).body).toEqual({
    queues: [expect.objectContaining({ name: "mail.in" })],
    cursor: null,
  });
  expect((await ask("/v1/queues?prefix=other", keys(entry))).body).toEqual({ queues: [], cursor: null });
});

test("a refused request does not appear in the log, with its body or its key", async () => {
  const init = { method: "POST", body: JSON.stringify({ messages: [{ body: "body" }] }) };
  const reader = keys({ ...entry, scopes: ["read"] });

  const replies = [
    await ask("/v1/queues/mail.in/messages", reader, `Bearer ${KEY}`, init),
    await ask("/v1/queues/other/messages", keys(entry), `Bearer ${KEY}`, init),
    await ask("/v1/queues/mail.in/messages", keys(entry), `Bearer ${KEY}x`, init),
    await ask("/v1/queues/mail.in/messages", keys(entry), KEY, init),
  ];

  expect(replies.map(({ body }) => body.code)).toEqual(["forbidden", "forbidden", "unauthorized", "unauthorized"]);
});
