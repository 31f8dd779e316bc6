/** The commands of docs/operations.md, as they are printed and in their order, on a machine in a folder. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Queue, QueueManager, Unauthorized } from "../../worker-client/src/index.ts";
import { eventually } from "../support/eventually.ts";
import { Machine } from "./machine.ts";
import { environmentOf } from "./unit.ts";

/** What `keys new` prints into a pipe. */
interface NewKey {
  key: string;
  authkeys: string;
}

const SETTINGS = "/etc/durable-queue/serve.env";
const BACKUPS = "/var/backups/durable-queue";
const SECRET_BODY = "the-body-of-a-message";

let machine: Machine;
let key: string;

beforeAll(async () => {
  machine = await Machine.make();
}, 300_000);

afterAll(async () => {
  await machine.remove();
}, 60_000);

function queueWith(authkey: string): Queue<string> {
  return new QueueManager({ address: machine.address, authkey }).queue<string>("emails");
}

async function newKey(block: string): Promise<NewKey> {
  const { status, output, errors } = await machine.run(machine.block(block));
  expect([status, errors]).toEqual([0, ""]);
  return JSON.parse(output) as NewKey;
}

/** All that a queue shows of what it has stored. */
async function shown(queue: Queue<string>): Promise<unknown> {
  const { connected: _, consumers: __, oldestSeconds: ___, rowsWritten: ____, ...description } = await queue.describe();
  const messages = [];
  for await (const message of queue.messages()) messages.push(message);
  return { description, messages };
}

