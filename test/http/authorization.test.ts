/**
 * Who may do what: every verb with every kind of key, over HTTP, a socket and bindings. What is expected follows from
 * the descriptors alone, so that a verb that is added is in here by itself.
 */
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Principal } from "../../src/api/keys/principal.ts";
import { hashOf } from "../../src/api/keys/principals.ts";
import { CALL_VERBS, VERB_NAMES, VERBS, type Verb } from "../../src/api/verbs/index.ts";
import { endpointOf } from "../../src/contract/endpoints.ts";
import { SCOPES, type Scope } from "../../src/contract/scopes.ts";
import { callsWith } from "../binding/bound.ts";
import { call, descriptionOf, freshQueue, nameOf, objectOf, put, receiptsOf, receive, serve } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { REQUESTS, SECRET_BODY } from "./requests.ts";

interface Kind {
  title: string;
  secret: string;
  scopes: readonly Scope[];
  /** Whether it is for the queues of this test. */
  isForQueue: boolean;
  /** Seconds from now; undefined for a key that does not end. */
  endsIn?: number;
  /** Whether the server has it. */
  isKnown: boolean;
}

function kind(title: string, scopes: readonly Scope[], others: Partial<Kind> = {}): Kind {
  return {
    title,
    secret: `dq_secret-of-${title.replaceAll(" ", "-")}`,
    scopes,
    isForQueue: true,
    isKnown: true,
    ...others,
  };
}

const KINDS: Kind[] = [
  ...SCOPES.map((scope) => kind(`a key that grants ${scope}`, [scope])),
  ...SCOPES.map((scope) =>
    kind(
      `a key that grants all but ${scope}`,
      SCOPES.filter((other) => other !== scope),
    ),
  ),
  kind("a key that grants everything", SCOPES),
  kind("a key for other queues", SCOPES, { isForQueue: false }),
  kind("a key that has ended", SCOPES, { endsIn: -1 }),
  kind("a key that ends later", SCOPES, { endsIn: 3_600 }),
  kind("a key that the server does not have", SCOPES, { isKnown: false }),
];

function mayUse({ scopes, isForQueue }: Kind, verb: Verb): boolean {
  const { scope } = VERBS[verb];
  return isForQueue && (scope === "any" || scopes.includes(scope));
}

function isAccepted({ isKnown, endsIn = 1 }: Kind): boolean {
  return isKnown && endsIn > 0;
}

const logs = ["error", "warn", "log", "info", "debug"].map((level) =>
  vi.spyOn(console, level as "error").mockReturnValue(),
);
let keys = "";

beforeAll(async () => {
  const entries = KINDS.filter(({ isKnown }) => isKnown).map(async ({ title, secret, scopes, isForQueue, endsIn }) => ({
    name: title.replaceAll(" ", "-"),
    hash: await hashOf(secret),
    scopes,
    queues: isForQueue ? ["test-"] : ["other-", "test-other"],
    until: endsIn === undefined ? undefined : new Date(Date.now() + endsIn * 1_000).toISOString(),
  }));
  keys = JSON.stringify(await Promise.all(entries));
});

afterAll(() => {
  const logged = logs.flatMap(({ mock }) => mock.calls).map((line) => line.map(String).join(" "));
  expect(logged.filter((line) => /dq_secret|key-that|body-that|test-\d/.test(line))).toEqual([]);
});

function principalOf({ title, scopes, isForQueue, endsIn }: Kind): Principal {
  const endsAt = endsIn === undefined ? undefined : Date.now() + endsIn * 1_000;
  return { name: title, scopes, queues: isForQueue ? ["test-"] : ["other-"], endsAt };
}

/** A queue with one message that is visible and one that is leased, and what it holds. */
async function filled() {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const [leased] = await receive(queue);
  const { body } = await call("GET", `${queue}/messages?state=visible`);
  return { queue, ids: { id: String(body.messages[0].id), receipt: leased?.receipt ?? "" } };
}

/** All that a caller without a grant could have changed. Counts are reported each minute, which writes a row of its own. */
async function contentOf(queue: string): Promise<unknown> {
  const { oldestSeconds: _, connected: __, rowsWritten: ___, ...description } = await descriptionOf(queue);
  return { description, messages: (await call("GET", `${queue}/messages`)).body };
}

