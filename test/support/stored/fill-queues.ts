/** Queues in every state that a build stores. */
import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "../../../worker-client/src/index.ts";
import { callQueue, STORED_AUTHKEY } from "./call-queue.ts";

/** The first part of the names of queues whose transfer is interrupted. */
export const TRANSFERRING_QUEUE = "transferring";

/** Between two looks at a transfer that is under way, in milliseconds. */
const POLL_MS = 20;

const NO_DELAY = { retryDelaySeconds: 0, leaseSeconds: 1 };

type Call = (method: string, path: string, body?: unknown, idempotencyKey?: string) => ReturnType<typeof callQueue>;

interface Received {
  messages: { receipt: string; id: string }[];
}

/** Stores the queues. All delays, leases and retention in them are over 3 seconds afterwards. */
export async function fillQueues(address: string): Promise<void> {
  const call: Call = (...args) => callQueue(address, ...args);
  await fillOrders(call);
  await fillKeys(call);
  await fillStates(call);
  await fillDead(call);
  await fillAdministered(call);
  await fillOwn(call);
  await fillChanged(call);
  await fillJobs(call);
  const manager = new QueueManager({ address, authkey: STORED_AUTHKEY });
  try {
    await fillSettled(call, manager);
  } finally {
    await manager.close();
  }
}

/** Puts a batch into a queue whose dead letters go to another queue, and makes all of them dead. */
export async function transferUnderWay(address: string, name: string): Promise<void> {
  const call: Call = (...args) => callQueue(address, ...args);
  const settings = { ...NO_DELAY, maxAttempts: 1, deadLetterQueue: "letters-of-transferring" };
  await call("PUT", `/${name}`, settings);
  await put(call, name, bodies("moving", 40));
  const { messages } = await receive(call, name, 40);
  const receipts = messages.map(({ receipt }) => receipt);
  // A retry after the last attempt makes a message dead.
  await call("POST", `/${name}/retry`, { receipts, error: "no luck" });
}

function bodies(prefix: string, count: number): { body: string }[] {
  return Array.from({ length: count }, (_, index) => ({ body: `${prefix} ${index}` }));
}

function put(call: Call, name: string, messages: readonly unknown[], idempotencyKey?: string) {
  return call("POST", `/${name}/messages`, { messages }, idempotencyKey);
}

async function receive(call: Call, name: string, max: number): Promise<Received> {
  return (await call("POST", `/${name}/receive`, { max })) as unknown as Received;
}

async function ack(call: Call, name: string, max: number): Promise<void> {
  const { messages } = await receive(call, name, max);
  await call("POST", `/${name}/ack`, { receipts: messages.map(({ receipt }) => receipt) });
}

async function fillOrders(call: Call): Promise<void> {
  for (const order of ["fifo", "lifo", "priority"]) {
    await call("PUT", `/${order}`, { order, ...NO_DELAY });
    const messages = Array.from({ length: 9 }, (_, index) => ({
      body: { index, text: "a ä 漢 😀\n" },
      ...(order === "priority" ? { priority: [7, 0, 255, 100][index % 4] } : {}),
    }));
    await put(call, order, messages);
    await ack(call, order, 2);
  }
  // Two segments, and messages that are gone at their beginning.
  await put(call, "large", bodies("one of many", 300));
  await ack(call, "large", 5);
  await put(call, "bytes", [{ bytes: "AAEC/w==" }, { bytes: "" }, { body: null }, { body: [1.5, "x".repeat(3_000)] }]);
  await call("PUT", "/groups", { maxLeasedPerGroup: 2, ...NO_DELAY });
  await put(
    call,
    "groups",
    Array.from({ length: 12 }, (_, index) => ({ body: index, ...(index % 4 === 0 ? {} : { group: `g${index % 4}` }) })),
  );
  await receive(call, "groups", 3);
}

