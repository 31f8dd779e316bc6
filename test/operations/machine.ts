import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { blocks } from "../support/code-blocks.ts";
import { PackageRegistry, standIn } from "../support/projects/package-registry.ts";
import { PackedPackage } from "../support/projects/packed-package.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const INSTALLED = join(REPOSITORY, "node_modules");

/** The package with the program of workerd for this machine. */
const WORKERD = `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;

/** Folders of a machine that this one has in its own root. */
const OWN_PATHS = /(?<![\w.-])\/(?=(?:opt|etc|usr\/local|var)\/)/g;

/** The blocks of commands of docs/operations.md. */
const COMMANDS = blocks
  .filter(({ file, language }) => file === "docs/operations.md" && language === "sh")
  .map(({ code }) => code);

/** What a command printed, and how it ended. */
export interface Ended {
  status: number | null;
  output: string;
  errors: string;
}

/**
 * A folder that stands for the root of a machine, on which the commands of docs/operations.md run as they are printed,
 * except for the root and the port. npm asks a registry of this process; systemctl, journalctl and useradd are stand-ins.
 */
export class Machine {
  readonly root = mkdtempSync(join(tmpdir(), "durable-queue-machine-"));
  readonly address: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #registry: PackageRegistry;
  readonly #port: number;
  readonly #shown = new Set<string>();

  private constructor(registry: PackageRegistry, port: number) {
    this.#registry = registry;
    this.#port = port;
    this.address = `http://127.0.0.1:${port}`;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(npm_|NODE_|DURABLE_QUEUE_|VITEST|AUTHKEY)/i.test(name),
    );
    this.environment = {
      ...Object.fromEntries(inherited),
      MACHINE_ROOT: this.root,
      HOME: this.root,
      PATH: [this.path("/bin"), this.path("/usr/local/bin"), dirname(process.execPath), process.env.PATH].join(
        delimiter,
      ),
      DURABLE_QUEUE_ADDRESS: this.address,
      DURABLE_QUEUE_RETRY_SECONDS: "30",
      npm_config_registry: registry.address,
      npm_config_cache: this.path("/cache"),
    };
    for (const folder of ["bin", "opt", "etc/systemd/system", "usr/local/bin", "var/lib"]) {
      mkdirSync(this.path(`/${folder}`), { recursive: true });
    }
    this.#program("systemctl", `exec "${process.execPath}" "${join(import.meta.dirname, "systemctl.ts")}" "$@"`);
    this.#program("journalctl", `cat "${this.path("/var/log/durable-queue.log")}"`);
    this.#program("useradd", `echo "$@" >> "${this.path("/users")}"`);
  }

  /** A machine with nothing installed. */
  static async make(): Promise<Machine> {
    const packed = new PackedPackage();
    const folder = mkdtempSync(join(tmpdir(), "durable-queue-served-"));
    try {
      const own = packed.install(folder, []);
      const { dependencies } = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as { dependencies: object };
      const others = [...Object.keys(dependencies), "workerd"].map((name) => join(INSTALLED, name));
      const workerd = standIn(join(INSTALLED, WORKERD), "bin/workerd", join(folder, "workerd"));
      return new Machine(await PackageRegistry.serve([own, ...others, workerd]), await freePort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async remove(): Promise<void> {
    if (existsSync(this.path("/run/durable-queue.pid"))) await this.run("systemctl stop durable-queue");
    this.#registry.close();
    rmSync(this.root, { recursive: true });
  }

  /** A path of the machine, where it is on this one. */
  path(path: string): string {
    return join(this.root, path);
  }

  /** A text of the page or of a file, with the paths and the port of this machine. */
  placed(text: string): string {
    return text
      .replaceAll(OWN_PATHS, `${this.root}/`)
      .replaceAll("/usr/bin/node", process.execPath)
      .replaceAll("8787", String(this.#port));
  }

  /** The only block of commands of docs/operations.md with this text in it. */
  block(part: string): string {
    const found = COMMANDS.filter((code) => code.includes(part));
    const [code = ""] = found;
    if (found.length !== 1) throw new Error(`${found.length} blocks have ${part}`);
    this.#shown.add(code);
    return this.placed(code);
  }

  /** The blocks of commands that were not asked for. */
  get otherBlocks(): string[] {
    return COMMANDS.filter((code) => !this.#shown.has(code));
  }

  /** Runs commands in a shell that ends at the first one that fails. */
  async run(commands: string, environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = spawn("/bin/sh", ["-ec", this.placed(commands)], {
      cwd: this.root,
      env: { ...this.environment, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { output: "", errors: "" };
    child.stdout.on("data", (chunk: Buffer) => (texts.output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (texts.errors += chunk.toString()));
    const [status] = (await once(child, "close")) as [number | null];
    return { status, ...texts };
  }

  /** Installs the package, and the unit with the paths of this machine. */
  async install(): Promise<Ended> {
    const installed = await this.run(this.block("npm install --prefix /opt/durable-queue durable-queue workerd"));
    const unit = this.path("/opt/durable-queue/node_modules/durable-queue/examples/service/durable-queue.service");
    if (existsSync(unit)) writeFileSync(unit, this.placed(readFileSync(unit, "utf8")));
    return installed;
  }

  /** Writes the file of settings as the page shows it. */
  configure(authkeys: string): void {
    const [shown] = blocks.filter(({ code }) => code.startsWith("HOST=127.0.0.1\n"));
    const text = this.placed(shown?.code ?? "").replace(/^AUTHKEYS=.*$/m, () => `AUTHKEYS=${authkeys}`);
    mkdirSync(this.path("/etc/durable-queue"), { recursive: true });
    writeFileSync(this.path("/etc/durable-queue/serve.env"), text, { mode: 0o600 });
  }

  get log(): string {
    return readFileSync(this.path("/var/log/durable-queue.log"), "utf8");
  }

  /** The processes of the server: of workerd, not of the program that keeps it. */
  serverProcesses(): number[] {
    const all = execFileSync("ps", ["-axo", "pid=,args="], { encoding: "utf8" }).trim().split("\n");
    const own = all.filter(
      (line) => line.includes(this.root) && / serve .*workerd\.capnp/.test(line) && !/sh -c/.test(line),
    );
    return own.map((line) => Number.parseInt(line, 10));
  }

  #program(name: string, script: string): void {
    writeFileSync(this.path(`/bin/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(this.path(`/bin/${name}`), 0o755);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}
