import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { resolve } from "node:path";

/** The name of the socket that a running server holds open in its directory. */
export const LOCK_SOCKET = "server.sock";

/** The directory in which one server keeps its queues, and only one. */
export class DataDirectory {
  readonly path: string;

  /** Makes the directory. Throws with one clear sentence where it cannot be written to. */
  constructor(path: string) {
    this.path = resolve(path);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      writeFileSync(`${this.path}/.writable`, "");
      rmSync(`${this.path}/.writable`);
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? error.code : error;
      throw new Error(`The directory ${this.path} cannot be written to (${reason}): set DATA_DIR to one that can.`);
    }
  }

  /**
   * Throws if a server is using the directory; clears away what a killed one left.
   *
   * Two servers would be two owners of the same queues. A socket that answers is a living server: unlike a file with a
   * process id, it cannot be left behind by a crash or taken for another process. Windows has no such sockets in
   * workerd, so there nothing is checked.
   */
  async assertUnused(): Promise<void> {
    if (process.platform === "win32") return;
    const isAnswered = await new Promise<boolean>((settle) => {
      // Sockets have short paths at most, so the name is resolved from within the directory.
      const workingDirectory = process.cwd();
      process.chdir(this.path);
      const socket = connect(LOCK_SOCKET, () => settle(true));
      process.chdir(workingDirectory);
      socket.on("error", () => settle(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isAnswered)
      throw new Error(`Another server is using ${this.path}: stop it, or set DATA_DIR to another directory.`);
    rmSync(`${this.path}/${LOCK_SOCKET}`, { force: true });
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
    // Renamed into place: a crash leaves the old file or the new one, never half of one.
    const file = `${this.path}/${name}`;
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
