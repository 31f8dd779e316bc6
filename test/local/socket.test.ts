import { request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SOCKET_WAITS_MAX } from "../../src/contract/limits.ts";
import { AUTHKEY, freshName, TestServer } from "../support/server.ts";
import { RawSocket } from "../support/sockets/raw-socket.ts";

const server = new TestServer();
const open: RawSocket[] = [];
beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});

async function connect(queue = freshName()): Promise<RawSocket & { queue: string }> {
  const socket = await RawSocket.open(server.address, queue);
  open.push(socket);
  return Object.assign(socket, { queue });
}

/** The queue over HTTP. */
const queueOf = ({ queue }: { queue: string }) => server.manager({ transport: "http" }).queue<unknown>(queue);

function bodiesOf(messages: { body: unknown }[]): unknown[] {
  return messages.map(({ body }) => body);
}

describe("opening", () => {
  const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
  const offer = {
    ...upgrade,
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "durable-queue.v2",
  };
  const authorization = { Authorization: `Bearer ${AUTHKEY}` };

  function statusOf(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number | undefined; code: string }> {
    return new Promise((settle, fail) => {
      const sent = request(`${server.address}${path}`, { headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => settle({ status: response.statusCode, code: JSON.parse(text).code }));
      });
      sent.on("upgrade", () => settle({ status: 101, code: "" }));
      sent.on("error", fail);
      sent.end();
    });
  }

  test.each([
    ["no authkey", "/v1/queues/q/socket", offer, 401, "unauthorized"],
    ["a wrong authkey", "/v1/queues/q/socket", { ...offer, Authorization: "Bearer wrong" }, 401, "unauthorized"],
    ["no upgrade", "/v1/queues/q/socket", authorization, 426, "upgrade_required"],
    ["no protocol", "/v1/queues/q/socket", { ...authorization, ...upgrade }, 400, "invalid"],
    [
      "another protocol",
      "/v1/queues/q/socket",
      { ...authorization, ...offer, "Sec-WebSocket-Protocol": "v2" },
      400,
      "invalid",
    ],
    ["no queue's name", "/v1/queues/-/socket", { ...authorization, ...offer }, 400, "invalid"],
  ])("is refused with %s", async (_, path, headers, status, code) => {
    expect(await statusOf(path, headers)).toEqual({ status, code });
  });

  test("creates no queue, and neither does waiting", async () => {
    const socket = await connect();
    await socket.ask("subscribe", { credit: 1 });
    socket.begin("receive", { wait: true });

    expect(await socket.ask("describe")).toMatchObject({ problem: { code: "unknown_queue", status: 404 } });
  });
});

