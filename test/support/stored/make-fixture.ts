/**
 * Stores queues in every state that lasts, with the build in whose checkout it runs, and writes the files and what each
 * queue must show into one fixture. A fixture is made once, by the build of which it keeps the files, and never changed:
 *
 *     node --conditions=source test/support/stored/make-fixture.ts test/fixtures/tables-4.json.gz
 *
 * It speaks HTTP alone, so that it can be copied into an older checkout.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { DataDirectory } from "../../../src/local/data-directory.ts";
import { Server } from "../../../src/local/server.ts";
import { type Fixture, filesIn } from "./fixture.ts";

const AUTHKEY = "the-authkey-of-the-fixture";

const [, , output = "fixture.json.gz"] = process.argv;
const directory = new DataDirectory(mkdtempSync("fixture-"));
const server = await Server.start({ host: "127.0.0.1", port: 0, directory, authkey: AUTHKEY });

async function ask(method: string, path: string, body?: object, key?: string) {
  const headers = { Authorization: `Bearer ${AUTHKEY}`, ...(key === undefined ? {} : { "Idempotency-Key": key }) };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${server.address}/v1/queues${path === "" ? "" : `/${path}`}`, init);
  const reply = JSON.parse(await response.text());
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(reply)}`);
  return reply;
}

function put(queue: string, messages: object[], key?: string) {
  return ask("POST", `${queue}/messages`, { messages }, key);
}

async function receive(queue: string, request: object = {}): Promise<string[]> {
  const { messages } = await ask("POST", `${queue}/receive`, request);
  return messages.map(({ receipt }: { receipt: string }) => receipt);
}

/** Older builds have one verb for all ways to give a message back. */
async function giveBack(queue: string, verb: "retry" | "reject" | "release", receipts: string[], error?: string) {
  const older = { reject: { dead: true }, release: { begun: false }, retry: {} }[verb];
  await ask("POST", `${queue}/${verb}`, { receipts, error }).catch(() =>
    ask("POST", `${queue}/retry`, { receipts, error, ...older }),
  );
}

await ask("PUT", "orders", { retryDelaySeconds: 0, maxAttempts: 3 });
await put(
  "orders",
  Array.from({ length: 300 }, (_, number) => ({ body: { number } })),
);
await ask("POST", "orders/ack", { receipts: await receive("orders", { max: 40 }) });
await giveBack("orders", "retry", await receive("orders", { max: 3 }), "It failed: ü");
await giveBack("orders", "reject", await receive("orders", { max: 2 }), "no such customer");
await giveBack("orders", "release", await receive("orders", { max: 2 }));
await receive("orders", { max: 5, leaseSeconds: 1 });
await put("orders", [{ body: "later", delaySeconds: 1 }, { bytes: "AAEC" }, { body: "x".repeat(3_000) }]);
await put("grouped", [
  ...["a", "b", "a", "a", "b"].map((group, body) => ({ body, group })),
  { body: "alone" },
  { body: "later", group: "b", delaySeconds: 1 },
]);
await ask("PUT", "urgent", { order: "priority" });
await put(
  "urgent",
  [100, 7, 255, 7, 0].map((priority, body) => ({ body, priority })),
);
await ask("PUT", "stack", { order: "lifo", retryDelaySeconds: 0 });
await put(
  "stack",
  [1, 2, 3].map((body) => ({ body })),
);
await giveBack("stack", "reject", await receive("stack"));
await ask("POST", "stack/redrive", {});
await ask("PUT", "failing", { maxAttempts: 1, deadLetterQueue: "letters" });
await put("failing", [{ body: "poison", group: "g" }, { body: "rotten" }]);
await giveBack("failing", "retry", await receive("failing", { max: 2 }), "It is poison.");
await ask("PUT", "keys", { dedupeSeconds: 86_400, idempotencySeconds: 86_400 });
await put("keys", [{ body: 1, dedupeKey: "k1" }, { body: 2 }], "put-1");
await ask("POST", "keys/done", { count: 1 }, "done-1");
const settings = { maxSize: 7, leaseSeconds: 90, maxLeasedPerGroup: 3, retentionSeconds: 0, deadLetterExpired: true };
await ask("PUT", "configured", {
  ...settings,
  retryDelayFactor: 3,
  retryDelayJitter: 0.25,
  deadLetterQueue: "letters",
});
await put("closed", [{ body: "last" }]);
await ask("POST", "closed/shutdown", {});
await put("paused", [{ body: "waiting" }]);
await ask("POST", "paused/pause", { only: "receives" });
await put("reborn", [{ body: "of the first life" }]);
await ask("DELETE", "reborn");
await put("reborn", [{ body: "of the second life" }]);
await put("deleted", [{ body: "gone" }]);
await ask("DELETE", "deleted");

// Until the leases and delays are over and the dead letters have arrived.
await setTimeout(4_000);
const { queues } = (await ask("GET", "")) as { queues: { name: string }[] };
const shown: Fixture["queues"] = {};
for (const { name } of queues) {
  const { messages } = await ask("GET", `${name}/messages?limit=1000`);
  shown[name] = { description: await ask("GET", name), messages };
}
await server.stop();
const fixture: Fixture = { files: filesIn(directory.path), queues: shown };
writeFileSync(output, gzipSync(JSON.stringify(fixture), { level: 9 }));
rmSync(directory.path, { recursive: true });
