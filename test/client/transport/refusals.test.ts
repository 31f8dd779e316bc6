/** Refusals that pass by themselves, and keys that end while a connection is open. */
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import type { WebSocket } from "ws";
import { PROBLEMS } from "../../../src/contract/problems.ts";
import { QueueManager, Unauthorized, Unavailable } from "../../../worker-client/src/index.ts";
import { clientTime } from "../../support/client-time.ts";
import { StrangeServer } from "../../support/strange-server.ts";

let server: StrangeServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

type Code = "overloaded" | "version_mismatch" | "unauthorized" | "internal";

/** A problem as the server answers it. */
function problemOf(code: Code): { status: number; code: Code; [field: string]: unknown } {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:${code}`, title, status, code, detail: "The detail of the server." };
}

/** Answers the first requests with these problems, and all others with a reply. */
async function startWith(problems: Code[], reply: object): Promise<StrangeServer> {
  return StrangeServer.start({
    socket: (socket) =>
      socket.on("message", (frame) => {
        if (String(frame) === "ping") return;
        const { id } = JSON.parse(String(frame).split("\n")[0] ?? "") as { id: number };
        const code = problems.shift();
        socket.send(JSON.stringify(code === undefined ? { id, reply } : { id, problem: problemOf(code) }));
      }),
    request: (_, response) => {
      const code = problems.shift();
      const body = code === undefined ? reply : problemOf(code);
      response.writeHead(code === undefined ? 200 : PROBLEMS[code].status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    },
  });
}

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  const managerOf = ({ address }: StrangeServer, retrySeconds: number) =>
    new QueueManager({ address, authkey: "key", transport, retrySeconds });

  test.each(["overloaded", "version_mismatch"] as const)(
    "a call that is refused as %s is sent again, also one that must not be applied twice",
    async (code) => {
      server = await startWith([code, code], { purged: 3 });

      expect(await managerOf(server, 60).queue("tasks").purge()).toBe(3);
    },
  );

  test.each(["overloaded", "version_mismatch"] as const)(
    "a call that is refused as %s for too long says that it was certainly not applied",
    async (code) => {
      server = await startWith([code], { purged: 3 });
      const refusal = managerOf(server, 0).queue("tasks").purge();

      await expect(refusal).rejects.toThrow(Unavailable);
      await expect(refusal).rejects.toThrow(
        `${server.address} refused this (The detail of the server (queue tasks)). This was certainly not applied. Queue: tasks.`,
      );
      await expect(refusal).rejects.toMatchObject({ retryable: true, cause: { code, status: 503 } });
    },
  );

  test("a call that failed once before it was refused for now may have been applied", async () => {
    clientTime.take();
    onTestFinished(() => clientTime.giveBack());
    const problems: Code[] = ["internal", ...Array<Code>(1_000).fill("overloaded")];
    server = await startWith(problems, {});
    const refusal = managerOf(server, 60).queue("tasks").configure({});
    const refused = expect(refusal).rejects.toThrow("It is not known whether this was applied.");

    await expect.poll(() => problems.length).toBeLessThan(1_000);
    await clientTime.pass(60);

    await refused;
  });
});

test("calls and workers end as unauthorized once the key of their connection is gone", async () => {
  const opened: WebSocket[] = [];
  const heard = Promise.withResolvers<void>();
  server = await StrangeServer.start({
    socket: (socket) => {
      opened.push(socket);
      socket.on("message", () => opened.length === 2 && heard.resolve());
    },
    refusal: () => (opened.length < 2 ? undefined : { status: 401, body: JSON.stringify(problemOf("unauthorized")) }),
  });
  const queue = new QueueManager({ address: server.address, authkey: "key" }).queue("tasks");
  const call = queue.describe();
  const worker = queue.work(() => undefined);
  await heard.promise;
  const { upgrades } = server;

  for (const socket of opened) socket.close(1008, "The key of this connection was removed, or has ended.");

  const outcomes = await Promise.allSettled([call, worker.finished]);
  const unauthorized = { status: "rejected", reason: expect.any(Unauthorized) };
  expect(outcomes).toEqual([unauthorized, unauthorized]);
  expect([upgrades, server.upgrades]).toEqual([2, 4]);
});