describe("a frame", () => {
  test("may carry many operations, of which one that breaks a rule fails alone", async () => {
    const socket = await connect();

    socket.say(
      [
        '{"id":1,"verb":"put","lines":2,"request":{"messages":[{"count":2,"priority":7}]}}',
        '"first"',
        '"second"',
        '{"id":2,"verb":"receive","request":{"max":0}}',
        '{"id":3,"verb":"cast"}',
        '{"id":4,"verb":"put","lines":1}',
        "{not JSON",
        '{"id":5,"verb":"receive","request":{"max":9}}',
      ].join("\n"),
    );
    const answers = new Map<number, { reply?: { messages: unknown[] }; problem?: { errors: { path: string }[] } }>();
    while (answers.size < 5) {
      const line = await socket.next();
      answers.set(line.id, line);
    }

    expect(answers.get(5)?.reply?.messages).toMatchObject([
      { body: "first", priority: 7 },
      { body: "second", priority: 7 },
    ]);
    expect([2, 3, 4].map((id) => answers.get(id)?.problem?.errors[0]?.path)).toEqual(["max", "verb", "lines[0]"]);
  });

  test.each([
    ["that is not text", Buffer.from("{}"), 1003, "Frames must be text."],
    ["that is not JSON", "{", 1007, "Line 1 is not an operation"],
    ["without an id", '{"verb":"describe"}', 1007, "id"],
    ["of more lines than there may be", "\n".repeat(20_000), 1009, "at most 16384 are allowed"],
    ["of more operations than there may be", Array(1_001).fill('{"id":1,"verb":"describe"}').join("\n"), 1009, "1000"],
    ["that ends before its lines", '{"id":1,"verb":"put","lines":2}\n1', 1007, "announces 2 lines"],
  ])("%s ends the connection, which says why", async (_, frame, code, reason) => {
    const socket = await connect();

    const closed = socket.closed();
    socket.say(frame);

    expect(await closed).toEqual({ code, reason: expect.stringContaining(reason) });
  });

  test("may have an operation with an unknown field, or a key that is none, which is refused alone", async () => {
    const socket = await connect();

    socket.say(
      '{"id":1,"verb":"describe","colour":"red"}\n{"id":2,"verb":"put","key":"☃","lines":1}\n1\n{"id":3,"verb":"receive"}',
    );
    const lines = [await socket.next(), await socket.next(), await socket.next()];

    expect(lines).toMatchObject([
      { id: 1, problem: { errors: [{ path: "colour" }] } },
      { id: 2, problem: { errors: [{ path: "key" }] } },
      { id: 3, reply: { messages: [] } },
    ]);
  });

  test("with lines but without a put or an ack is refused, and so are runs that are not as many as the lines", async () => {
    const socket = await connect();

    socket.say('{"id":1,"verb":"retry","lines":1,"request":{"receipts":["a"]}}\n1');
    expect(await socket.next()).toMatchObject({ id: 1, problem: { errors: [{ path: "lines" }] } });
    for (const count of [1, 3]) {
      const { problem } = await socket.ask("put", { messages: [{ count }] }, ["a", "b"]);
      expect(problem).toMatchObject({ code: "invalid", errors: [{ path: "messages" }] });
    }
    expect(await socket.ask("put", {})).toMatchObject({ problem: { errors: [{ path: "lines" }] } });
  });

  test('with "ping" is answered with "pong"', async () => {
    const socket = await connect();

    socket.say("ping");

    expect(await socket.next()).toBe("pong");
  });
});

describe("puts that share an operation", () => {
  const put = (id: number, keys: string[], lines = keys.length, request = {}) =>
    [JSON.stringify({ id, verb: "put", keys, lines, request }), ...keys.slice(0, lines).map((key) => `"${key}"`)].join(
      "\n",
    );

  test("are each stored under their key, once", async () => {
    const socket = await connect();
    socket.say(put(1, ["a", "b"]));
    const { reply: first } = await socket.next();
    socket.say(put(2, ["b", "c"]));
    const { reply: second } = await socket.next();
    const alone = await socket.ask("put", {}, ["a"], "a");

    expect(second.ids[0]).toBe(first.ids[1]);
    expect(alone.reply.ids).toEqual([first.ids[0]]);
    expect(bodiesOf((await socket.ask("receive", { max: 9 })).reply.messages)).toEqual(["a", "b", "c"]);
  });

  test("are each refused alone", async () => {
    const socket = await connect();
    await socket.ask("configure", { maxSize: 2 });

    socket.say(put(1, ["a", "b", "c"]));

    expect(await socket.next((line) => line.id === 1)).toMatchObject({
      reply: { ids: [expect.any(String), expect.any(String), null], problems: [null, null, { code: "full" }] },
    });
    expect(await queueOf(socket).describe()).toMatchObject({ accepted: 2 });
  });

  test("are as many as their keys, and do not wait", async () => {
    const socket = await connect();

    for (const [frame, path] of [
      [put(1, ["a", "b"], 1), "keys"],
      [put(1, ["a"], 1, { wait: true }), "wait"],
      ['{"id":1,"verb":"ack","keys":["a"]}', "keys"],
    ] as const) {
      socket.say(frame);
      expect(await socket.next()).toMatchObject({ id: 1, problem: { code: "invalid", errors: [{ path }] } });
    }
  });
});

