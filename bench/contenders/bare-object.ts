// What the platform itself takes: an object that writes each message into a row, passes it on and confirms. It is no
// queue, and nothing on this platform that stores a message first can deliver it sooner.
import { once } from "node:events";
import { createRequire } from "node:module";
import type * as Ws from "ws";
import type { Connection, Contender, RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";

const require = createRequire(import.meta.url);
const CONFIGURATION = `${import.meta.dirname}/bare-object/workerd.capnp`;

async function start(directory: string): Promise<RunningServer> {
  const port = await freePort();
  const { default: workerd } = require("workerd") as { default: string };
  const place = [`--socket-addr=http=127.0.0.1:${port}`, `--directory-path=disk=${directory}`];
  const child = new Child([workerd, "serve", CONFIGURATION, ...place]);
  await child.untilReady(() => isListening(port));
  return { address: `ws://127.0.0.1:${port}/`, pid: child.pid, stop: () => child.stop() };
}

async function connect(address: string): Promise<Connection> {
  const { WebSocket } = createRequire(import.meta.resolve("durable-queue"))("ws") as typeof Ws;
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await once(socket, "open");
  const unanswered: (() => void)[] = [];
  let receive: (body: string) => Promise<void> = () => Promise.resolve();
  socket.on("message", (frame: Buffer) => {
    const text = frame.toString();
    if (text === "done") unanswered.shift()?.();
    else void receive(text);
  });
  const send = (text: string) =>
    new Promise<void>((answered) => {
      unanswered.push(answered);
      socket.send(text);
    });
  return {
    put: (_, body) => send(body),
    async putAll(_, bodies) {
      await Promise.all(bodies.map(send));
    },
    async consume(_, handle) {
      receive = handle;
      await send("receive");
    },
  };
}

export const contenders: readonly Contender[] = [
  {
    name: "bare-object",
    title: "A bare Durable Object",
    durability: "fsync before each confirm; no queue",
    isDurable: true,
    without: ["pipeline", "single-puts", "lone-puts", "batch-puts", "idle-waiters", "machine"],
    version: async () => `workerd ${(require("workerd/package.json") as { version: string }).version}`,
    start,
    connect,
  },
];