async function over(queue: string, verb: Verb, request: object, { secret }: Kind) {
  const { method, path } = endpointOf(verb);
  const { id = "", ...fields } = request as Record<string, string>;
  const hasBody = method !== "GET" && method !== "DELETE";
  const url = `http://queue.test${queue}${path.replace(":id", id)}${hasBody ? "" : `?${new URLSearchParams(fields)}`}`;
  const init = { method, headers: { Authorization: `Bearer ${secret}` } };
  const asked = new Request(url, hasBody ? { ...init, body: JSON.stringify(fields) } : init);
  const response = await serve(asked, { ...env, AUTHKEYS: keys });
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
}

describe.each(KINDS)("$title", (each) => {
  /** What is refused leaves a queue as it is, so that all refusals can be tried in one. */
  let untouched: Awaited<ReturnType<typeof filled>>;
  let before: unknown;

  beforeAll(async () => {
    untouched = await filled();
    before = await contentOf(untouched.queue);
  });

  test.each(CALL_VERBS.map((verb) => [verb, mayUse(each, verb) && isAccepted(each)] as const))(
    "over HTTP: %s, granted: %s",
    async (verb, isGranted) => {
      const { queue, ids } = isGranted ? await filled() : untouched;

      const { status, code } = await over(queue, verb, REQUESTS[verb](ids), each);

      if (isGranted) expect(status, code).toBeLessThan(300);
      else expect(code).toBe(isAccepted(each) ? "forbidden" : "unauthorized");
    },
  );

  test.each(CALL_VERBS.map((verb) => [verb, mayUse(each, verb)] as const))(
    "by binding: %s, granted: %s",
    async (verb, isGranted) => {
      const { queue, ids } = isGranted ? await filled() : untouched;

      const reply = await objectOf(queue).ask(verb, REQUESTS[verb](ids), { principal: principalOf(each) });

      expect(reply.ok || reply.code).toBe(isGranted || "forbidden");
    },
  );

  test.each(CALL_VERBS.map((verb) => [verb, mayUse(each, verb)] as const))(
    "by service binding with such props: %s, granted: %s",
    async (verb, isGranted) => {
      const { queue, ids } = isGranted ? await filled() : untouched;
      const service = callsWith({ queues: each.isForQueue ? ["test-"] : ["other-"], scopes: each.scopes });

      const reply = await service.ask(nameOf(queue), verb, JSON.stringify(REQUESTS[verb](ids)));

      expect(reply.ok || reply.code).toBe(isGranted || "forbidden");
    },
  );

  test("over a socket: every verb that is granted, and no other", async () => {
    // A key that is not accepted, or is for other queues, opens none: see the tests of opening.
    if (!each.isForQueue || !isAccepted(each)) return;
    for (const verb of VERB_NAMES) {
      const { queue, ids } = mayUse(each, verb) ? await filled() : untouched;
      const socket = await connect(queue, { principal: principalOf(each) });
      const isPut = verb === "put";
      const operation = { id: 9, verb, request: isPut ? {} : REQUESTS[verb](ids), ...(isPut ? { lines: 1 } : {}) };
      if (isPut) socket.say(operation, SECRET_BODY);
      else socket.say(operation);
      // Answered after the other, which may have no answer of its own.
      socket.say({ id: 10, verb: "cancel_wait", request: { ids: [10] } });

      const lines: { id?: number; problem?: { code: string } }[] = [];
      for (let line = await socket.next(); line.id !== 10; line = await socket.next()) lines.push(line);
      const refusals = lines.flatMap(({ id, problem }) => (id === 9 && problem !== undefined ? [problem.code] : []));
      expect(refusals, verb).toEqual(mayUse(each, verb) ? [] : ["forbidden"]);
      socket.end();
    }
  });

  test("changes nothing by all that was refused", async () => {
    expect(await contentOf(untouched.queue)).toEqual(before);
  });

  test("opens a socket, lists queues and shows what it grants only as far as it may", async () => {
    const { queue } = untouched;
    const ask = async (path: string, headers: Record<string, string> = {}) => {
      const init = { headers: { Authorization: `Bearer ${each.secret}`, ...headers } };
      return serve(new Request(`http://queue.test${path}`, init), { ...env, AUTHKEYS: keys });
    };
    const upgrade = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "durable-queue.v2" };

    const socket = await ask(`${queue}/socket`, upgrade);
    const list = await ask(`/v1/queues?prefix=${nameOf(queue)}`);
    const key = await ask("/v1/key");

    socket.webSocket?.accept();
    socket.webSocket?.close();
    const status = isAccepted(each) ? undefined : 401;
    expect(socket.status).toBe(status ?? (each.isForQueue ? 101 : 403));
    expect(list.status).toBe(status ?? (each.scopes.includes("read") ? 200 : 403));
    expect(key.status).toBe(status ?? 200);
    if (list.status === 200) {
      const { queues } = (await list.json()) as { queues: { name: string }[] };
      expect(queues.some(({ name }) => name === nameOf(queue))).toBe(each.isForQueue);
    }
    if (key.status === 200) expect(await key.json()).toMatchObject({ scopes: each.scopes });
  });
});

