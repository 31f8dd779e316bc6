/** Calls and workers go over HTTP if something between the client and the server lets no socket through. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Queue, QueueManager } from "../../../worker-client/src/index.ts";
import { AUTHKEY, freshName, TestServer } from "../../support/server.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

/** The same queue over a connection of its own. */
function elsewhere<Item>({ name }: Queue<Item>): Queue<Item> {
  return server.manager().queue<Item>(name);
}

function numbers(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number);
}

describe("where no socket can be opened", () => {
  let portal: Server;
  let upgrades: number;
  afterEach(async () => {
    portal.closeAllConnections();
    await new Promise((closed) => portal.close(closed));
  });

  /** An HTTP proxy that passes on requests, and does something else with those for an upgrade. */
  async function startPortal(upgrade: (socket: Duplex, request: IncomingMessage) => void): Promise<QueueManager> {
    upgrades = 0;
    portal = createServer(passOn).on("upgrade", (incoming: IncomingMessage, socket: Duplex) => {
      upgrades += 1;
      socket.on("error", () => undefined);
      upgrade(socket, incoming);
    });
    await new Promise<void>((listening) => portal.listen(0, "127.0.0.1", listening));
    const { port } = portal.address() as AddressInfo;
    return new QueueManager({ address: `http://127.0.0.1:${port}`, authkey: AUTHKEY });
  }

  function passOn(incoming: IncomingMessage, answer: ServerResponse): void {
    const { method, url, headers } = incoming;
    const onward = request(`${server.address}${url}`, { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  const obstacles: [name: string, upgrade: (socket: Duplex, request: IncomingMessage) => void][] = [
    ...[400, 403, 404, 426, 501, 502].map((status): (typeof obstacles)[number] => [
      `is answered ${status}`,
      (socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<p>No`),
    ]),
    ["ends the connection", (socket) => socket.destroy()],
    [
      "is lost on the way, so that the server sees a plain request",
      (socket, { url }) => {
        const headers = { Authorization: `Bearer ${AUTHKEY}` };
        request(`${server.address}${url}`, { headers }, async (response) => {
          const body = (await response.toArray()).join("");
          const head = `HTTP/1.1 ${response.statusCode} No\r\nContent-Length: ${Buffer.byteLength(body)}`;
          socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
        }).end();
      },
    ],
    [
      "is taken, and the connection ended then",
      (socket, incoming) => {
        const onward = request(`${server.address}${incoming.url}`, { headers: incoming.headers });
        onward.on("upgrade", (response, serverSocket) => {
          const headers = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}\r\n`);
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join("")}\r\n`);
          socket.once("data", () => socket.destroy());
          socket.on("close", () => serverSocket.destroy());
        });
        onward.end();
      },
    ],
  ];

  describe.each(obstacles)("because the request for one %s", (_, upgrade) => {
    test("calls go over HTTP, and do not try for another one each time", async () => {
      const queue = (await startPortal(upgrade)).queue<string>(freshName());

      const getting = queue.get();
      await queue.put("item");
      expect(await getting).toBe("item");
      const tries = upgrades;
      await queue.taskDone();

      expect(await queue.join()).toBe(true);
      expect(upgrades).toBe(tries);
    });

    test("a worker asks for its messages", async () => {
      const queue = (await startPortal(upgrade)).queue<number>(freshName());
      const worked: number[] = [];
      const worker = queue.work(({ item }) => worked.push(item), { concurrency: 2 });

      await elsewhere(queue).putMany(numbers(10));
      await elsewhere(queue).join();
      await worker.close();

      expect(worked.sort()).toEqual(numbers(10));
      expect(await elsewhere(queue).describe()).toMatchObject({ done: 10, leased: 0, visible: 0 });
    });
  });
});
