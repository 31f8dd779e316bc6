import type { Worker, WorkerEvents } from "../../../worker-client/src/index.ts";

const NAMES = ["started", "completed", "failed", "retrying", "dead", "lost", "crashed", "error"] as const;

/** An event that a worker has told, with the item of its message. */
export type Told = { name: (typeof NAMES)[number]; item: unknown } & Partial<
  Omit<WorkerEvents["completed"] & WorkerEvents["dead"] & WorkerEvents["lost"], "message">
>;

/** All that a worker tells from now on. */
export function toldBy(worker: Pick<Worker, "on">): Told[] {
  const told: Told[] = [];
  for (const name of NAMES) {
    worker.on(name, (event) => {
      const { message, ...fields } = event as Partial<WorkerEvents["completed"]>;
      told.push({ name, item: message?.item, ...fields });
    });
  }
  return told;
}

/** The names of events, in their order; those about one item, if it is given. */
export function namesOf(told: readonly Told[], item?: unknown): string[] {
  return told.filter((each) => item === undefined || each.item === item).map(({ name }) => name);
}
