// Runs `npm ci` if node_modules differs from package-lock.json. The npm scripts begin with it, on a fresh clone and with
// any version of Node, so it is plain JavaScript without dependencies.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

/** The lock: a folder with one file, `<process id>-<random>`, for each process that works under it. */
const LOCK = join(ROOT, "dist/setup.lock");

/** How long another process's `npm ci` is awaited: `SETUP_WAIT_SECONDS_MAX`, in seconds. After that the set-up fails. */
const WAIT_MS_MAX = Number(process.env.SETUP_WAIT_SECONDS_MAX ?? 600) * 1_000;

const POLL_MS = 200;

/** Independent of npm's settings: every package of the lock file is needed, and npm's errors are shown. */
const NPM_CI = ["ci", "--include=dev", "--include=optional", "--loglevel=error", "--no-audit", "--no-fund"];

/** Settings that the npm which runs this script passes down, and with which `npm ci` would install something else. */
const MISLEADING =
  /^npm_config_(workspaces?|include_workspace_root|global|location|prefix|local_prefix|dry_run|ignore_scripts|omit|only|production|json|package_lock|package_lock_only)$/i;

/** An error whose message is a sentence for the user. */
class SetupError extends Error {}

/** @param {string} file */
function packagesOf(file) {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8")).packages;
}

/**
 * Whether every package of package-lock.json is installed in its version, except optional ones, which depend on the
 * machine. npm removes node_modules/.package-lock.json first and writes it last.
 */
function isSetUp() {
  try {
    const wanted = packagesOf("package-lock.json");
    const installed = packagesOf("node_modules/.package-lock.json");
    return (
      Object.keys(wanted).every(
        (path) => path in installed || !path.includes("node_modules/") || wanted[path].optional === true,
      ) &&
      Object.keys(installed).every(
        (path) =>
          wanted[path]?.version === installed[path].version && wanted[path].integrity === installed[path].integrity,
      )
    );
  } catch {
    // A file is missing, or is not a lock file.
    return false;
  }
}

/** @param {string} name a file of the lock */
function isAlive(name) {
  try {
    process.kill(Number.parseInt(name, 10), 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but it exists.
    return error.code === "EPERM";
  }
}

/** @param {number} pid */
function nameOf(pid) {
  return `${pid}-${randomBytes(6).toString("hex")}`;
}

function holders() {
  try {
    return readdirSync(LOCK);
  } catch {
    return [];
  }
}

/**
 * Takes the lock if no living process has it. Returns whether it did.
 *
 * A folder is renamed onto an empty one, or onto nothing, but never onto one that has a file. So the lock has its
 * owner's name from the first moment, and of several processes that find a dead owner exactly one takes it over. Names
 * are never used again, so a process that removes a dead owner's name late removes no other.
 */
function tryLock() {
  const names = holders();
  if (names.some(isAlive)) return false;
  for (const name of names) rmSync(join(LOCK, name), { force: true });
  const own = nameOf(process.pid);
  const prepared = `${LOCK}.${own}`;
  try {
    mkdirSync(prepared, { recursive: true });
    writeFileSync(join(prepared, own), "");
    // Windows does not even rename onto an empty folder.
    if (process.platform === "win32") removeEmpty(LOCK);
    renameSync(prepared, LOCK);
    return true;
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    // Another process had it, and may have given it back by now. On Windows that is EPERM, which has other causes too.
    if (error.code === "ENOTEMPTY" || error.code === "EEXIST") return false;
    if (error.code === "EPERM" && holders().length > 0) return false;
    throw new SetupError(`The lock ${LOCK} cannot be taken (${error.code ?? error}).`);
  }
}

function unlock() {
  for (const name of holders()) rmSync(join(LOCK, name), { force: true });
  removeEmpty(LOCK);
}

/** @param {string} folder */
function removeEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // It does not exist, or the next process has it by now.
  }
}

/** Waits for the lock. Returns false, without it, if another process has installed everything meanwhile. */
async function lock() {
  for (let waitedMs = 0; !tryLock(); waitedMs += POLL_MS) {
    if (isSetUp()) return false;
    if (waitedMs === 0) console.error("Waiting for another npm ci in this folder ...");
    if (waitedMs >= WAIT_MS_MAX) {
      const pid = Number.parseInt(holders().find(isAlive) ?? "", 10);
      throw new SetupError(
        `Process ${pid} has been setting up this folder for ${WAIT_MS_MAX / 1_000} seconds: wait for it, or end it, and try again.`,
      );
    }
    await sleep(POLL_MS);
  }
  if (!isSetUp()) return true;
  unlock();
  return false;
}

/** The environment in which `npm ci` does the same as when it is run alone. */
function environment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (MISLEADING.test(name)) delete env[name];
    // Without the Node in node_modules, which npm ci removes.
    if (/^path$/i.test(name))
      env[name] = env[name]
        ?.split(delimiter)
        .filter((folder) => !resolve(folder).startsWith(ROOT))
        .join(delimiter);
  }
  return env;
}

/** Runs `npm ci`. Returns its exit status, 128 and more if a signal ended it. */
async function install() {
  // Standard output belongs to the command that is set up.
  const options = { cwd: ROOT, env: environment(), stdio: ["ignore", 2, 2], shell: process.platform === "win32" };
  const npm = spawn("npm", NPM_CI, options);
  // npm may outlive this process, and then holds the lock.
  if (npm.pid !== undefined) writeFileSync(join(LOCK, nameOf(npm.pid)), "");
  try {
    const [code, signal] = await once(npm, "close");
    return code ?? 128 + constants.signals[signal];
  } catch (error) {
    throw new SetupError(
      `npm cannot be run (${error.code ?? error}): install it, as it comes with Node, and try again.`,
    );
  }
}

async function main() {
  if (isSetUp()) return 0;
  if (!(await lock())) return 0;
  try {
    console.error("Setting up node_modules with npm ci ...");
    return await install();
  } finally {
    unlock();
  }
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  },
);
