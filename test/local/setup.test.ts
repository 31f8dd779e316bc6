/** How a clone sets itself up: a copy of the script, beside a lock file, with an npm that only says what it was asked. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const SCRIPT = "src/local/setup.mjs";

/** Waits for the file "go" if there is a file "hold", then installs, or fails with NPM_STATUS. */
const NPM = `#!${process.execPath}
const { appendFileSync, copyFileSync, existsSync, mkdirSync } = require("node:fs");
const settings = Object.keys(process.env).filter((name) => /^npm_config_(workspace|dry_run|registry)$/.test(name));
appendFileSync("npm.log", [process.argv[2], ...settings].join(" ") + "\\n");
console.log("npm runs");
function work() {
  if (existsSync("hold") && !existsSync("go")) return setTimeout(work, 5);
  if (process.env.NPM_STATUS !== undefined) process.exit(Number(process.env.NPM_STATUS));
  mkdirSync("node_modules", { recursive: true });
  copyFileSync("installed.json", "node_modules/.package-lock.json");
}
work();
`;

const A = { version: "1.0.0", integrity: "sha512-a" };
const ELSEWHERE = { version: "1.0.0", integrity: "sha512-e", optional: true };
const B = { version: "1.0.0", integrity: "sha512-b" };
const INSTALLED = { "node_modules/a": A, "client/node_modules/b": B };
const LOCK_FILE = { "": { name: "clone" }, client: {}, ...INSTALLED, "node_modules/for-another-machine": ELSEWHERE };

let folder: string;
let clone: string;
const children: ChildProcess[] = [];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
}

/** Writes a file in npm's form that says which packages there are. */
function writePackages(path: string, packages: object): void {
  write(path, JSON.stringify({ packages }));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "durable-queue-setup-"));
  clone = join(folder, "clone");
  writePackages("package-lock.json", LOCK_FILE);
  writePackages("installed.json", INSTALLED);
  write(SCRIPT, readFileSync(join(ROOT, SCRIPT), "utf8"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/npm"), NPM, { mode: 0o755 });
});

