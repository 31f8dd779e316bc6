import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QueueManager } from "../../worker-client/src/index.ts";
import { Program } from "../support/start-program.ts";

let directory: string;

function start(environment: Record<string, string>, args: string[] = []): Program {
  return Program.start({ DATA_DIR: directory, ...environment }, args);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-queue-start-"));
});

afterEach(async () => {
  await Program.killAll();
  rmSync(directory, { recursive: true });
});

test("npm start serves, and Ctrl-C stops it cleanly", async () => {
  const program = new Program("npm", ["start"], { PORT: "0", DATA_DIR: directory, AUTHKEY: "key" });
  const address = await program.serving();
  const manager = new QueueManager({ address, authkey: "key" });

  await manager.queue("q").put("item");
  program.signalGroup("SIGINT");
  await program.ended;

  expect(program.output).toContain("Stopped. Everything that was acknowledged is stored.");
  expect(program.output).not.toMatch(/error/i);
  await expect(new QueueManager({ address, authkey: "key", retrySeconds: 0 }).connect()).rejects.toThrow();
});

test("SIGTERM to npm alone ends the server too", async () => {
  const program = new Program("npm", ["start", "--ignore-scripts"], { PORT: "0", DATA_DIR: directory, AUTHKEY: "key" });
  await program.serving();

  program.signal("SIGTERM");
  await program.ended;

  expect(program.output).toContain("Stopped. Everything that was acknowledged is stored.");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} ends the server with status 0, and the next one on its directory has its queues`, async () => {
    const first = start({ AUTHKEY: "key" });
    await new QueueManager({ address: await first.serving(), authkey: "key" }).queue("q").put("item");
    first.signal(signal);

    expect(await first.ended).toBe(0);
    const second = start({ AUTHKEY: "key" });
    const queue = new QueueManager({ address: await second.serving(), authkey: "key" }).queue("q");
    expect(await queue.getNowait()).toBe("item");
  });
}

test("Ctrl-C while the server starts ends it cleanly, and leaves nothing running", async () => {
  const program = start({});
  while (!existsSync(join(directory, "authkey"))) await sleep(10);
  program.signalGroup("SIGINT");

  expect(await program.ended).toBe(0);
  expect(program.output).not.toMatch(/error|fail/i);
  await start({}).serving();
});

test("a server that is stopped while a client waits ends all the same", async () => {
  const program = start({ AUTHKEY: "key" });
  const manager = new QueueManager({ address: await program.serving(), authkey: "key", retrySeconds: 0 });
  const queue = manager.queue("q");
  await queue.configure({});

  const waiting = queue.get();
  await queue.describe();
  program.signal("SIGINT");

  await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
  expect(await program.ended).toBe(0);
});

test("without an AUTHKEY one is generated, printed once, and stored readable by its owner alone", async () => {
  const first = start({});
  await first.serving();
  const authkey = /authkey: (\S+)/.exec(first.output)?.[1] as string;
  first.signal("SIGINT");
  await first.ended;
  const second = start({});
  const address = await second.serving();

  expect(authkey).toMatch(/^[\w-]{43}$/);
  expect(second.output).not.toContain(authkey);
  await new QueueManager({ address, authkey }).connect();
  for (const file of ["authkey", "client.env"]) {
    expect(readFileSync(join(directory, file), "utf8")).toContain(authkey);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  }
  expect(readFileSync(join(directory, "client.env"), "utf8")).toContain(`DURABLE_QUEUE_ADDRESS='${address}'\n`);
});

test("an AUTHKEY that is given is required, and is not printed", async () => {
  const program = start({ AUTHKEY: "opensesame" });
  const address = await program.serving();

  await new QueueManager({ address, authkey: "opensesame" }).connect();

  await expect(new QueueManager({ address, authkey: "guess" }).connect()).rejects.toMatchObject({
    name: "Unauthorized",
  });
  expect(program.output).not.toContain("opensesame");
});

test("the server listens on HOST", async () => {
  const program = start({ AUTHKEY: "key", HOST: "localhost" });

  expect(await program.serving()).toMatch(/^http:\/\/localhost:\d+$/);
});

/** What the program said instead of serving: it must be one clear line, and status 1. */
async function refusal(environment: Record<string, string>): Promise<string> {
  const program = start(environment);
  expect(await program.ended).toBe(1);
  const [, sentence = ""] = /^Error: ([^\n]*)\n$/.exec(program.output) ?? [];
  return sentence;
}

test("a taken port is reported in one line", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };

  const line = await refusal({ AUTHKEY: "key", PORT: String(port) });
  other.close();

  expect(line).toBe(
    `Port ${port} of 127.0.0.1 is taken: stop the process that listens there, or choose another, as with --port 8788.`,
  );
});

test("an address that this machine does not have is reported in one line", async () => {
  const line = await refusal({ AUTHKEY: "key", HOST: "192.0.2.1" });

  expect(line).toBe('HOST is "192.0.2.1": this machine has no such address.');
});

test("arguments win over the environment, and one that is not known ends it with status 2", async () => {
  const program = start({ AUTHKEY: "key", HOST: "192.0.2.1" }, ["--host=localhost"]);
  const unknown = start({ AUTHKEY: "key" }, ["--prot=1"]);

  expect(await program.serving()).toMatch(/^http:\/\/localhost:\d+$/);
  expect(await unknown.ended).toBe(2);
  expect(unknown.output).toBe(
    'Error: Unknown option "--prot=…". Did you mean --port? durable-queue dev --help says more.\n',
  );
});

test("a directory that cannot be written to is reported in one line", async () => {
  const file = join(directory, "file");
  writeFileSync(file, "");

  const line = await refusal({ AUTHKEY: "key", DATA_DIR: join(file, "data") });

  expect(line).toBe(
    `The directory ${join(file, "data")} cannot be written to (ENOTDIR): set DATA_DIR to one that can.`,
  );
});

test("a second server on the same directory ends with one line, and the first goes on", async () => {
  const first = start({ AUTHKEY: "key" });
  const manager = new QueueManager({ address: await first.serving(), authkey: "key" });
  const files = readdirSync(directory);

  const line = await refusal({ AUTHKEY: "other" });

  expect(line).toBe(`Another server is using ${directory}: stop it, or set DATA_DIR to another directory.`);
  expect(readdirSync(directory)).toEqual(files);
  await manager.queue("q").put("item");
});

test("a second server is refused also when a cleaner has removed the socket of the first", async () => {
  await start({ AUTHKEY: "key" }).serving();
  rmSync(join(directory, "server.sock"));

  const line = await refusal({ AUTHKEY: "other" });

  expect(line).toBe(`Another server is using ${directory}: stop it, or set DATA_DIR to another directory.`);
});

test("the files in the directory are for its owner alone, and a directory that is not is reported", async () => {
  chmodSync(directory, 0o755);
  const program = start({ AUTHKEY: "key" });
  await new QueueManager({ address: await program.serving(), authkey: "key" }).queue("q").put("item");

  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });

  expect(names.some((name) => name.endsWith(".sqlite"))).toBe(true);
  expect(names.filter((name) => (statSync(join(directory, name)).mode & 0o077) !== 0)).toEqual([]);
  expect(program.output).toContain(
    `Warning: Other users of this machine may enter ${directory} (its mode is 0755): chmod 700 it.\n`,
  );
});

test("links that were planted in the directory are not followed", async () => {
  const victim = join(directory, "victim");
  mkdirSync(victim);
  for (const name of ["authkey.new", "client.env", "client.env.new", "reserve"]) {
    symlinkSync(join(victim, name), join(directory, name));
  }
  symlinkSync(victim, join(directory, "status"));

  await start({}).serving();

  expect(readdirSync(victim)).toEqual([]);
});

test("a server on the directory of one that was killed starts", async () => {
  const first = start({ AUTHKEY: "key" });
  await first.serving();
  first.signalGroup("SIGKILL");
  await first.ended;

  const second = start({ AUTHKEY: "key" });

  await second.serving();
});

test("a server whose starter was killed ends too", async () => {
  const first = start({ AUTHKEY: "key" });
  const address = await first.serving();
  first.signal("SIGKILL");
  await first.ended;

  await expect(new QueueManager({ address, authkey: "key", retrySeconds: 0 }).connect()).rejects.toThrow();
  await start({ AUTHKEY: "key" }).serving();
});

test("client.env is read alike by Node and by a shell, whatever the authkey", async () => {
  const authkey = '"a$b`c#d\\e;f&g"';
  const program = start({ AUTHKEY: authkey });
  await program.serving();
  const file = join(directory, "client.env");
  const print = "process.stdout.write(process.env.DURABLE_QUEUE_AUTHKEY)";

  const byNode = execFileSync(process.execPath, [`--env-file=${file}`, "-e", print], { encoding: "utf8" });
  const byShell = execFileSync("/bin/sh", ["-c", `. "${file}"; printf %s "$DURABLE_QUEUE_AUTHKEY"`], {
    encoding: "utf8",
  });

  expect([byNode, byShell]).toEqual([authkey, authkey]);
});

test("an empty authkey file is reported in one line, and not taken for a key", async () => {
  writeFileSync(join(directory, "authkey"), "");

  const line = await refusal({});

  expect(line).toBe(`${join(directory, "authkey")} is empty: delete it, and a new authkey is generated.`);
});
