/** `npm start`: serves the queues on this machine, their state on disk, until Ctrl-C. */
import { buildWorker } from "./build-worker.ts";
import { DataDirectory } from "./data-directory.ts";
import { Server } from "./server.ts";

// From the first moment: a signal that is not handled would end this process and leave the server behind.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());

async function main(): Promise<void> {
  const { PORT = "8787", HOST = "127.0.0.1", AUTHKEY, DATA_DIR = ".data" } = process.env;
  const port = Number(PORT);
  if (!/^[0-9]+$/.test(PORT) || port > 65_535) throw new Error(`PORT is "${PORT}": it must be 0 to 65535.`);
  if (AUTHKEY !== undefined && !/^[\x21-\x26\x28-\x7e]+$/.test(AUTHKEY)) {
    throw new Error("AUTHKEY must be visible ASCII characters without spaces and ', and not empty.");
  }
  const directory = new DataDirectory(DATA_DIR);
  await directory.assertUnused();
  const { authkey, isNew } = AUTHKEY === undefined ? directory.authkey() : { authkey: AUTHKEY, isNew: false };
  await buildWorker();
  const server = await Server.start({ host: HOST.replace(/^\[(.*)\]$/, "$1"), port, authkey, directory });
  directory.writeClientEnvironment(server.address, authkey);

  console.log(`durable-queue serves ${server.address} and keeps its queues in ${directory.path}`);
  if (isNew) console.log(`authkey: ${authkey} (generated, not shown again)`);
  if (AUTHKEY === undefined) console.log(`The authkey is kept in ${directory.path}/authkey.`);
  console.log("Ctrl-C stops it.");

  if (stopping.signal.aborted) void server.stop();
  stopping.signal.addEventListener("abort", () => void server.stop());
  const ending = await server.ended;
  if (stopping.signal.aborted) console.log("Stopped. Everything that was acknowledged is stored.");
  else throw new Error(`The server ended (${ending}). Everything that was acknowledged is stored; start it again.`);
}

main().catch((error: unknown) => {
  // The signal may have reached, and ended, what was being waited for.
  if (stopping.signal.aborted) return;
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
