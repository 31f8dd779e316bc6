/** The Dockerfile: its steps outside of Docker, in a folder that stands for the image's root. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { QueueManager } from "../../worker-client/src/index.ts";
import { blocks } from "../support/code-blocks.ts";
import { eventually } from "../support/eventually.ts";
import { commandOf, environmentOfImage, textsOf } from "./dockerfile.ts";
import { Machine } from "./machine.ts";

const MANIFEST = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  version: string;
  devDependencies: Record<string, string>;
};

/** Runs a program as the first process of a namespace of processes, as a container does. */
const AS_FIRST = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] as const;

/** Whether this machine and this user may make such a namespace. */
function canBeFirst(): boolean {
  try {
    execFileSync(AS_FIRST[0], [...AS_FIRST.slice(1), "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("the Dockerfile", () => {
  test("names the versions of this package and of its workerd", () => {
    const [install = ""] = textsOf("RUN");

    expect(textsOf("FROM")).toEqual(["node:24-slim"]);
    expect(textsOf("ARG")).toEqual([`PACKAGE=durable-queue@${MANIFEST.version}`]);
    expect(install).toContain(` workerd@${MANIFEST.devDependencies.workerd}`);
  });

  test("has its state in its volume, listens on its port for all, and is not root", () => {
    const { HOST, PORT, DATA_DIR } = environmentOfImage();

    expect(HOST).toBe("0.0.0.0");
    expect([textsOf("VOLUME"), textsOf("EXPOSE")]).toEqual([[DATA_DIR], [PORT]]);
    expect(textsOf("RUN")[1]).toContain(`--uid ${textsOf("USER")[0]} --home-dir ${DATA_DIR} `);
    expect(textsOf("RUN")[2]).toContain(`--mode=0700 ${DATA_DIR}`);
  });

  test("is run with a named volume, its port on loopback, an init process and a bounded log", () => {
    const { PORT, DATA_DIR } = environmentOfImage();
    const [{ code = "" } = {}] = blocks.filter((block) => block.code.startsWith("docker build"));

    for (const flag of [`--volume durable-queue:${DATA_DIR}`, `--publish 127.0.0.1:${PORT}:${PORT}`, "--init"]) {
      expect(code).toContain(` ${flag} `);
    }
    expect(code).toMatch(/ --restart unless-stopped .* --log-opt max-size=10m --log-opt max-file=3 /);
  });
});

describe("its steps", { timeout: 120_000 }, () => {
  let machine: Machine;
  let server: ChildProcess | undefined;

  beforeAll(async () => {
    machine = await Machine.make();
  }, 300_000);

  afterAll(async () => {
    server?.kill("SIGKILL");
    await machine.remove();
  }, 60_000);

  /** The variables of the image on this machine. */
  function environment(): NodeJS.ProcessEnv {
    const { PATH: _, ...own } = environmentOfImage();
    const placed = Object.entries(own).map(([name, value]) => [name, machine.placed(value)]);
    return { ...machine.environment, ...Object.fromEntries(placed), HOST: "127.0.0.1" };
  }

  async function statusOfHealthcheck(): Promise<number | null> {
    const [command = "", ...args] = commandOf("HEALTHCHECK");
    const [status] = (await once(spawn(command, args, { env: environment() }), "exit")) as [number | null];
    return status;
  }

  test("install the package, and nothing is healthy yet", async () => {
    const [argument = ""] = textsOf("ARG");
    const [install = ""] = textsOf("RUN");
    const { status } = await machine.run(install, { PACKAGE: argument.slice("PACKAGE=".length) });

    expect(status).toBe(0);
    expect(await statusOfHealthcheck()).toBe(1);
  });

  test.skipIf(!canBeFirst())("serve as the first process, and end in order on SIGTERM", async () => {
    const program = machine.path("/opt/durable-queue/node_modules/.bin/durable-queue");
    expect(commandOf("ENTRYPOINT")).toEqual(["durable-queue"]);
    const [command, ...args] = [...AS_FIRST, program, ...commandOf("CMD")] as [string, ...string[]];
    server = spawn(command, args, { env: { ...environment(), AUTHKEY: "key" }, cwd: machine.root });
    // Its end, and that of what it has printed.
    const exit = once(server, "close");
    let output = "";
    server.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await new QueueManager({ address: machine.address, authkey: "key" }).queue("q").put("stored");
    await eventually(async () => expect(await statusOfHealthcheck()).toBe(0));

    const first = execFileSync("ps", ["-o", "pid=", "--ppid", String(server.pid)], { encoding: "utf8" });
    process.kill(Number(first), textsOf("STOPSIGNAL")[0] as NodeJS.Signals);

    expect(await exit).toEqual([0, null]);
    expect(output).toMatch(/Stopped\. Everything that was acknowledged is stored\.\n$/);
    expect(await statusOfHealthcheck()).toBe(1);
  });
});
