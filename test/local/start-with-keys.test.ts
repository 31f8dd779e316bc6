/** A server that is started with keys in AUTHKEYS. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashOf } from "../../src/api/keys/principals.ts";
import { Forbidden, QueueManager, Unauthorized } from "../../worker-client/src/index.ts";
import { Program } from "../support/start-program.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-queue-keys-"));
});

afterEach(async () => {
  await Program.killAll();
  rmSync(directory, { recursive: true });
});

async function authkeys(key: string, others: object = {}): Promise<string> {
  return JSON.stringify([{ name: "producer", hash: await hashOf(key), scopes: ["put"], queues: ["mail."], ...others }]);
}

function start(environment: Record<string, string>): Program {
  return Program.start({ DATA_DIR: directory, ...environment });
}

test("with AUTHKEYS alone no key that grants everything is generated", async () => {
  const program = start({ AUTHKEYS: await authkeys("a-key") });
  const address = await program.serving();
  const manager = new QueueManager({ address, authkey: "a-key", retrySeconds: 0 });

  await manager.connect();
  await manager.queue("mail.in").put("item");

  const refused = `The key producer does not grant read, which this call needs. It grants put. Use a key that grants read (queue mail.in).`;
  await expect(manager.queue("mail.in").describe()).rejects.toThrow(Forbidden);
  await expect(manager.queue("mail.in").describe()).rejects.toThrow(refused);
  await expect(manager.queueNames().next()).rejects.toMatchObject({ code: "forbidden", status: 403, retryable: false });
  await expect(manager.queue("thumbs").put("item")).rejects.toThrow(
    "The key producer is not for the queue thumbs, but for queues whose names begin with mail.. Use a key that is for it.",
  );
  expect(existsSync(join(directory, "authkey"))).toBe(false);
  expect(readFileSync(join(directory, "client.env"), "utf8")).toBe(`DURABLE_QUEUE_ADDRESS='${address}'\n`);
  expect(program.output).toContain(
    `Clients find the address in ${directory}/client.env, and need a key of AUTHKEYS.\n`,
  );
  expect(program.output).not.toMatch(/a-key|sha256|authkey:/);
});

test("a key that was generated before goes on beside AUTHKEYS, and the program says where it is", async () => {
  writeFileSync(join(directory, "authkey"), "generated-before\n");
  const program = start({ AUTHKEYS: await authkeys("a-key") });
  const address = await program.serving();

  for (const authkey of ["generated-before", "a-key"]) await new QueueManager({ address, authkey }).connect();

  expect(program.output).toContain(`The authkey is kept in ${directory}/authkey, and grants everything.\n`);
});

test("an empty list of keys is none: a key is generated", async () => {
  const program = start({ AUTHKEYS: "[]" });

  await program.serving();

  expect(program.output).toMatch(/^authkey: [\w-]{43} \(generated, not shown again\)$/m);
});

test("the error of a key that has ended names the key and its end", async () => {
  const program = start({ AUTHKEYS: await authkeys("a-key", { until: "2020-01-01T00:00:00Z" }) });
  const address = await program.serving();
  const refusal = new QueueManager({ address, authkey: "a-key" }).connect();

  await expect(refusal).rejects.toThrow(Unauthorized);
  await expect(refusal).rejects.toThrow(
    `${address} refused the authkey: The key producer ended at 2020-01-01T00:00:00.000Z; use a newer one.`,
  );
});

test.each(["websocket", "http"] as const)(
  "over %s a worker needs a key that grants receive, and one that does not ends it",
  async (transport) => {
    const entries = [
      { name: "producer", hash: await hashOf("put-key"), scopes: ["put"] },
      { name: "worker", hash: await hashOf("receive-key"), scopes: ["receive"] },
    ];
    const address = await start({ AUTHKEYS: JSON.stringify(entries) }).serving();
    const producer = new QueueManager({ address, authkey: "put-key", transport }).queue<string>("tasks");
    const worker = new QueueManager({ address, authkey: "receive-key", transport }).queue<string>("tasks");
    const done = Promise.withResolvers<string>();

    await producer.put("item");
    const working = worker.work(({ item }) => done.resolve(item));
    expect(await done.promise).toBe("item");
    await working.close();

    await expect(producer.work(() => undefined).finished).rejects.toThrow(Forbidden);
    await expect(worker.put("item")).rejects.toThrow("The key worker does not grant put");
  },
);
