// `npm run bench:backlog`: what a backlog of a million messages costs. On a server of its own it measures throughput on
// an empty queue, fills the queue with single puts of concurrent callers, measures again, and wakes the queue after a
// restart. MESSAGES and CALLERS change how many. KIND is `plain`; `keyed`, each put under an idempotency key of its own;
// `delayed`, waiting for a time that does not come; or `grouped`, in 10,000 groups.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { buildWorker } from "../src/local/build-worker.ts";
import { DataDirectory } from "../src/local/data-directory.ts";
import { Server } from "../src/local/server.ts";

const MESSAGES = Number(process.env.MESSAGES ?? 1_000_000);
const CALLERS = Number(process.env.CALLERS ?? 64);
const SAMPLE_SECONDS = 5;
const SAMPLES = 3;
const GROUPS = 10_000;
const AUTHKEY = "bench";
const KIND = process.env.KIND ?? "plain";
if (!["plain", "keyed", "delayed", "grouped"].includes(KIND)) throw new RangeError(`There is no KIND ${KIND}.`);
const BODY = "x".repeat(98);

const directory = new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-bench-`));
const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
/** The one that runs at the time. */
let running: Server | undefined;

function server(): Server {
  if (running === undefined) throw new Error("The server has not been started.");
  return running;
}

/** A call as lean as can be, so that the load takes little of the machine that it shares with the server. */
function call(method: string, path: string, body?: unknown, more = {}): Promise<Record<string, unknown>> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { Authorization: `Bearer ${AUTHKEY}`, "Content-Length": Buffer.byteLength(text), ...more };
  return new Promise((settle, fail) => {
    const sent = request(`${server().address}/v1/queues${path}`, { method, headers, agent }, (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        answer += chunk;
      });
      response.on("end", () => {
        if (response.statusCode !== undefined && response.statusCode < 300) settle(JSON.parse(answer));
        else fail(new Error(answer));
      });
    });
    sent.on("error", fail);
    sent.end(text);
  });
}

let puts = 0;

async function put(queue: string, options = {}): Promise<void> {
  puts += 1;
  const group = KIND === "grouped" ? { group: `group-${puts % GROUPS}` } : {};
  const key = KIND === "keyed" ? { "Idempotency-Key": randomUUID() } : {};
  await call("POST", `/${queue}/messages`, { messages: [{ body: BODY, ...group, ...options }] }, key);
}

/** Puts one message, receives one and acks it. */
async function cycle(queue: string): Promise<void> {
  await put(queue);
  const { messages } = (await call("POST", `/${queue}/receive`, { timeoutSeconds: 10 })) as { messages: Receipt[] };
  await call("POST", `/${queue}/ack`, { receipts: messages.map(({ receipt }) => receipt) });
}

interface Receipt {
  receipt: string;
}

/** Lets all callers work until it is over, and answers with how often they did. */
async function work(isOver: () => boolean, step: () => Promise<void>): Promise<number> {
  let steps = 0;
  const caller = async () => {
    while (!isOver()) {
      await step();
      steps += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return steps;
}

async function throughput(queue: string): Promise<number> {
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const beganAt = performance.now();
    const cycles = await work(
      () => performance.now() - beganAt > SAMPLE_SECONDS * 1_000,
      () => cycle(queue),
    );
    samples.push(cycles / ((performance.now() - beganAt) / 1_000));
  }
  return samples.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)] as number;
}

/** Of the whole server process, on Linux. */
function residentMiB(): number {
  const status = readFileSync(`/proc/${server().pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}

async function start(port: number): Promise<void> {
  running = await Server.start({ host: "127.0.0.1", port, authkey: AUTHKEY, directory });
}

/** How long the first answer of a queue takes after a start of the server. */
async function wakeMs(queue: string): Promise<number> {
  await call("GET", "?limit=1");
  const beganAt = performance.now();
  await call("GET", `/${queue}`);
  return Math.round(performance.now() - beganAt);
}

async function restart(): Promise<void> {
  await server().stop();
  await start(0);
}

console.log(`${MESSAGES} ${KIND} messages of ${JSON.stringify(BODY).length} bytes, ${CALLERS} callers`);
await buildWorker();
await start(0);
try {
  await call("PUT", "/empty", {});
  await throughput("empty");
  await restart();
  console.log(`empty: ${Math.round(await throughput("empty"))} messages/s through put, receive and ack`);
  console.log(`       ${residentMiB()} MiB resident`);

  const beganAt = performance.now();
  let left = MESSAGES;
  await work(
    () => --left < 0,
    () => put("full", KIND === "delayed" ? { delaySeconds: 30 * 86_400 } : {}),
  );
  const seconds = (performance.now() - beganAt) / 1_000;
  const { visible, delayed, rowsWritten, storageBytes } = await call("GET", "/full");
  const waiting = `${visible} visible, ${delayed} delayed`;
  console.log(`filled in ${Math.round(seconds)} s: ${waiting}, ${rowsWritten} rows, ${storageBytes} bytes`);
  console.log(`       ${residentMiB()} MiB resident`);
  await restart();
  const before = residentMiB();
  console.log(`woken in ${await wakeMs("full")} ms (an empty one in ${await wakeMs("empty")} ms)`);
  console.log(`       ${residentMiB() - before} MiB more resident`);
  console.log(`full:  ${Math.round(await throughput("full"))} messages/s through put, receive and ack`);
  console.log(`       ${residentMiB()} MiB resident`);
} finally {
  agent.destroy();
  await running?.stop();
  rmSync(directory.path, { recursive: true });
}
