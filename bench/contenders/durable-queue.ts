import { createRequire } from "node:module";
import { QueueManager } from "durable-queue";
import { defineTasks, task } from "durable-queue/tasks";
import type * as Ws from "ws";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { type Connection, type Contender, QUEUES, type RunningServer } from "../contender.ts";
import { startPool } from "./our-pool.ts";
import { TUNED, version } from "./tuned.ts";

const AUTHKEY = "bench";
/** The longest wait of a receive over HTTP. */
const WAIT_SECONDS = 25;

/** What this process has sent. */
const sent = { httpCalls: 0, frames: 0 };

const countedFetch: typeof fetch = (...request) => {
  sent.httpCalls += 1;
  return fetch(...request);
};

/** The client does not show its frames, so they are counted in the package by which it sends them. */
function countFrames(): void {
  const { WebSocket } = createRequire(import.meta.resolve("durable-queue"))("ws") as typeof Ws;
  WebSocket.prototype.send = new Proxy(WebSocket.prototype.send, {
    apply(send, socket, frame) {
      sent.frames += 1;
      return Reflect.apply(send, socket, frame);
    },
  });
}

async function start(directory: string): Promise<RunningServer> {
  const place = { host: "127.0.0.1", port: 0, directory: new DataDirectory(directory) };
  const server = await Server.start({ ...place, authkey: AUTHKEY });
  const manager = new QueueManager({ address: server.address, authkey: AUTHKEY, transport: "http" });
  for (const queue of QUEUES) await manager.queue(queue).configure({});
  return {
    address: server.address,
    pid: server.pid,
    stop: () => server.stop(),
    async rowsWritten() {
      const descriptions = await Promise.all(QUEUES.map((queue) => manager.queue(queue).describe()));
      return descriptions.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
    },
  };
}

/** The tasks of the queue of the pipeline, so that both are of one queue. */
function registryOf(run: (input: string) => Promise<string>) {
  return defineTasks("tasks", { answer: task({ run }) });
}

async function connect(
  address: string,
  transport: "websocket" | "http",
  work: typeof TUNED | Record<string, never> = TUNED,
): Promise<Connection> {
  const manager = new QueueManager({ address, authkey: AUTHKEY, transport, fetch: countedFetch });
  const queues = { tasks: manager.queue<string>("tasks"), results: manager.queue<string>("results") };
  const { answer } = manager.tasks<ReturnType<typeof registryOf>>("tasks");
  return {
    put: (name, body) => queues[name].put(body),
    putAll: (name, bodies) => queues[name].putMany(bodies),
    async consume(name, handle) {
      queues[name].work(({ item }) => handle(item), work);
    },
    // One alone is submitted as its callers do.
    submitAll: ([first = "", ...others]) =>
      others.length === 0 ? answer.submit(first).then((job) => [job]) : answer.submitMany([first, ...others]),
    async serve(run) {
      manager.work(registryOf(run), work);
    },
    pool: (options) => startPool(manager, options, work),
    wait(name) {
      queues[name].receive({ timeoutSeconds: WAIT_SECONDS }).catch((error) => console.error(error));
    },
  };
}

countFrames();
const common = { durability: "fsync before each confirm", isDurable: true, version, start, sent: () => sent };

export const contenders: readonly Contender[] = [
  { ...common, name: "durable-queue", title: "durable-queue", connect: (address) => connect(address, "websocket") },
  {
    ...common,
    name: "durable-queue-defaults",
    title: "durable-queue, default options",
    // Only workers have options that could be tuned.
    without: ["single-puts", "lone-puts", "batch-puts", "latency", "idle-waiters", "machine"],
    connect: (address) => connect(address, "websocket", {}),
  },
  {
    ...common,
    name: "durable-queue-http",
    title: "durable-queue over HTTP",
    // Pools of many items are for sockets, on which the ends of jobs are told.
    without: ["batch-puts", "pool", "queens"],
    connect: (address) => connect(address, "http"),
  },
];
