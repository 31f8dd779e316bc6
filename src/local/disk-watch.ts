import { randomFillSync } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type DataDirectory, DISK_NEARLY_FULL, STATUS_FOLDER } from "./data-directory.ts";

/** How often the free space is read, in milliseconds. */
const DISK_POLL_MS = 250;

/** The file that reserves room for receives, acks and purges on a full disk. */
const RESERVE_FILE = "reserve";

const MIB = 1_048_576;

/** The bounds of a file system, in bytes. */
export interface DiskBounds {
  /** With less free, the disk is nearly full: the Worker refuses puts. */
  nearlyFull: number;
  /** With so much free, it no longer is. More than `nearlyFull`, so that the two do not alternate. */
  roomy: number;
  /** The size of the reserve file. */
  reserve: number;
  /** With less free, the reserve file is deleted. */
  release: number;
}

/** The room on a file system, in bytes. */
export interface DiskSpace {
  freeBytes: number;
  sizeBytes: number;
}

async function spaceOf(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}

/** The bounds of a file system of this size. */
export function diskBounds(sizeBytes: number): DiskBounds {
  const nearlyFull = Math.min(256 * MIB, Math.floor(sizeBytes / 4));
  return {
    nearlyFull,
    roomy: nearlyFull + Math.floor(nearlyFull / 8),
    reserve: Math.min(16 * MIB, Math.floor(sizeBytes / 8)),
    release: Math.min(4 * MIB, Math.floor(sizeBytes / 16)),
  };
}

/**
 * Watches the free space on the disk of a data directory. When it runs out, the Worker and the operator are told. When
 * hardly any is left, a reserve file is deleted, so that stored messages can still be received, acked and purged.
 */
export class DiskWatch {
  readonly #data: DataDirectory;
  readonly #directory: string;
  readonly #gone = new AbortController();
  readonly #report: (line: string) => void;
  readonly #space: (path: string) => Promise<DiskSpace>;
  #isNearlyFull = false;
  #timer: NodeJS.Timeout | undefined;
  #failure = "";
  #isStopped = false;

  /** @param space reads the space of the file system of a path; by default from the operating system */
  constructor(directory: DataDirectory, report: (line: string) => void, space = spaceOf) {
    this.#data = directory;
    this.#directory = directory.path;
    this.#report = report;
    this.#space = space;
  }

  /** Looks now, then every `DISK_POLL_MS` until `stop`. */
  async start(): Promise<void> {
    await this.look();
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.start(), DISK_POLL_MS).unref();
  }

  /** Ends the watch. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Aborted when the directory was removed, unmounted or replaced: what a server stores from then on is lost. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Looks once. A failure is reported once, and the next look tries again. */
  async look(): Promise<void> {
    try {
      if (this.#data.isGone) return this.#gone.abort();
      const { freeBytes, sizeBytes } = await this.#space(this.#directory);
      const bounds = diskBounds(sizeBytes);
      this.#tell(freeBytes, bounds);
      await this.#keepReserve(freeBytes, bounds);
      this.#failure = "";
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (failure !== this.#failure)
        this.#report(`disk: unknown: the disk of ${this.#directory} cannot be watched: ${failure}`);
      this.#failure = failure;
    }
  }

  #tell(freeBytes: number, { nearlyFull, roomy }: DiskBounds): void {
    const file = join(this.#directory, STATUS_FOLDER, DISK_NEARLY_FULL);
    const free = `${(freeBytes / MIB).toFixed(1)} MiB are free`;
    if (!this.#isNearlyFull && freeBytes < nearlyFull) {
      writeFileSync(file, "", { mode: 0o600 });
      this.#isNearlyFull = true;
      this.#report(
        `disk: nearly_full: the disk of ${this.#directory} is nearly full: ${free}. Puts are refused until there is room.`,
      );
    } else if (this.#isNearlyFull && freeBytes >= roomy) {
      rmSync(file, { force: true });
      this.#isNearlyFull = false;
      this.#report(`disk: roomy: the disk of ${this.#directory} has room again: ${free}.`);
    }
  }

  async #keepReserve(freeBytes: number, { nearlyFull, reserve, release }: DiskBounds): Promise<void> {
    const file = join(this.#directory, RESERVE_FILE);
    if (freeBytes < release) return rm(file, { force: true });
    // Not created if that would itself make the disk nearly full.
    if (freeBytes < nearlyFull + reserve) return;
    const kept = await stat(file).catch(() => undefined);
    if (kept?.size === reserve) return;
    await rm(file, { force: true });
    const made = await open(file, "wx", 0o600);
    try {
      // Random bytes: a file system that compresses would reserve no room for zeros.
      for (let left = reserve; left > 0; left -= MIB)
        await made.write(randomFillSync(Buffer.alloc(Math.min(left, MIB))));
    } finally {
      await made.close();
    }
  }
}