describe("contents", () => {
  test("are handed out as they came, over HTTP too", async () => {
    const socket = await connect();
    const contents = ['{ "a" : [1,\t2] , "b":"\\u00e9 ü" }', "12345678901234567890", ' "with \\"quotes\\" and \\n" '];

    socket.say(['{"id":1,"verb":"put","lines":3}', ...contents].join("\n"));
    await socket.next();
    const views: unknown[] = [];
    for await (const view of queueOf(socket).messages()) views.push(view.item);
    socket.say('{"id":2,"verb":"receive","request":{"max":3}}');
    const { reply } = await socket.next();

    expect(views).toEqual(contents.map((content) => JSON.parse(content)));
    expect(bodiesOf(reply.messages)).toEqual(views);
  });

  test("may be bytes", async () => {
    const socket = await connect();

    await socket.ask("put", { messages: [{ bytes: true }, {}] }, ["3q0=", "3q0="]);
    const refused = await socket.ask("put", { messages: [{ bytes: true }] }, ["not base64"]);

    expect(refused).toMatchObject({ problem: { code: "invalid", errors: [{ path: "lines[0]" }] } });
    expect((await socket.ask("receive", { max: 3 })).reply.messages).toMatchObject([
      { bytes: "3q0=" },
      { body: "3q0=" },
    ]);
  });

  test("that are too large are refused", async () => {
    const socket = await connect();

    const { problem } = await socket.ask("put", {}, ["x".repeat(1_048_576)]);

    expect(problem).toMatchObject({ code: "too_large", status: 413, errors: [{ path: "messages[0]" }] });
  });
});

describe("waiting", () => {
  test("ends with cancel_wait: a receive with nothing, a join unfinished, a put as full", async () => {
    const socket = await connect();
    await socket.ask("configure", { maxSize: 1 });
    await socket.ask("put", { messages: [{ delaySeconds: 60 }] }, ["there"]);
    const receive = socket.begin("receive", { wait: true });
    const join = socket.begin("join", { wait: true });
    const put = socket.begin("put", { wait: true }, ["more"]);

    const ended = await socket.ask("cancel_wait", { ids: [receive, join, put, 99] });

    expect(ended.reply).toEqual({ ended: 3 });
    expect(await socket.next((line) => line.id === receive)).toMatchObject({ reply: { messages: [] } });
    expect(await socket.next((line) => line.id === join)).toMatchObject({ reply: { finished: false } });
    expect(await socket.next((line) => line.id === put)).toMatchObject({ problem: { code: "full" } });
    expect(await queueOf(socket).describe()).toMatchObject({ accepted: 1 });
  });

  test("ends with the connection: later messages go to others", async () => {
    const gone = await connect();
    const there = await connect(gone.queue);
    await there.ask("configure", { maxSize: 1 });
    gone.begin("receive", { wait: true });
    await gone.ask("subscribe", { credit: 10 });
    await gone.close();
    const receive = there.begin("receive", { wait: true });

    await there.ask("put", {}, ["item"]);

    expect(await there.next((line) => line.id === receive)).toMatchObject({ reply: { messages: [{ body: "item" }] } });
  });

  test("to put ends with the connection too: nothing is put later", async () => {
    const gone = await connect();
    const there = await connect(gone.queue);
    await there.ask("configure", { maxSize: 1 });
    await there.ask("put", {}, ["first"]);
    gone.begin("put", { wait: true }, ["never acknowledged"]);
    await gone.ask("describe");
    gone.terminate();
    await expect.poll(async () => (await there.ask("put", {}, ["x"])).problem.code).toBe("full");

    await there.ask("receive", { autoAck: true });

    expect(await queueOf(there).describe()).toMatchObject({ accepted: 1, visible: 0 });
  });

  test(`is possible for ${SOCKET_WAITS_MAX} things at a time`, async () => {
    const socket = await connect();
    for (let waits = 0; waits < SOCKET_WAITS_MAX; waits += 1) socket.begin("receive", { wait: true });

    const refused = await socket.ask("receive", { wait: true });

    expect(refused).toMatchObject({ problem: { code: "too_many_waits", status: 429 } });
    expect(await socket.ask("receive")).toMatchObject({ reply: { messages: [] } });
  });
});
