import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QueueManager } from "../../worker-client/src/index.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A started server program: what it prints, and how it ends. */
class Program {
  static readonly all: Program[] = [];
  output = "";
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;

  constructor(command: string, args: string[], environment: Record<string, string>) {
    const { AUTHKEY: _, ...inherited } = process.env;
    // In a group of processes of its own, as from a terminal: Ctrl-C reaches all of it.
    this.#process = spawn(command, args, { cwd: ROOT, env: { ...inherited, ...environment }, detached: true });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.ended = once(this.#process, "close").then(([code]) => code as number | null);
    Program.all.push(this);
  }

  /** `npm start` without its set-up. */
  static start(environment: Record<string, string>): Program {
    return new Program(process.execPath, ["src/local/start.ts"], { PORT: "0", DATA_DIR: directory, ...environment });
  }

  /** Waits until it serves, and answers with its address. */
  async serving(): Promise<string> {
    let isOver = false;
    void this.ended.then(() => {
      isOver = true;
    });
    while (!this.output.includes("Ctrl-C stops it.")) {
      if (isOver) throw new Error(`It ended: ${this.output}`);
      await once(this.#process.stdout as NodeJS.EventEmitter, "data");
    }
    return /durable-queue serves (\S+)/.exec(this.output)?.[1] as string;
  }

  signalGroup(signal: NodeJS.Signals): void {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) process.kill(-(this.#process.pid as number), signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-queue-start-"));
});

afterEach(async () => {
  for (const program of Program.all.splice(0)) {
    program.signalGroup("SIGKILL");
    await program.ended;
  }
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

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} ends the server with status 0, and the next one on its directory has its queues`, async () => {
    const first = Program.start({ AUTHKEY: "key" });
    await new QueueManager({ address: await first.serving(), authkey: "key" }).queue("q").put("item");
    first.signal(signal);

    expect(await first.ended).toBe(0);
    const second = Program.start({ AUTHKEY: "key" });
    const queue = new QueueManager({ address: await second.serving(), authkey: "key" }).queue("q");
    expect(await queue.getNowait()).toBe("item");
  });
}

test("Ctrl-C while the server starts ends it cleanly, and leaves nothing running", async () => {
  const program = Program.start({});
  while (!existsSync(join(directory, "authkey"))) await sleep(10);
  program.signalGroup("SIGINT");

  expect(await program.ended).toBe(0);
  expect(program.output).not.toMatch(/error|fail/i);
  await Program.start({}).serving();
});

test("a server that is stopped while somebody waits ends all the same", async () => {
  const program = Program.start({ AUTHKEY: "key" });
  const manager = new QueueManager({ address: await program.serving(), authkey: "key", retrySeconds: 0 });
  const queue = manager.queue("q");
  await queue.configure({});

  const waiting = queue.get();
  await queue.describe();
  program.signal("SIGINT");

  await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
  expect(await program.ended).toBe(0);
});

test("without an AUTHKEY one is generated, told once, and kept where only its owner reads it", async () => {
  const first = Program.start({});
  await first.serving();
  const authkey = /authkey: (\S+)/.exec(first.output)?.[1] as string;
  first.signal("SIGINT");
  await first.ended;
  const second = Program.start({});
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

test("an AUTHKEY that is given is what is asked for, and is not written to the terminal", async () => {
  const program = Program.start({ AUTHKEY: "opensesame" });
  const address = await program.serving();

  await new QueueManager({ address, authkey: "opensesame" }).connect();

  await expect(new QueueManager({ address, authkey: "guess" }).connect()).rejects.toMatchObject({
    name: "Unauthorized",
  });
  expect(program.output).not.toContain("opensesame");
});

test("HOST is what it listens on", async () => {
  const program = Program.start({ AUTHKEY: "key", HOST: "localhost" });

  expect(await program.serving()).toMatch(/^http:\/\/localhost:\d+$/);
});

/** What the program said instead of serving: it must be one clear line, and status 1. */
async function refusal(environment: Record<string, string>): Promise<string> {
  const program = Program.start(environment);
  expect(await program.ended).toBe(1);
  expect(program.output.trimEnd().split("\n")).toHaveLength(1);
  return program.output.trimEnd();
}

test("a taken port is told in one line", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };

  const line = await refusal({ AUTHKEY: "key", PORT: String(port) });
  other.close();

  expect(line).toBe(`Port ${port} of 127.0.0.1 is taken: stop what listens there, or set PORT to another.`);
});

test("a directory that cannot be written to is told in one line", async () => {
  const file = join(directory, "file");
  writeFileSync(file, "");

  const line = await refusal({ AUTHKEY: "key", DATA_DIR: join(file, "data") });

  expect(line).toBe(
    `The directory ${join(file, "data")} cannot be written to (ENOTDIR): set DATA_DIR to one that can.`,
  );
});

test("a second server on the same directory is told in one line, and the first goes on", async () => {
  const first = Program.start({ AUTHKEY: "key" });
  const manager = new QueueManager({ address: await first.serving(), authkey: "key" });
  const files = readdirSync(directory);

  const line = await refusal({ AUTHKEY: "other" });

  expect(line).toBe(`Another server is using ${directory}: stop it, or set DATA_DIR to another directory.`);
  expect(readdirSync(directory)).toEqual(files);
  await manager.queue("q").put("item");
});

test("a server on the directory of one that was killed starts", async () => {
  const first = Program.start({ AUTHKEY: "key" });
  await first.serving();
  first.signalGroup("SIGKILL");
  await first.ended;

  const second = Program.start({ AUTHKEY: "key" });

  await second.serving();
});

test("a server whose starter was killed ends too", async () => {
  const first = Program.start({ AUTHKEY: "key" });
  const address = await first.serving();
  first.signal("SIGKILL");
  await first.ended;

  await expect(new QueueManager({ address, authkey: "key", retrySeconds: 0 }).connect()).rejects.toThrow();
  await Program.start({ AUTHKEY: "key" }).serving();
});

test("client.env is read alike by Node and by a shell, whatever the authkey", async () => {
  const authkey = '"a$b`c#d\\e;f&g"';
  const program = Program.start({ AUTHKEY: authkey });
  await program.serving();
  const file = join(directory, "client.env");
  const print = "process.stdout.write(process.env.DURABLE_QUEUE_AUTHKEY)";

  const byNode = execFileSync(process.execPath, [`--env-file=${file}`, "-e", print], { encoding: "utf8" });
  const byShell = execFileSync("/bin/sh", ["-c", `. "${file}"; printf %s "$DURABLE_QUEUE_AUTHKEY"`], {
    encoding: "utf8",
  });

  expect([byNode, byShell]).toEqual([authkey, authkey]);
});

test("an authkey file that is empty is told in one line, and not taken for a key", async () => {
  writeFileSync(join(directory, "authkey"), "");

  const line = await refusal({});

  expect(line).toBe(`${join(directory, "authkey")} is empty: delete it, and a new authkey is made.`);
});

for (const port of ["eighty", "-1", "65536", "80.5", ""]) {
  test(`PORT=${port} is told in one line`, async () => {
    expect(await refusal({ AUTHKEY: "key", PORT: port })).toBe(`PORT is "${port}": it must be 0 to 65535.`);
  });
}

for (const authkey of ["", "two words", "schlüssel", "quo'te"]) {
  test(`AUTHKEY=${authkey} is told in one line`, async () => {
    expect(await refusal({ AUTHKEY: authkey })).toBe(
      "AUTHKEY must be visible ASCII characters without spaces and ', and not empty.",
    );
  });
}
