/** What answers is no server of queues, or none that works: calls end by their bounds, and the process goes on. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { QueueError, QueueManager, Unavailable } from "../../../worker-client/src/index.ts";
import { StrangeServer } from "../../support/strange-server.ts";

const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);
let server: StrangeServer | undefined;

beforeAll(() => {
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
});
afterAll(() => {
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
  expect(uncaught).toEqual([]);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** A client whose calls end soon where nothing comes of them. */
function impatient({ address }: StrangeServer): QueueManager {
  return new QueueManager({ address, authkey: "key", retrySeconds: 0.5 });
}

/** Frames that a server of queues never sends. */
const FRAMES: [name: string, frame: string | Buffer][] = [
  ["a page", "<html><body>Sign in</body></html>"],
  ["nothing", ""],
  ["bytes", Buffer.from([0, 1, 2, 255])],
  ["JSON as bytes", Buffer.from('{"id":1,"reply":{}}')],
  ["null", "null"],
  ["a number", "7"],
  ["a list", "[]"],
  ["half a line", '{"id":1,"rep'],
  ["an object that says nothing", "{}"],
  ["resend with a number", '{"resend":7}'],
  ["resend with texts", '{"resend":["1"]}'],
  ["pushed messages that are none", '{"push":[null]}'],
  ["pushes that are no list", '{"push":{}}'],
  ["losses that are no list", '{"lost":7}'],
  ["a reply without an id", '{"reply":{}}'],
  ["a reply with an id of another type", '{"id":"1","reply":{}}'],
  ["a reply that is null", '{"id":1,"reply":null}'],
  ["a problem that is none", '{"id":1,"problem":7}'],
  ["a problem without words", '{"id":1,"problem":{}}'],
];

// Each waits for its calls' bounds, so that several at a time take no longer.
describe.concurrent.each(FRAMES)("a server whose socket says %s", (_, frame) => {
  test.for<[string, (socket: WebSocket) => void]>([
    ["to what it is sent", (socket: WebSocket) => socket.on("message", () => socket.send(frame))],
    ["before it is sent anything", (socket: WebSocket) => socket.send(frame)],
  ])("%s: calls go over HTTP then, and end by their bounds", async ([, manners], { expect, onTestFinished }) => {
    const server = await StrangeServer.start({ socket: manners });
    onTestFinished(() => server.stop());
    const manager = impatient(server);
    const queue = manager.queue<number>("queue");
    const worker = queue.work(() => undefined);

    const ends = await Promise.allSettled([queue.put(1), queue.get({ timeoutSeconds: 0.3 }), queue.describe()]);

    for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: expect.any(Unavailable) });
    // Where the machine is slow, the calls may have ended before; the worker goes on.
    await expect.poll(() => server.requests).toBeGreaterThan(0);
    await manager.close();
    expect(await worker.finished).toBeUndefined();
  });
});

test.each([
  ["a put", "put", '{"ids":[7]}'],
  ["a put, for another count of items", "put", '{"ids":["a","b"]}'],
  ["a receive", "receive", '{"messages":[{"id":7}]}'],
  ["an ack", "ack", "{}"],
  ["a join", "join", "{}"],
])("a reply to %s that has another form ends the connection and not the process", async (_, verb, reply) => {
  server = await StrangeServer.start({
    socket: (socket) => {
      socket.on("message", (data) => {
        for (const line of data.toString().split("\n")) {
          const operation = JSON.parse(line);
          if (operation.verb === verb) socket.send(`{"id":${operation.id},"reply":${reply}}`);
          else if (operation.verb === "receive") socket.send(receivedBy(operation.id));
        }
      });
    },
  });
  const manager = impatient(server);
  const queue = manager.queue<number>("queue");
  const calls: Record<string, () => Promise<unknown>> = {
    put: () => queue.put(1),
    receive: () => queue.receive({ timeoutSeconds: 0.3 }),
    ack: async () => (await queue.receive())[0]?.ack(),
    join: () => queue.join({ timeoutSeconds: 0.3 }),
  };

  await expect(calls[verb]?.()).rejects.toThrow(Unavailable);
  await manager.close();
});

function receivedBy(id: number): string {
  const message = { id: "m", receipt: "m-1", attempt: 1, body: 1, priority: 100, putAt: 1, leaseEndsAt: 2 };
  return JSON.stringify({ id, reply: { messages: [message] } });
}

