import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { PackageRegistry, standIn } from "../support/projects/package-registry.ts";
import { PackedPackage } from "../support/projects/packed-package.ts";
import { Program } from "../support/start-program.ts";

const ROOT = join(import.meta.dirname, "../..");
const INSTALLED = join(ROOT, "node_modules");
const PLATFORM = `${process.platform}-${process.arch}`;

/** The package with the program of workerd for this machine. */
const WORKERD = `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;

const run = promisify(execFile);

/** What the package.json of this repository, or of a template, says. */
export interface Manifest {
  name: string;
  version?: string;
  private?: boolean;
  description?: string;
  repository?: string | { url: string };
  engines: { node: string };
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  /** Of a template by the package whose dependencies they replace. */
  overrides?: Record<string, string | Record<string, string>>;
  cloudflare?: {
    label: string;
    products: string[];
    categories: string[];
    bindings: Record<string, { description: string }>;
  };
}

/** The folder of a template, in this repository. */
export function folderOf(template: string): string {
  return join(ROOT, "templates", template);
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** A template as its user has it: a copy of its folder, by itself. */
export class TemplateProject {
  readonly folder: string;
  readonly #home: string;
  readonly #template: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #commands: string[];

  constructor(template: string) {
    this.#template = template;
    this.#home = mkdtempSync(join(tmpdir(), `durable-queue-template-${template}-`));
    this.folder = join(this.#home, "project");
    const made = /[/\\](node_modules|\.data|\.wrangler|\.dev\.vars|package-lock\.json)$/;
    cpSync(folderOf(template), this.folder, { recursive: true, filter: (path) => !made.test(path) });
    const readme = readFileSync(join(this.folder, "README.md"), "utf8");
    this.#commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => (block as string).trim());
    this.#env = environmentOfUser(this.#home);
  }

  /** Runs `npm install` with a registry of this machine that has the packed package. */
  async installByNpm(): Promise<string> {
    const packed = new PackedPackage().install(join(this.#home, "packed"), []);
    const typescript = `@typescript/typescript-${PLATFORM}`;
    const own = Object.keys(manifestOf(ROOT).dependencies);
    const names = [...own, ...Object.keys(manifestOf(this.folder).devDependencies), "undici-types"];
    const registry = await PackageRegistry.serve([
      packed,
      ...names.map((name) => join(INSTALLED, name)),
      standIn(join(INSTALLED, WORKERD), "bin/workerd", join(this.#home, "workerd")),
      standIn(join(INSTALLED, typescript), "lib/tsc", join(this.#home, "tsc")),
    ]);
    this.#env.npm_config_registry = registry.address;
    try {
      return await this.run("npm install");
    } finally {
      registry.close();
    }
  }

  /** Unpacks the packed package, beside what else the template needs, as it is installed in this repository. */
  installBeside(): void {
    const others = [
      ...Object.keys(manifestOf(ROOT).dependencies),
      ...Object.keys(manifestOf(this.folder).devDependencies),
    ];
    new PackedPackage().install(this.folder, others);
    symlinkSync(join(INSTALLED, ".bin"), join(this.folder, "node_modules/.bin"));
  }

  /** The command of the README that is this, or else begins so. Throws if it has none, or several. */
  command(beginning: string): string {
    const whole = this.#commands.filter((each) => each === beginning);
    const begun = this.#commands.filter((each) => each.startsWith(beginning));
    const [command, ...others] = whole.length > 0 ? whole : begun;
    if (command === undefined || others.length > 0) {
      throw new Error(`templates/${this.#template}/README.md does not have one command that begins "${beginning}".`);
    }
    return command;
  }

  /** Runs a command as in a terminal. Returns what it prints; throws with that if it fails. */
  async run(command: string, variables: Record<string, string> = {}): Promise<string> {
    try {
      const env = { ...this.#env, ...variables };
      const { stdout, stderr } = await run("/bin/sh", ["-c", command], { cwd: this.folder, env });
      return stdout + stderr;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} fails:\n${stdout}${stderr}`);
    }
  }

  /** Starts a command as in a terminal of its own. `end` ends it. */
  start(command: string, variables: Record<string, string> = {}): Program {
    const place = { folder: this.folder, inherited: this.#env };
    return new Program("/bin/sh", ["-c", `exec ${command}`], variables, place);
  }

  /** Ends what was started and is running, and removes the project. */
  async remove(): Promise<void> {
    await Program.killAll();
    // Its runtime may write its last file after it was told to end.
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The environment of a terminal: what is here by the tests and by npm is not there. */
function environmentOfUser(home: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|DURABLE_QUEUE_|VITEST|TEST$|AUTHKEY)/i.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    npm_config_cache: join(home, "cache"),
    XDG_CONFIG_HOME: join(home, "config"),
    // Or wrangler asks hosts of Cloudflare where this machine is, and tells them what was run.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    NO_COLOR: "1",
  };
}