/** Jobs in every state, with outcomes in several rows. */
async function fillJobs(call: Call): Promise<void> {
  await call("PUT", "/jobs", { ...NO_DELAY, resultSeconds: 2_592_000 });
  const headers = { "dq-task": "resize" };
  await put(
    call,
    "jobs",
    Array.from({ length: 300 }, (_, index) => ({ body: index, headers })),
  );
  const { messages } = await receive(call, "jobs", 290);
  const receipts = messages.map(({ receipt }) => receipt);
  const results = receipts.slice(0, 280).map((_, index) => ({ key: `${index}.png`, text: "a ä 漢 😀\n" }));
  await call("POST", "/jobs/ack", { receipts: receipts.slice(0, 280), results });
  const error = { name: "TypeError", message: "broken", stack: "at resize (resize.js:1:1)" };
  await call("POST", "/jobs/reject", { receipts: receipts.slice(280, 285), error });
  await call("DELETE", `/jobs/messages/${messages[285]?.id}`);
  await call("POST", "/jobs/announce", { tasks: [{ name: "resize", input: { type: "integer" } }] });
}

async function fillKeys(call: Call): Promise<void> {
  await call("PUT", "/keys", { idempotencySeconds: 86_400, dedupeSeconds: 86_400 });
  await put(
    call,
    "keys",
    [
      { body: "a", dedupeKey: "one" },
      { body: "b", dedupeKey: "two" },
    ],
    "put-1",
  );
  await put(call, "keys", [{ body: "recreated", dedupeKey: "one" }, { body: "c" }], "put-2");
  await call("POST", "/keys/receive", { autoAck: true });
  await call("POST", "/keys/done", { count: 1 }, "done-1");
}

async function fillStates(call: Call): Promise<void> {
  await call("PUT", "/leased", { ...NO_DELAY, maxSize: 100 });
  await put(call, "leased", bodies("leased", 6));
  await receive(call, "leased", 4);
  await put(call, "delayed", [
    { body: "delayed", delaySeconds: 2 },
    { body: "at", at: Math.ceil(Date.now() / 1_000) + 2 },
    { body: "at once" },
  ]);
  await call("PUT", "/expiring", { retentionSeconds: 1 });
  await put(call, "expiring", bodies("expiring", 3));
  await call("PUT", "/expiring-to-dead", { retentionSeconds: 1, deadLetterExpired: true });
  await put(call, "expiring-to-dead", bodies("expiring", 3));
}

async function fillDead(call: Call): Promise<void> {
  // Dead letters that wait, because their destination refuses them.
  await call("POST", "/closed/shutdown", {});
  await call("PUT", "/refused", { ...NO_DELAY, maxAttempts: 1, deadLetterQueue: "closed" });
  await put(call, "refused", bodies("refused", 3));
  await failAll(call, "refused", 3);
  // Dead letters that have arrived, and one that was redriven back.
  await call("PUT", "/source", { ...NO_DELAY, maxAttempts: 1, deadLetterQueue: "letters" });
  await put(call, "source", [...bodies("letter", 3), { body: "grouped letter", group: "g" }]);
  await failAll(call, "source", 4);
  await until(async () => (await call("GET", "/source")).transferred === 4);
  await call("PUT", "/letters", { ...NO_DELAY, maxAttempts: 1 });
  await failAll(call, "letters", 3);
  await call("POST", "/letters/redrive", { max: 1 });
  await until(async () => (await call("GET", "/letters")).transferring === 0);
}

async function failAll(call: Call, name: string, max: number): Promise<void> {
  const { messages } = await receive(call, name, max);
  const receipts = messages.map(({ receipt }) => receipt);
  await call("POST", `/${name}/retry`, { receipts, error: `failed in ${name}: "ä"` });
}

