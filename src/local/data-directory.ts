import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, isSocketServed, LOCK_SOCKET, tryLock } from "./directory-lock.ts";

/** The folder of the data directory in which the Worker finds what it cannot know by itself. */
export const STATUS_FOLDER = "status";

/** The file in `STATUS_FOLDER` that is there while the disk is nearly full. */
export const DISK_NEARLY_FULL = "disk-nearly-full";

/** How long the end of an earlier server is waited for. One whose starter was killed is killed within milliseconds. */
const LOCK_WAIT_MS = 2_000;

const LOCK_RETRY_MS = 50;

/** The directory in which one server keeps its queues, and only one. */
export class DataDirectory {
  readonly path: string;
  /** The open file that has the lock, where this machine has locks. */
  #lock: number | undefined;
  #holders = 0;

  /** Makes the directory. Throws with one clear sentence where it cannot be written to. */
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

  /** What the operator should know of the directory, one sentence each. */
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
   * Keeps other processes off the directory until `release`, which is to be called as often as this.
   *
   * Two servers would be two owners of the same queues. Waits a moment for one that is ending; throws with one sentence
   * if it does not end.
   */
  async hold(): Promise<void> {
    if (this.#holders === 0) {
      await this.#until(async () => {
        const outcome = await tryLock(this.path);
        this.#lock = typeof outcome === "string" ? undefined : outcome.held;
        return outcome !== "taken";
      });
      this.#makeStatusFolder();
    }
    this.#holders += 1;
  }

  /** Lets other processes have the directory, once all who hold it have called this. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0 || this.#lock === undefined) return;
    closeSync(this.#lock);
    this.#lock = undefined;
  }

  /** The open directory that has the lock, where there are locks: a process that inherits it holds the directory too. */
  get lock(): number | undefined {
    return this.#lock;
  }

  /**
   * Throws with one sentence if a server is using the directory, and does not end in a moment; clears away what a
   * killed one left. It is found by its socket, so it may be a child of this process, or there may be no locks. Windows
   * has no such sockets in workerd, so there nothing is noticed.
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
    // A link that was planted would have files made and deleted elsewhere.
    if (lstatSync(status, { throwIfNoEntry: false })?.isDirectory() !== true) rmSync(status, { force: true });
    mkdirSync(status, { recursive: true, mode: 0o700 });
    rmSync(join(status, DISK_NEARLY_FULL), { force: true });
  }

  /** The authkey that was generated for this directory; made on first use. */
  authkey(): { authkey: string; isNew: boolean } {
    const file = `${this.path}/authkey`;
    if (existsSync(file)) {
      const authkey = readFileSync(file, "utf8").trim();
      if (authkey === "") throw new Error(`${file} is empty: delete it, and a new authkey is made.`);
      return { authkey, isNew: false };
    }
    const authkey = randomBytes(32).toString("base64url");
    this.#writeSecret("authkey", `${authkey}\n`);
    return { authkey, isNew: true };
  }

  /** Leaves the address and the authkey where the examples find them, in a form that Node and shells read alike. */
  writeClientEnvironment(address: string, authkey: string): void {
    this.#writeSecret("client.env", `DURABLE_QUEUE_ADDRESS='${address}'\nDURABLE_QUEUE_AUTHKEY='${authkey}'\n`);
  }

  #writeSecret(name: string, text: string): void {
    // Renamed into place: a crash leaves the old file or the new one, never half of one. Made under a name that
    // nobody can foresee: a link that was planted there would be followed.
    const file = `${this.path}/${name}`;
    const fresh = `${file}.${randomBytes(8).toString("hex")}`;
    writeFileSync(fresh, text, { flag: "wx", mode: 0o600 });
    renameSync(fresh, file);
  }
}
