/**
 * Makes a fixture: the files of a data directory as this build stores them, with queues in every stored state, and what
 * these queues show. `test/local/older-data.test.ts` opens each fixture with the build of its day. Run this before a
 * version of the tables is replaced by a newer one, and commit both files (`biome check --write test/fixtures` first):
 *
 *     node --conditions=durable-queue-source test/support/stored/make-fixture.ts test/fixtures/version-<version of the tables>
 *
 * The expectations do not depend on the date on which a fixture is opened: delays, leases and retention are over after
 * `ALL_OVER_MS`. They are recorded from a copy of the directory, by this build, when all is over; the fixture itself still
 * has the rows of before.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWorker } from "../../../src/local/build-worker.ts";
import { DataDirectory } from "../../../src/local/data-directory.ts";
import { Server } from "../../../src/local/server.ts";
import { packed } from "./archive.ts";
import { STORED_AUTHKEY } from "./call-queue.ts";
import { fillQueues, TRANSFERRING_QUEUE, transferUnderWay } from "./fill-queues.ts";
import { shownQueues } from "./shown.ts";

/** After this all leases, delays and retention of the fixture are over. */
const ALL_OVER_MS = 4_000;

/** A server that is killed stores a transfer that is under way in most tries. */
const TRIES = 20;

function serve(path: string): Promise<Server> {
  const place = { host: "127.0.0.1", port: 0, directory: new DataDirectory(path) };
  return Server.start({ ...place, authkey: STORED_AUTHKEY });
}

/** Moves what is in write-ahead logs into the databases, so that each database is one file. */
function checkpoint(directory: string): void {
  for (const folder of ["queue", "directory"]) {
    for (const name of readdirSync(join(directory, folder)).filter((file) => file.endsWith(".sqlite"))) {
      const database = new DatabaseSync(join(directory, folder, name));
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
    }
  }
}

/** How many messages of all queues are stored as on their way to another queue. */
function transferring(directory: string): number {
  let count = 0;
  for (const name of readdirSync(join(directory, "queue")).filter((file) => /^[0-9a-f]+\.sqlite$/.test(file))) {
    const database = new DatabaseSync(join(directory, "queue", name), { readOnly: true });
    const [table] = database.prepare("SELECT name FROM sqlite_master WHERE name = 'segments'").all();
    const [row] = table === undefined ? [] : database.prepare("SELECT sum(transferring) AS sum FROM segments").all();
    count += Number(row?.sum ?? 0);
    database.close();
  }
  return count;
}

/** Kills the server as a transfer begins, until a transfer is stored as under way. */
async function interruptTransfer(directory: string): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const server = await serve(directory);
    await transferUnderWay(server.address, `${TRANSFERRING_QUEUE}-${attempt}`);
    await server.kill();
    if (transferring(directory) > 0) return;
  }
  throw new Error(`No transfer was under way when the server was killed, in ${TRIES} tries: run this again.`);
}

async function make(target: string): Promise<void> {
  await buildWorker();
  const parent = mkdtempSync(join(tmpdir(), "durable-queue-fixture-"));
  const [stored, copy] = [join(parent, "stored"), join(parent, "copy")];
  const first = await serve(stored);
  await fillQueues(first.address);
  await first.stop();
  await interruptTransfer(stored);
  checkpoint(stored);
  const archive = packed(stored);
  cpSync(stored, copy, { recursive: true });
  await sleep(ALL_OVER_MS);
  const second = await serve(copy);
  await shownQueues(second.address);
  await sleep(ALL_OVER_MS);
  const shown = await shownQueues(second.address);
  await second.stop();
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "stored.json.gz"), archive);
  writeFileSync(join(target, "shown.json"), `${JSON.stringify(shown, null, 1)}\n`);
  rmSync(parent, { recursive: true });
  console.log(`${target}: ${Object.keys(shown).length} queues, ${archive.length} bytes.`);
}

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("Name the folder of the fixture, such as test/fixtures/version-3.");
await make(target);