async function fillAdministered(call: Call): Promise<void> {
  await call("PUT", "/configured", { maxSize: 5, retryDelayFactor: 3, retryDelayJitter: 0.25, order: "lifo" });
  await put(call, "shut-down", bodies("left", 3));
  await call("POST", "/shut-down/shutdown", {});
  await put(call, "shut-down-at-once", bodies("discarded", 3));
  await call("POST", "/shut-down-at-once/shutdown", { immediate: true });
  await put(call, "paused", bodies("paused", 3));
  await call("POST", "/paused/pause", {});
  await put(call, "purged", bodies("purged", 3));
  await call("POST", "/purged/purge", {});
  await put(call, "recreated", bodies("of the first", 3));
  await call("DELETE", "/recreated");
  await put(call, "recreated", bodies("of the second", 2));
  await put(call, "deleted", bodies("deleted", 2));
  await call("DELETE", "/deleted");
}

/** Messages with headers, with settings of their own, and with keys that count until they are done. */
async function fillOwn(call: Call): Promise<void> {
  const headers = { trace: "t-1", "content-type": "text/plain; ä" };
  await call("PUT", "/own", { ...NO_DELAY, deadLetterExpired: true, deadLetterQueue: "own-letters" });
  await put(call, "own", [
    { body: "of one attempt", maxAttempts: 1, headers },
    { body: "retried", maxAttempts: 3, retryDelaySeconds: 1, headers },
  ]);
  await failAll(call, "own", 2);
  await put(call, "own", [
    { body: "expiring", retentionSeconds: 1, headers },
    { body: "kept", headers },
  ]);
  // The time of arrival is stored: what expired and was sent only when the fixture is opened would show another one.
  await until(async () => (await call("GET", "/own")).transferred === 2);
  await put(call, "own-retention", [{ body: "expires", retentionSeconds: 1 }, { body: "stays" }]);
  await put(call, "until-done", [{ body: "done", dedupeKey: "first", dedupeUntil: "done" }]);
  await ack(call, "until-done", 1);
  await put(call, "until-done", [
    { body: "put once more", dedupeKey: "first", dedupeUntil: "done" },
    { body: "waiting", dedupeKey: "second", dedupeUntil: "done", headers },
  ]);
}

/** Messages that were changed, also to another priority, promoted and cancelled. */
async function fillChanged(call: Call): Promise<void> {
  await call("PUT", "/changed", { order: "priority", ...NO_DELAY });
  const { ids } = (await put(call, "changed", bodies("as it was put", 7))) as { ids: string[] };
  const changes = [
    { priority: 3 },
    { priority: 3, body: { is: "changed" }, headers: { changed: "yes" } },
    { delaySeconds: 2 },
    { delaySeconds: 86_400 },
  ];
  for (const [index, change] of changes.entries()) await call("PATCH", `/changed/messages/${ids[index]}`, change);
  await call("POST", `/changed/messages/${ids[3]}/promote`);
  await call("DELETE", `/changed/messages/${ids[4]}`);
  // One that was moved is leased.
  await receive(call, "changed", 1);
}

/** Messages that consumers gave back in each way, through the client. */
async function fillSettled(call: Call, manager: QueueManager): Promise<void> {
  await call("PUT", "/settled", { ...NO_DELAY, maxAttempts: 2 });
  const queue = manager.queue<string>("settled");
  await queue.putMany(["rejected", "failed twice", "released", "failed once", "redriven", "acked"]);
  for (const message of await queue.receive({ max: 6 })) {
    if (message.item === "rejected" || message.item === "redriven") await message.reject({ error: message.item });
    else if (message.item === "released") await message.release();
    else if (message.item === "acked") await message.ack();
    else await message.retry({ error: "first", delaySeconds: message.item === "failed once" ? 2 : 0 });
  }
  for (const message of await queue.receive({ max: 2 })) {
    if (message.item === "failed twice") await message.retry({ error: "second" });
    else await message.release();
  }
  for await (const { id, item } of queue.messages({ state: "dead" })) {
    if (item === "redriven") await queue.redrive({ ids: [id] });
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(POLL_MS);
}
