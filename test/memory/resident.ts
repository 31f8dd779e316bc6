import { readFileSync } from "node:fs";

const SAMPLE_MS = 100;
const KIB_PER_MIB = 1_024;

/** The resident memory of a process in MiB; undefined when it has ended. */
function residentMib(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) / KIB_PER_MIB;
  } catch {
    return undefined;
  }
}

/** Looks ten times a second at the resident memory of a process. */
export class ResidentMemory {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  /** The highest that was seen. */
  peakMib = 0;

  /**
   * @param limitMib the most that the machine can spare
   * @param exceeded called once when the process has more
   */
  constructor(pid: number, limitMib: number, exceeded: () => void) {
    this.#pid = pid;
    let isExceeded = false;
    this.#timer = setInterval(() => {
      this.peakMib = Math.max(this.peakMib, this.nowMib ?? 0);
      if (this.peakMib <= limitMib || isExceeded) return;
      isExceeded = true;
      exceeded();
    }, SAMPLE_MS);
  }

  get nowMib(): number | undefined {
    return residentMib(this.#pid);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
