/** What is done about a disk that runs full. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { DiskWatch, diskBounds } from "../../src/local/disk-watch.ts";
import { QueueManager } from "../../worker-client/src/index.ts";
import { Program } from "../support/start-program.ts";

const MIB = 1_048_576;

let directory: string;
let reserve: string;
let nearlyFull: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-queue-disk-"));
  reserve = join(directory, "reserve");
  nearlyFull = join(directory, "status/disk-nearly-full");
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A watch over a disk of 1 GiB that has so many MiB free, and what it reports. */
async function watchOf(disk: { freeMib: number }): Promise<{ watch: DiskWatch; reports: string[] }> {
  const data = new DataDirectory(directory);
  await data.hold();
  data.release();
  const reports: string[] = [];
  const space = async () => ({ freeBytes: disk.freeMib * MIB, sizeBytes: 1_024 * MIB });
  return { watch: new DiskWatch(data, (line) => reports.push(line), space), reports };
}

test("a nearly full disk is reported once, shown to the Worker while it is, and reported once when it is over", async () => {
  const disk = { freeMib: 256 };
  const { watch, reports } = await watchOf(disk);
  const shown: boolean[] = [];

  for (disk.freeMib of [256, 255, 254, 256, 287, 288, 300]) {
    await watch.look();
    shown.push(existsSync(nearlyFull));
  }

  expect(shown).toEqual([false, true, true, true, true, false, false]);
  expect(reports).toEqual([
    `disk: nearly_full: the disk of ${directory} is nearly full: 255.0 MiB are free. Puts are refused until there is room.`,
    `disk: roomy: the disk of ${directory} has room again: 288.0 MiB are free.`,
  ]);
});

test("a reserve is kept while there is room, deleted when hardly any is left, and created again later", async () => {
  const disk = { freeMib: 1_000 };
  const { watch } = await watchOf(disk);
  const kept: boolean[] = [];

  for (disk.freeMib of [1_000, 4, 3.9, 20, 271, 272]) {
    await watch.look();
    kept.push(existsSync(reserve));
  }

  expect(kept).toEqual([true, true, false, false, false, true]);
  expect(statSync(reserve)).toMatchObject({ size: 16 * MIB });
});

test("a small disk has bounds in proportion, a large one fixed ones", () => {
  expect(diskBounds(16 * MIB)).toEqual({ nearlyFull: 4 * MIB, roomy: 4.5 * MIB, reserve: 2 * MIB, release: MIB });
  expect(diskBounds(1e12)).toEqual(diskBounds(2e12));
});

test("a failure of the watch is reported once", async () => {
  const { watch, reports } = await watchOf({ freeMib: 1 });
  rmSync(join(directory, "status"), { recursive: true });

  await watch.look();
  await watch.look();

  expect(reports).toEqual([expect.stringMatching(/^disk: unknown: the disk of \S+ cannot be watched: ENOENT/)]);
});

/** Mounts a file system of its own on the directory, where the system lets this process do so. */
function mount(path: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "none", path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const probe = mkdtempSync(join(tmpdir(), "durable-queue-mount-"));
const canMount = mount(probe);
if (canMount) execFileSync("umount", [probe]);
rmSync(probe, { recursive: true });

test.skipIf(!canMount)("npm start tells of a disk that fills up, and of its room (skipped without root)", async () => {
  mount(directory);
  try {
    const program = Program.start({ DATA_DIR: directory, AUTHKEY: "key" });
    await program.serving();
    const { bavail, bsize } = statfsSync(directory);
    writeFileSync(join(directory, "filling"), Buffer.alloc(bavail * bsize - MIB / 2));
    // The watch may look while the file is still being written, so that any figure below its bound is right.
    await program.printed(/is nearly full: [0-3]\.\d MiB are free/);
    expect(existsSync(nearlyFull)).toBe(true);
    rmSync(join(directory, "filling"));
    await program.printed(/has room again/);
    expect(existsSync(nearlyFull)).toBe(false);
  } finally {
    await Program.killAll();
    execFileSync("umount", ["-l", directory]);
  }
});

test.each([
  ["removed", () => rmSync(directory, { recursive: true })],
  ["replaced", () => renameSync(directory, `${directory}.before`)],
])("a server whose directory is %s while it serves stops taking messages, and says why", async (_, remove) => {
  const program = Program.start({ DATA_DIR: directory, AUTHKEY: "key" });
  const queue = new QueueManager({ address: await program.serving(), authkey: "key", retrySeconds: 0 }).queue("q");
  await queue.put("stored");
  onTestFinished(() => rmSync(`${directory}.before`, { recursive: true, force: true }));

  remove();
  mkdirSync(directory, { mode: 0o700 });

  expect(await program.ended).toBe(1);
  expect(program.output).toContain(
    `disk: gone: the directory ${directory} was removed, unmounted or replaced while the server used it. `,
  );
  expect(program.output).not.toContain("Everything that was acknowledged is stored.");
  await expect(queue.put("lost")).rejects.toMatchObject({ code: "unavailable" });
});