afterEach(async () => {
  write("go", "");
  await Promise.all(children.splice(0).map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
  rmSync(folder, { recursive: true });
});

/** A first command in the clone. */
class FirstRun {
  output = "";
  readonly status: Promise<number>;
  readonly process: ChildProcess;

  constructor(environment: Record<string, string> = {}) {
    const env = { PATH: join(folder, "bin"), ...environment };
    this.process = spawn(process.execPath, [SCRIPT], { cwd: clone, env, stdio: ["ignore", "ignore", "pipe"] });
    children.push(this.process);
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    this.status = once(this.process, "close").then(([code]) => code as number);
  }

  async printed(text: string): Promise<void> {
    while (!this.output.includes(text)) await once(this.process.stderr as NonNullable<ChildProcess["stderr"]>, "data");
  }
}

/** The npm commands that were run in the clone. */
function npmCommands(): string[] {
  const log = join(clone, "npm.log");
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
}

function lockFiles(): string[] {
  return readdirSync(join(clone, "dist"));
}

/** The id of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

test("a fresh clone is set up with one npm ci, reported in one line, and not again", async () => {
  const first = new FirstRun();
  expect(await first.status).toBe(0);
  const second = new FirstRun();
  expect(await second.status).toBe(0);

  expect(first.output).toBe("Setting up node_modules with npm ci ...\nnpm runs\n");
  expect(second.output).toBe("");
  expect(npmCommands()).toEqual(["ci"]);
  expect(lockFiles()).toEqual([]);
});

for (const [what, packages] of [
  ["a package is missing", { "node_modules/a": A }],
  ["a package has another version", { ...INSTALLED, "node_modules/a": { ...A, version: "0.9.0" } }],
  ["a package is not in the lock file any more", { ...INSTALLED, "node_modules/c": A }],
] as const) {
  test(`it is set up again when ${what}`, async () => {
    writePackages("node_modules/.package-lock.json", packages);

    expect(await new FirstRun().status).toBe(0);

    expect(npmCommands()).toEqual(["ci"]);
  });
}

test("of two at once one runs npm ci and the other waits for it", async () => {
  write("hold", "");
  const first = new FirstRun();
  await first.printed("npm runs");
  const second = new FirstRun();
  await second.printed("Waiting for another npm ci in this folder ...");
  write("go", "");

  expect([await first.status, await second.status]).toEqual([0, 0]);
  expect(npmCommands()).toEqual(["ci"]);
});

test("a lock whose processes have died is taken over, by one of many", async () => {
  write(`dist/setup.lock/${deadProcess()}-aa`, "");
  write(`dist/setup.lock/${deadProcess()}-bb`, "");
  const runs = Array.from({ length: 6 }, () => new FirstRun());

  expect(await Promise.all(runs.map((run) => run.status))).toEqual(runs.map(() => 0));
  expect(npmCommands()).toEqual(["ci"]);
  expect(lockFiles()).toEqual([]);
});

test("a lock that is given back just after it could not be taken is tried again", async () => {
  const hook = `import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { renameSync } = fs;
    fs.renameSync = () => {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
      throw Object.assign(new Error("not empty"), { code: "ENOTEMPTY" });
    };
    syncBuiltinESMExports();`;

  const run = new FirstRun({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` });

  expect(await run.status, run.output).toBe(0);
  expect(npmCommands()).toEqual(["ci"]);
  expect(lockFiles()).toEqual([]);
});

test("a lock is held while npm runs on after the command that started it was killed", async () => {
  write("hold", "");
  const killed = new FirstRun();
  await killed.printed("npm runs");
  // npm's own name is written while it starts.
  while (readdirSync(join(clone, "dist/setup.lock")).length < 2) await new Promise(setImmediate);
  killed.process.kill("SIGKILL");
  const second = new FirstRun();
  await second.printed("Waiting for another npm ci in this folder ...");
  write("go", "");

  expect(await second.status).toBe(0);
  expect(npmCommands()).toEqual(["ci"]);
});

test("waiting for another npm ci ends with a sentence", async () => {
  write(`dist/setup.lock/${process.pid}-aa`, "");
  const run = new FirstRun({ SETUP_WAIT_SECONDS_MAX: "0" });

  expect(await run.status).toBe(1);
  expect(run.output).toContain(
    `Process ${process.pid} has been setting up this folder for 0 seconds: wait for it, or end it, and try again.\n`,
  );
  expect(npmCommands()).toEqual([]);
});

test("the exit status of npm is passed on, and the next set-up tries again", async () => {
  expect(await new FirstRun({ NPM_STATUS: "7" }).status).toBe(7);
  expect(lockFiles()).toEqual([]);

  expect(await new FirstRun().status).toBe(0);
  expect(npmCommands()).toEqual(["ci", "ci"]);
});

test("a machine without npm gets a sentence", async () => {
  const run = new FirstRun({ PATH: join(folder, "nothing") });

  expect(await run.status).toBe(1);
  expect(run.output).toContain("npm cannot be run (ENOENT): install it, as it comes with Node, and try again.\n");
  expect(lockFiles()).toEqual([]);
});

test("settings of the npm around it do not change the install", async () => {
  const run = new FirstRun({ npm_config_workspace: "a", npm_config_dry_run: "true", npm_config_registry: "r" });

  expect(await run.status).toBe(0);
  expect(npmCommands()).toEqual(["ci npm_config_registry"]);
});

test("every npm script sets the clone up first", () => {
  const manifest = readFileSync(join(ROOT, "package.json"), "utf8");
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  // By npm's rules this one runs before `npm pack`, and sets up by the script that it runs.
  const { prepack, ...others } = scripts;

  const bare = Object.keys(others).filter(
    (name) => others[name] !== others.setup && others[`pre${name}`] !== others.setup,
  );

  expect(others.setup).toBe(`node ${SCRIPT}`);
  expect(bare).toEqual([]);
  expect(prepack).toBe("npm run --silent build");
});
