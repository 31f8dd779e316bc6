import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, isSocketServed, LOCK_SOCKET, tryLock } from "./directory-lock.ts";

/** The folder of the data directory in which the Worker reads the state of the host. */
export const STATUS_FOLDER = "status";

/** The file in `STATUS_FOLDER` that exists while the disk is nearly full. */
export const DISK_NEARLY_FULL = "disk-nearly-full";

/** How long the end of an earlier server is awaited, in milliseconds. After a kill of its starter it ends within a few. */
const LOCK_WAIT_MS = 2_000;

const LOCK_RETRY_MS = 50;

/** The directory in which one server, and only one, keeps its queues. */
export class DataDirectory {
  readonly path: string;
  /** The open directory that has the lock; undefined if this machine has no locks. */
  #lock: number | undefined;
  #holders = 0;
  /** The device and the number of the directory that is held; undefined before. */
  #identity: string | undefined;

  /**
   * Creates the directory.
   *
   * @throws {Error} with a sentence for the operator, if it cannot be written to
   */
  constructor(path: string) {
    this.path = resolve(path);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      const probe = join(this.path, `.writable-${randomBytes(8).toString("hex")}`);
      writeFileSync(probe, "", { flag: "wx", mode: 0o600 });
      rmSync(probe);
    } catch (error) {
      const reason = codeOf(error) || error;
      throw new Error(`The directory ${this.path} cannot be written to (${reason}): set DATA_DIR to one that can.`);
    }
  }

  /** Warnings about the directory for the operator, one sentence each. */
  warnings(): string[] {
    if (process.platform === "win32") return [];
    const warnings: string[] = [];
    const mode = statSync(this.path).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      const octal = mode.toString(8).padStart(4, "0");
      warnings.push(`Other users of this machine may enter ${this.path} (its mode is ${octal}): chmod 700 it.`);
    }
    if (this.#holders > 0 && this.#lock === undefined) {
      warnings.push(`There is no flock here: a second server on ${this.path} is noticed by ${LOCK_SOCKET} alone.`);
    }
    return warnings;
  }

  /**
   * Locks the directory against other processes until `release` was called as often as this.
   *
   * Two servers would be two owners of the same queues. Waits up to `LOCK_WAIT_MS` for a server that is ending.
   *
   * @throws {Error} with a sentence for the operator, if it does not end
   */
  async hold(): Promise<void> {
    if (this.#holders === 0) {
      await this.#until(async () => {
        const outcome = await tryLock(this.path);
        this.#lock = typeof outcome === "string" ? undefined : outcome.held;
        return outcome !== "taken";
      });
      this.#makeStatusFolder();
      this.#identity = identityOf(statSync(this.path));
    }
    this.#holders += 1;
  }

  /** Unlocks the directory when it was called as often as `hold`. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0 || this.#lock === undefined) return;
    closeSync(this.#lock);
    this.#lock = undefined;
  }

  /** The open directory that has the lock, if there are locks: a process that inherits it holds the lock too. */
  get lock(): number | undefined {
    return this.#lock;
  }

  /**
   * Whether the directory was removed, unmounted or replaced since `hold`: the files that a server has open are then in no
   * directory that another server finds. A directory that cannot be looked at counts as there.
   */
  get isGone(): boolean {
    // The open directory is looked at anew too: some file systems give other numbers after a while.
    const held = this.#lock === undefined ? this.#identity : identityOf(fstatSync(this.#lock));
    return held !== undefined && identityOf(statSync(this.path, { throwIfNoEntry: false })) !== held;
  }

  /**
   * Makes sure that no server is using the directory, and removes the socket that a killed one left. A server is found by
   * its socket, so this works without locks, and finds a child of this process. On Windows workerd has no such sockets,
   * so no server is found.
   *
   * @throws {Error} with a sentence for the operator, if a server does not end within `LOCK_WAIT_MS`
   */
  async assertUnused(): Promise<void> {
    if (process.platform === "win32") return;
    await this.#until(async () => !(await isSocketServed(this.path)));
    rmSync(join(this.path, LOCK_SOCKET), { force: true });
  }

  async #until(isFree: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + LOCK_WAIT_MS;
    while (!(await isFree())) {
      if (performance.now() >= deadline) {
        throw new Error(`Another server is using ${this.path}: stop it, or set DATA_DIR to another directory.`);
      }
      await sleep(LOCK_RETRY_MS);
    }
  }

  #makeStatusFolder(): void {
    const status = join(this.path, STATUS_FOLDER);
    // Through a planted link files would be created and deleted elsewhere.
    if (lstatSync(status, { throwIfNoEntry: false })?.isDirectory() !== true) rmSync(status, { force: true });
    mkdirSync(status, { recursive: true, mode: 0o700 });
    rmSync(join(status, DISK_NEARLY_FULL), { force: true });
  }

  /**
   * The authkey that was generated for this directory; undefined if none was.
   *
   * @throws {Error} with a sentence for the operator, if its file is empty
   */
  storedAuthkey(): string | undefined {
    const file = `${this.path}/authkey`;
    if (!existsSync(file)) return undefined;
    const authkey = readFileSync(file, "utf8").trim();
    if (authkey === "") throw new Error(`${file} is empty: delete it, and a new authkey is generated.`);
    return authkey;
  }

  /** Generates the authkey of this directory. */
  newAuthkey(): string {
    const authkey = randomBytes(32).toString("base64url");
    this.#writeSecret("authkey", `${authkey}\n`);
    return authkey;
  }

  /**
   * Writes what clients need to client.env for the examples, in a form that Node and shells read alike.
   *
   * @param authkey undefined where the server has only the hashes of keys
   */
  writeClientEnvironment(address: string, authkey: string | undefined): void {
    const key = authkey === undefined ? "" : `DURABLE_QUEUE_AUTHKEY='${authkey}'\n`;
    this.#writeSecret("client.env", `DURABLE_QUEUE_ADDRESS='${address}'\n${key}`);
  }

  #writeSecret(name: string, text: string): void {
    // Renamed into place: a crash leaves the old file or the new one, never half of one. Created under a random name: a
    // link planted at a known name would be followed.
    const file = `${this.path}/${name}`;
    const fresh = `${file}.${randomBytes(8).toString("hex")}`;
    writeFileSync(fresh, text, { flag: "wx", mode: 0o600 });
    renameSync(fresh, file);
  }
}

/** What tells a directory from another one at the same path: "" if there is none, undefined if that is not known. */
function identityOf(stats: Stats | undefined): string | undefined {
  if (process.platform === "win32") return undefined;
  return stats === undefined ? "" : `${stats.dev}-${stats.ino}`;
}