/** Servers on which no connection comes about, each in its own way. */
const MUTE: [name: string, start: () => Promise<StrangeServer>][] = [
  ["says nothing", () => StrangeServer.start({ upgrade: () => undefined, request: () => undefined })],
  [
    "answers with a page that never ends",
    () => {
      const drip = (write: (text: string) => boolean) => {
        const timer = setInterval(() => write("x") || clearInterval(timer), 50);
        return () => clearInterval(timer);
      };
      return StrangeServer.start({
        upgrade: (socket) => {
          socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          socket.on(
            "close",
            drip((text) => socket.writable && socket.write(`1\r\n${text}\r\n`)),
          );
        },
        request: (_, response) => {
          response.writeHead(200);
          response.on(
            "close",
            drip((text) => response.writable && response.write(text)),
          );
        },
      });
    },
  ],
  ["opens sockets and says nothing", () => StrangeServer.start({ socket: () => undefined, request: () => undefined })],
];

// These wait for their calls' bounds too.
describe.concurrent.each(MUTE)("a server that %s", (_, start) => {
  test.for([undefined, "http"] as const)("ends calls by their own time, over %s", async (transport, context) => {
    const { expect, onTestFinished } = context;
    const server = await start();
    onTestFinished(() => server.stop());
    // Much longer than the test may take.
    const manager = new QueueManager({ address: server.address, authkey: "key", retrySeconds: 600, transport });
    const queue = manager.queue<number>("queue");

    const ends = await Promise.allSettled([
      queue.put(1, { timeoutSeconds: 0.5 }),
      queue.get({ timeoutSeconds: 0.5 }),
      queue.join({ timeoutSeconds: 0.5 }),
      queue.putNowait(1),
      queue.getNowait(),
      queue.receive({ timeoutSeconds: 0 }),
    ]);

    for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: expect.any(Unavailable) });
    await manager.close();
  });
});

test.concurrent.for([undefined, "http"] as const)(
  "while nothing listens, calls end by their own time, over %s",
  async (transport, { expect }) => {
    const server = await StrangeServer.start({});
    const { address } = server;
    await server.stop();
    const manager = new QueueManager({ address, authkey: "key", retrySeconds: 600, transport });
    const queue = manager.queue<number>("queue");

    const calls = [queue.get({ timeoutSeconds: 0.3 }), queue.putNowait(1), queue.join({ timeoutSeconds: 0.3 })];

    const end = { status: "rejected", reason: { code: "unavailable", message: expect.stringContaining("not sent") } };
    expect(await Promise.allSettled(calls)).toMatchObject([end, end, end]);
  },
);

test("a wait of more than 24.8 days goes on, and does not end at once", async () => {
  server = await StrangeServer.start({
    socket: (socket) => {
      socket.on("message", (data) => {
        const { id, verb, request } = JSON.parse(data.toString());
        if (verb === "receive" && request.wait !== true) throw new Error("It does not wait.");
        if (verb === "receive") setImmediate(() => socket.send(receivedBy(id)));
        if (verb === "ack") socket.send(`{"id":${id},"reply":{"acked":1,"stale":[]}}`);
      });
    },
  });

  const manager = new QueueManager({ address: server.address, authkey: "key" });
  expect(await manager.queue("queue").get({ timeoutSeconds: 2 ** 31 / 1_000 + 60 })).toBe(1);
  await manager.close();
});

describe("an answer over HTTP that is of no server of queues", () => {
  test.each([408, 425, 429, 500, 502, 503, 504])("with %d is tried again", async (status) => {
    server = await StrangeServer.start({
      request: (_, response) => {
        response.writeHead(server?.requests === 1 ? status : 201);
        response.end(server?.requests === 1 ? "<p>Busy" : '{"ids":["a"]}');
      },
    });

    expect(
      await new QueueManager({ address: server.address, authkey: "key", transport: "http" }).queue("queue").put(1),
    ).toBe("a");
    expect(server.requests).toBe(2);
  });

  test.each([301, 302, 307, 400, 403, 404, 405, 413, 431, 451])(
    "with %d ends the call, and is not known to be applied",
    async (status) => {
      server = await StrangeServer.start({
        request: (_, response) => {
          response.writeHead(status, { Location: "/elsewhere" });
          response.end("<p>No");
        },
      });

      const refusal = new QueueManager({ address: server.address, authkey: "key", transport: "http" })
        .queue("queue")
        .put(1);

      await expect(refusal).rejects.toThrow(QueueError);
      await expect(refusal).rejects.toMatchObject({ code: "unexpected", status, queue: "queue", retryable: false });
      await expect(refusal).rejects.toThrow("It is not known whether this was applied.");
      expect(server.requests).toBe(1);
    },
  );
});