test("a key that is not granted a verb touches no unknown queue either", async () => {
  const [reader] = KINDS.filter(({ scopes }) => String(scopes) === "read");
  const queue = freshQueue();
  for (const verb of CALL_VERBS.filter((name) => reader !== undefined && !mayUse(reader, name))) {
    const ids = { id: "0.none-1-0", receipt: "0.none-1-0-1" };
    expect(await over(queue, verb, REQUESTS[verb](ids), reader as Kind)).toMatchObject({ code: "forbidden" });
  }
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
});

test("a key sends messages to no queue that it is not for", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const admin: Principal = { name: "admin", scopes: SCOPES, queues: [nameOf(queue)] };
  const other = { deadLetterQueue: "secrets" };

  expect(await objectOf(queue).ask("configure", other, { principal: admin })).toMatchObject({ code: "forbidden" });
  expect(await objectOf(queue).ask("redrive", { to: "secrets" }, { principal: admin })).toMatchObject({
    code: "forbidden",
    detail: `The key admin is not for the queue secrets, but for queues whose names begin with ${nameOf(queue)}. Use a key that is for it.`,
  });
  const socket = await connect(queue, { principal: admin });
  socket.say({ id: 1, verb: "configure", request: other });
  expect(await socket.next()).toMatchObject({ problem: { code: "forbidden" } });
  socket.end();
  expect(await descriptionOf(queue)).toMatchObject({ deadLetterQueue: null });
});

test("a redrive sends dead letters back to no queue that the key is not for, and those of its own queues all the same", async () => {
  const [secrets, dead] = [freshQueue(), freshQueue()];
  await call("PUT", secrets, { deadLetterQueue: nameOf(dead) });
  await put(secrets, ["secret"]);
  await call("POST", `${secrets}/reject`, { receipts: receiptsOf(await receive(secrets)) });
  await expect.poll(() => descriptionOf(dead)).toMatchObject({ visible: 1 });
  const admin: Principal = { name: "admin", scopes: SCOPES, queues: [nameOf(dead)] };
  const redrive = (request: object, principal = admin) => objectOf(dead).ask("redrive", request, { principal });
  const { body } = await call("GET", `${dead}/messages`);

  for (const request of [{}, { from: nameOf(secrets) }, { ids: [body.messages[0].id] }]) {
    expect(await redrive(request)).toEqual({
      ok: false,
      code: "forbidden",
      detail: `These dead letters come from the queue ${nameOf(secrets)} and would go back there, but the key is not for it. Use a key that is for it, or redrive them to another queue.`,
    });
  }
  await put(dead, ["own"]);
  const [foreign, own] = await receive(dead, { max: 2 });
  await call("POST", `${dead}/reject`, { receipts: [own?.receipt] });
  await call("POST", `${dead}/release`, { receipts: [foreign?.receipt] });

  expect(await redrive({})).toMatchObject({ ok: true, json: '{"redriven":1,"left":1}' });
  expect(await descriptionOf(secrets)).toMatchObject({ accepted: 1 });
});
