import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { connect } from "node:net";

/** The name of the socket that a running server holds open in its directory. */
export const LOCK_SOCKET = "server.sock";

/** O_EXLOCK of macOS and the BSDs, which Node does not name: flock(2) as part of open(2). */
const O_EXLOCK = 0x20;

/** The exit status of `flock` of util-linux and of BusyBox if another process has the lock. */
const FLOCK_HELD = 1;

/**
 * The outcome of a try to lock: the open directory that has the lock, "taken" by another process, or "unsupported" on
 * this machine.
 */
export type LockOutcome = { held: number } | "taken" | "unsupported";

/**
 * Locks a directory with flock(2), without waiting.
 *
 * The lock belongs to the open directory, and so to each process that inherits it. It ends when the last of them ends,
 * however that happens: unlike a process id in a file it cannot be left behind. And unlike a file in the directory it
 * cannot be deleted by a cleaner of temporary files.
 */
export async function tryLock(directory: string): Promise<LockOutcome> {
  if (process.platform === "win32") return "unsupported";
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  if (process.platform !== "linux") return lockWhileOpening(directory, flags);
  const held = openSync(directory, flags);
  const status = await flock(held);
  if (status === 0) return { held };
  closeSync(held);
  return status === FLOCK_HELD ? "taken" : "unsupported";
}

/** The exit status of `flock`; `undefined` if this machine has no such program. */
function flock(descriptor: number): Promise<number | null | undefined> {
  return new Promise((settle, fail) => {
    // Detached, so that Ctrl-C does not end it: that would look like a lock that is taken.
    const stdio = ["ignore" as const, "ignore" as const, "ignore" as const, descriptor];
    const process = spawn("flock", ["-n", "-x", "3"], { stdio, detached: true });
    process.once("exit", settle);
    process.once("error", (error) => (codeOf(error) === "ENOENT" ? settle(undefined) : fail(error)));
  });
}

function lockWhileOpening(directory: string, flags: number): LockOutcome {
  try {
    return { held: openSync(directory, flags | constants.O_NONBLOCK | O_EXLOCK) };
  } catch (error) {
    const code = codeOf(error);
    if (code === "EAGAIN") return "taken";
    if (code === "ENOTSUP" || code === "EOPNOTSUPP") return "unsupported";
    throw error;
  }
}

/** Whether a process listens on the socket of a directory, even if it is too busy to accept. */
export async function isSocketServed(directory: string): Promise<boolean> {
  return new Promise((settle) => {
    // Paths of sockets must be short, so the name is resolved from within the directory.
    const workingDirectory = process.cwd();
    process.chdir(directory);
    const socket = connect(LOCK_SOCKET, () => settle(true));
    process.chdir(workingDirectory);
    // EAGAIN is a server with a full backlog, EACCES one of another user: only these three mean that there is none.
    socket.on("error", (error) => settle(!["ENOENT", "ECONNREFUSED", "ENOTSOCK"].includes(codeOf(error))));
    socket.on("connect", () => socket.destroy());
  });
}

/** The code of an error of the operating system, as in "ENOENT"; "" for any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