describe("the commands of the page", { timeout: 120_000 }, () => {
  test("install the package, and the program", async () => {
    const { status, errors } = await machine.install();
    const version = await machine.run("durable-queue --version");

    expect([status, errors.replace(/^npm (warn|notice).*\n/gm, "")]).toEqual([0, ""]);
    expect(version.output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(readFileSync(machine.path("/users"), "utf8")).toContain("--system --home-dir");
  });

  test("make a key, of which the settings have the hash alone", async () => {
    const made = await newKey("--name operator --scopes");
    key = made.key;

    machine.configure(made.authkeys);

    expect(environmentOf(machine.path(SETTINGS))).toMatchObject({ HOST: "127.0.0.1", AUTHKEYS: made.authkeys });
    expect(readFileSync(machine.path(SETTINGS), "utf8")).not.toContain(key);
  });

  test("start the service, whose directory belongs to its owner alone", async () => {
    expect(await machine.run(machine.block("systemctl enable --now"))).toMatchObject({ status: 0 });
    await queueWith(key).put("first");

    const directory = machine.path("/var/lib/durable-queue");
    const files = ["", ...readdirSync(directory, { recursive: true, encoding: "utf8" })];
    expect(files.filter((file) => (statSync(join(directory, file)).mode & 0o077) !== 0)).toEqual([]);
    expect(files).not.toContain("authkey");
  });

  test("show that it is well", async () => {
    const { status, output, errors } = await machine.run(machine.block("durable-queue doctor"), {
      DURABLE_QUEUE_AUTHKEY: key,
    });

    expect([status, errors]).toEqual([0, ""]);
    expect(output).toContain('{"check":"key","state":"ok","says":"operator, from the environment:');
    expect(output).toContain('{"name":"emails"');
  });

  test("copy it while it runs, and restore exactly what was there at that moment", async () => {
    const queue = queueWith(key);
    await queue.putMany(["leased", "waiting", SECRET_BODY]);
    const lease = await queue.receive({ max: 1, leaseSeconds: 600 });
    const before = await shown(queue);

    const backup = await machine.run(machine.block("systemctl freeze"));
    await queue.putMany(["later", "later still"]);
    await lease[0]?.ack();
    const copy = basename(backup.output.trim());
    const restore = machine.block("durable-queue.before").replace(/\d{8}T\d{6}Z/, copy);
    expect([backup.status, backup.errors, restore.includes(copy)]).toEqual([0, "", true]);
    const restored = await machine.run(restore);

    expect([restored.status, restored.errors]).toEqual([0, ""]);
    expect(await shown(queueWith(key))).toEqual(before);
    expect(await lease[0]?.ack()).toBe(true);
    expect(readdirSync(machine.path(`${BACKUPS}/${copy}`)).sort()).toEqual(["client.env", "directory", "queue"]);
  });

  test("upgrade it with a backup, and it has its queues", async () => {
    const before = await shown(queueWith(key));

    const { status, output, errors } = await machine.run(machine.block("durable-queue@latest"));

    expect([status, errors.replace(/^npm (warn|notice).*\n/gm, "")]).toEqual([0, ""]);
    expect(output).toContain(BACKUPS);
    expect(await shown(queueWith(key))).toEqual(before);
  });

  test("replace the key, and no put of a client with the old or the new one fails", async () => {
    const puts: Promise<unknown>[] = [];
    const old = queueWith(key);
    const made = await newKey("operator-2027");
    const putAll = async (queue: Queue<string>, change: () => Promise<unknown>) => {
      const changed = change();
      let isOver = false;
      void changed.then(() => (isOver = true));
      do {
        puts.push(queue.put("during"));
        await puts.at(-1);
      } while (!isOver);
      await changed;
    };
    const accepted = (await old.describe()).accepted;

    machine.configure(made.authkeys);
    await putAll(old, () => machine.run("systemctl restart durable-queue"));
    const replaced = queueWith(made.key);
    machine.configure(JSON.stringify((JSON.parse(made.authkeys) as unknown[]).slice(1)));
    await putAll(replaced, () => machine.run("systemctl restart durable-queue"));

    await expect(old.put("too late")).rejects.toThrow(Unauthorized);
    expect(puts.length).toBeGreaterThan(1);
    expect((await replaced.describe()).accepted).toBe(accepted + puts.length);
    key = made.key;
  });

  test("show the log, with the lines that the page names, and neither keys nor bodies", async () => {
    const [server = 0] = machine.serverProcesses();
    process.kill(server, "SIGKILL");
    await queueWith(key).put(SECRET_BODY);
    await eventually(() => expect(machine.log).toContain("server: serving: "));
    await machine.run("systemctl stop durable-queue");

    const { output } = await machine.run(machine.block("journalctl"));

    expect(output).toContain("server: ended: the server ended (SIGKILL). It is started again in 0.2 s.\n");
    expect(output).toMatch(/\nStopped\. Everything that was acknowledged is stored\.\n$/);
    expect(output).not.toContain(SECRET_BODY);
    expect(output).not.toMatch(/dq_[\w-]{20}/);
    expect(output).not.toMatch(/error|exception/i);
  });

  test("are all of the page but those for Docker", () => {
    expect(machine.otherBlocks.filter((block) => !block.startsWith("docker build "))).toEqual([]);
  });
});

test("a backup without a command that freezes is refused while the server runs, and leaves nothing", async () => {
  await machine.run("systemctl start durable-queue");
  await queueWith(key).put("running");
  const script = "/opt/durable-queue/node_modules/durable-queue/examples/service/backup.sh";
  const refused = await machine.run(`sh ${script} /var/lib/durable-queue /var/backups/other`);

  expect(refused).toMatchObject({ status: 1, output: "" });
  expect(refused.errors).toBe(
    `A server is using ${machine.path("/var/lib/durable-queue")}: stop it, or say how it is frozen and thawed.\n`,
  );
  expect(readdirSync(machine.path("/var/backups/other"))).toEqual([]);
});

test("a backup that fails thaws the server, and leaves nothing that looks like a backup", async () => {
  const script = "/opt/durable-queue/node_modules/durable-queue/examples/service/backup.sh";
  const commands = '"systemctl freeze durable-queue" "systemctl thaw durable-queue"';
  writeFileSync(machine.path("/bin/cp"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });

  const failed = await machine.run(`sh ${script} /var/lib/durable-queue /var/backups/failed ${commands}`);
  writeFileSync(machine.path("/bin/cp"), '#!/bin/sh\nexec /bin/cp "$@"\n', { mode: 0o755 });

  expect(failed).toMatchObject({ status: 1, output: "" });
  expect(existsSync(machine.path("/var/backups/failed"))).toBe(true);
  expect(readdirSync(machine.path("/var/backups/failed"))).toEqual([]);
  await queueWith(key).put("after a backup that failed");
});
