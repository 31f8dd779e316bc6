/** What only whole processes show: signals, closed pipes, terminals, start and end. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { environmentFor } from "./in-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLI = join(ROOT, "dist/worker-client/cli/index.js");
const PROGRAM = [process.execPath, "--conditions=durable-queue-source", CLI];
const run = promisify(execFile);

const server = new TestServer();
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "durable-queue-cli-"));
  await server.start();
});
afterAll(async () => {
  await server.remove();
  rmSync(home, { recursive: true });
});

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ...environmentFor(server), HOME: home, NO_COLOR: "1" };
}

/** A process of the command line, with what it has printed. */
class Cli {
  output = "";
  errors = "";
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  #heard: () => void = () => undefined;
  #isOver = false;

  constructor(args: string[], env = environment(), folder = home, program: readonly string[] = PROGRAM) {
    const [first = "", ...rest] = program;
    this.process = spawn(first, [...rest, ...args], { env, cwd: folder });
    this.process.stdout?.on("data", (chunk: Buffer) => {
      this.output += chunk;
      this.#heard();
    });
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.errors += chunk;
      this.#heard();
    });
    this.ended = once(this.process, "close").then(([code]) => {
      this.#isOver = true;
      this.#heard();
      return code as number | null;
    });
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended: ${this.output}${this.errors}`);
      await new Promise<void>((settle) => {
        this.#heard = settle;
      });
    }
  }
}

/** Runs a line in a shell, in which `dq` is the program. */
async function shell(line: string) {
  const program = PROGRAM.map((word) => `'${word}'`).join(" ");
  const script = `dq() { ${program} "$@"; }\n${line}`;
  return run("/bin/bash", ["-c", script], { env: environment(), cwd: home, maxBuffer: 64 * 1024 * 1024 });
}

/**
 * A command on a terminal of 80 columns: what it prints is all that the terminal was sent, and then its status. Ctrl-C
 * reaches the shell too, which some shells survive only with a trap.
 */
function onTerminal(line: string): Cli {
  const program = PROGRAM.map((word) => `'${word}'`).join(" ");
  const script = `trap : INT; stty cols 80 rows 24; ${program} ${line}; echo status $?`;
  return new Cli([], { ...environment(), SHELL: "/bin/sh" }, home, ["script", "-qec", script, "/dev/null"]);
}

describe("Ctrl-C", () => {
  test("ends a waiting get with status 130, and nothing that comes later is taken", async () => {
    // Over HTTP, so that the only connection is that of the command.
    const queue = server.manager({ transport: "http" }).queue(freshName());
    await queue.configure({});
    const cli = new Cli(["get", queue.name]);
    for (let connected = 0; connected === 0; ) ({ connected } = await queue.describe());
    cli.process.kill("SIGINT");

    expect(await cli.ended).toBe(130);
    expect([cli.output, cli.errors]).toEqual(["", ""]);
    await queue.put(1);
    expect(await queue.get()).toBe(1);
  });

  test.each(["tail", "top"])("ends %s with status 130 and without an error", async (command) => {
    const queue = server.manager().queue(freshName());
    const cli = new Cli([command, queue.name, "--interval-seconds", "0.2"]);
    // What is there when tail begins is not new.
    while (cli.output === "") await queue.put(1);
    cli.process.kill("SIGINT");

    expect(await cli.ended).toBe(130);
    expect(cli.errors).toBe("");
  });

  test("on a terminal gives the screen of top back", async () => {
    const queue = server.manager().queue(freshName());
    await queue.put(1);
    const cli = onTerminal(`top ${queue.name}`);
    await cli.printed(new RegExp(`${queue.name} +1 `));
    cli.process.stdin?.write("\u0003");
    await cli.printed(/status 130/);

    expect(cli.output).toContain("\u001b[?1049h");
    expect(cli.output.lastIndexOf("\u001b[?1049l")).toBeGreaterThan(cli.output.lastIndexOf(queue.name));
    cli.process.stdin?.end();
    await cli.ended;
  });
});

describe("a question", () => {
  test("is asked before something is removed, and Ctrl-C in it changes nothing", async () => {
    const queue = server.manager().queue(freshName());
    await queue.put(1);
    const cli = onTerminal(`queues rm ${queue.name}`);
    await cli.printed(/Remove the queue \S+ with 1 message\? \[y\/N\]/);
    cli.process.stdin?.write("\u0003");
    await cli.printed(/status 130/);
    cli.process.stdin?.end();
    await cli.ended;

    expect(await queue.qsize()).toBe(1);
  });
});

describe("a pipe", () => {
  test("whose reader ends first ends the command quietly", async () => {
    const queue = server.manager().queue(freshName());
    await queue.putMany(Array.from({ length: 1_000 }, () => "x".repeat(1_000)));

    const { stdout, stderr } = await shell(`dq messages ls ${queue.name} | head -1; echo "\${PIPESTATUS[0]}"`);

    expect(stderr).toBe("");
    expect(stdout.split("\n").slice(1)).toEqual(["0", ""]);
  });

  test("gets all of a large result, and JSON that a program can read", async () => {
    const queue = server.manager().queue(freshName());
    const text = "x".repeat(1_000_000);
    await queue.put(text);

    const { stdout } = await shell(`dq get ${queue.name} | cat`);

    expect(JSON.parse(stdout)).toBe(text);
  });

  test("or file that cannot be written keeps a message from being removed", async () => {
    const queue = server.manager().queue(freshName());
    await queue.configure({ leaseSeconds: 1, retryDelaySeconds: 0 });
    await queue.put(1);

    const { stdout, stderr } = await shell(`dq get ${queue.name} > /dev/full || echo "status $?"`);

    expect([stdout, stderr]).toEqual([
      "status 1\n",
      expect.stringMatching(/^Error: Standard output cannot be written: /),
    ]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(await queue.get()).toBe(1);
  });

  test("never has warnings in it, and secrets are in no message", async () => {
    const { stdout } = await shell(
      `mkdir -p .config/durable-queue
       echo '{"p":{"address":"${server.address}","authkey":"the-authkey-of-the-tests"}}' > .config/durable-queue/profiles.json
       chmod 644 .config/durable-queue/profiles.json
       dq doctor --profile p 2> warnings; cat warnings >&2`,
    );
    for (const line of stdout.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("check");
    expect(readFileSync(join(home, "warnings"), "utf8")).toMatch(/^Warning: Other users of this machine may read/);
    expect(stdout).not.toContain("the-authkey-of-the-tests");
  });
});

test("a terminal gets a table that fits it", async () => {
  const queue = server.manager().queue(freshName());
  await queue.put("x".repeat(300));
  const cli = onTerminal(`messages ls ${queue.name}`);
  await cli.printed(/status 0/);
  cli.process.stdin?.end();
  const lines = cli.output.split("\r\n");

  expect(lines[0]).toMatch(/^ID +STATE +TRIES +PUT +BODY$/);
  expect(lines[1]).toHaveLength(80);
  expect(lines[1]?.endsWith("…")).toBe(true);
});

test("bash completes commands and names of queues with the script that is printed", async () => {
  const queue = server.manager().queue(freshName());
  await queue.put(1);
  const { stdout } = await shell(`
    durable-queue() { dq "$@"; }
    eval "$(dq completion bash)"
    COMP_WORDS=(durable-queue queues desc); COMP_CWORD=2; _durable_queue; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(durable-queue get ${queue.name}); COMP_CWORD=2; _durable_queue; echo "\${COMPREPLY[@]}" | tr ' ' '\\n' | grep -x ${queue.name}`);

  expect(stdout).toBe(`describe\n${queue.name}\n`);
});

describe("dev and serve", () => {
  test("dev serves until Ctrl-C, and commands in its folder find it without being told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "durable-queue-dev-"));
    const bare = Object.fromEntries(
      Object.entries(environment()).filter(([name]) => !/^(DURABLE_QUEUE_|AUTHKEY|PORT$|HOST$|DATA_DIR)/.test(name)),
    );
    const dev = new Cli(["dev", "--port", "0"], bare, folder);
    const [, address = ""] = await dev.printed(
      /durable-queue serves (\S+) [\s\S]*authkey: \S+ [\s\S]*Ctrl-C stops it\./,
    );

    const put = new Cli(["put", "emails", "1"], bare, folder);
    expect([await put.ended, put.errors]).toEqual([0, ""]);
    const doctor = new Cli(["doctor"], bare, folder);
    expect(await doctor.ended).toBe(0);
    expect(doctor.output).toContain(`${address}, from ${join(folder, ".data/client.env")}`);
    dev.process.kill("SIGINT");
    expect(await dev.ended).toBe(0);
    expect(dev.output).toContain("Stopped. Everything that was acknowledged is stored.");
    rmSync(folder, { recursive: true });
  });

  test("serve makes no key, and ends in order with status 0 when a service manager ends it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "durable-queue-serve-"));
    const { AUTHKEY: _, ...bare } = environment();
    const keyless = new Cli(["serve", "--port", "0"], { ...bare, AUTHKEYS: "[]" }, folder);
    expect(await keyless.ended).toBe(2);
    expect(keyless.errors).toBe(
      "Error: serve needs a key: set AUTHKEY, or AUTHKEYS to what durable-queue keys new prints. durable-queue dev makes one.\n",
    );

    const { stdout } = await shell("dq keys new --name owner --scopes read,put");
    const { key, authkeys } = JSON.parse(stdout) as { key: string; authkeys: string };
    const serve = new Cli(["serve", "--port", "0", "--authkeys", authkeys], bare, folder);
    const [, address = ""] = await serve.printed(/durable-queue serves (\S+) [\s\S]*Ctrl-C stops it\./);
    const withKey = { ...bare, DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: key };
    const put = new Cli(["put", "q", "1"], withKey);
    expect(await put.ended).toBe(0);
    const purge = new Cli(["queues", "purge", "q", "--yes", "--json"], withKey);
    expect(await purge.ended).toBe(1);
    expect(JSON.parse(purge.errors)).toMatchObject({ error: { code: "forbidden" } });
    serve.process.kill("SIGTERM");
    expect(await serve.ended).toBe(0);
    rmSync(folder, { recursive: true });
  });
});

test("without the package workerd, dev says how to install it, and other commands need it not", async () => {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      if (name !== "workerd") return next(name, context);
      throw Object.assign(new Error("Cannot find module 'workerd'"), { code: "MODULE_NOT_FOUND" });
    } });`;
  const [node = "", ...rest] = PROGRAM;
  const program = [node, "--import", `data:text/javascript,${encodeURIComponent(hook)}`, ...rest];
  const dev = new Cli(["dev", "--json"], environment(), home, program);
  const list = new Cli(["queues", "ls"], environment(), home, program);

  expect(await dev.ended).toBe(1);
  expect(JSON.parse(dev.errors)).toEqual({
    error: {
      code: "no_workerd",
      message:
        "A server runs on workerd, which is not installed: npm install workerd, in the folder of your package.json.",
    },
  });
  expect(await list.ended).toBe(0);
});
