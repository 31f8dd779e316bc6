import type { Said } from "../support/workers/worker-program.ts";

/** One run of a handler. */
interface Run {
  worker: string;
  name: string;
  id: string;
  attempt: number;
  beganAt: number;
  /** When it ended: by itself, or because its process was killed. Infinity while it goes on. */
  endedAt: number;
  /** Whether its worker was told that it has lost the lease. */
  wasTold: boolean;
}

/** What is left of the queue when everything has come to rest. */
export interface Rest {
  /** By the ids of the messages. */
  dead: ReadonlyMap<string, { name: string; attempts: number }>;
  /** Messages that are neither done nor dead. */
  unfinished: number;
  /** Whether some workers were over HTTP, where a delivery counts although it may never arrive. */
  isAnyOverHttp: boolean;
}

/** Everything that was put and handled, and whether it was as it must be. */
export class EverydayHistory {
  readonly #acknowledged = new Map<string, string>();
  readonly #tried = new Set<string>();
  readonly #runs: Run[] = [];
  readonly #open = new Map<string, Run>();

  /** A put is on its way: whether it is applied is not known before it is answered. */
  trying(name: string): void {
    this.#tried.add(name);
  }

  acknowledged(name: string, id: string): void {
    this.#acknowledged.set(id, name);
  }

  /** @param worker names the process: one that is started anew is another */
  said(worker: string, said: Said): void {
    if (said.what === "begin") {
      const { name, id, attempt, at } = said;
      const run: Run = { worker, name, id, attempt, beganAt: at, endedAt: Number.POSITIVE_INFINITY, wasTold: false };
      this.#runs.push(run);
      this.#open.set(`${worker}/${id}`, run);
      return;
    }
    if (said.what === "end" || said.what === "lost") {
      const run = this.#open.get(`${worker}/${said.id}`);
      if (run === undefined) return;
      if (said.what === "end") run.endedAt = said.at;
      else run.wasTold = true;
    }
    if (said.what === "error" && said.code === "lease_lost") {
      for (const run of this.#runs) if (run.worker === worker && run.name === said.name) run.wasTold = true;
    }
  }

  /** The process has ended, and with it all that it was doing. */
  ended(worker: string, at: number): void {
    for (const run of this.#runs) {
      if (run.worker === worker && run.endedAt === Number.POSITIVE_INFINITY) run.endedAt = at;
    }
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  get runs(): number {
    return this.#runs.length;
  }

  /** How many runs were told that they have lost their lease. */
  get told(): number {
    return this.#runs.filter(({ wasTold }) => wasTold).length;
  }

  /**
   * What must not be, in sentences; none if all is well.
   *
   * @param mayDie whether the handler of a task fails so often that its message may die
   */
  faults({ dead, unfinished, isAnyOverHttp }: Rest, mayDie: (name: string) => boolean): string[] {
    const faults: string[] = [];
    const byId = new Map<string, Run[]>();
    for (const run of this.#runs) byId.set(run.id, [...(byId.get(run.id) ?? []), run]);
    if (unfinished > 0) faults.push(`${unfinished} messages are neither done nor dead.`);
    for (const [id, name] of this.#acknowledged) {
      const runs = byId.get(id) ?? [];
      if (!dead.has(id) && runs.length === 0) faults.push(`${name} was acknowledged, and never handled.`);
      if (mayDie(name) && !dead.has(id)) faults.push(`${name} always fails, and is not dead.`);
    }
    for (const [id, { name, attempts }] of dead) {
      const runs = byId.get(id) ?? [];
      if (!mayDie(name)) faults.push(`${name} is dead after ${attempts} attempts, though its handler can succeed.`);
      if (!isAnyOverHttp && attempts > runs.length)
        faults.push(`${name} has ${attempts} attempts, and was begun ${runs.length} times.`);
    }
    for (const { name } of this.#runs) if (!this.#tried.has(name)) faults.push(`${name} was never put.`);
    for (const runs of byId.values()) faults.push(...overlaps(runs));
    return faults;
  }
}

/** Runs of one message at the same time, of which the first was not told that it has lost its lease. */
function overlaps(runs: readonly Run[]): string[] {
  const faults: string[] = [];
  const inOrder = [...runs].sort((a, b) => a.beganAt - b.beganAt);
  for (const [index, run] of inOrder.entries()) {
    for (const later of inOrder.slice(index + 1)) {
      if (later.beganAt >= run.endedAt || run.wasTold) continue;
      const attempts = `attempts ${run.attempt} (${run.worker}) and ${later.attempt} (${later.worker})`;
      faults.push(`${run.name} was handled by two at once, ${attempts}, and the first was not told.`);
    }
  }
  return faults;
}
