/** Below this limit of open files the operator is warned. */
export const DESCRIPTORS_FEW = 4_096;

/** Files that a server without queues and connections has open. */
const DESCRIPTORS_IDLE = 30;

/** Files that a queue in use has open: its database, the log of that, and their index. */
const DESCRIPTORS_PER_QUEUE = 3;

/** Files that a connection has open. */
const DESCRIPTORS_PER_CONNECTION = 2;

/** The hard limit of open files of a process; `Infinity` if there is none. */
export function descriptorLimit(): number {
  // Node has it nowhere else.
  const report = process.report.getReport() as { userLimits?: { open_files?: { hard?: number | "unlimited" } } };
  const hard = report.userLimits?.open_files?.hard;
  return typeof hard === "number" ? hard : Number.POSITIVE_INFINITY;
}

/** A warning about a low limit, in one sentence; `undefined` if the limit is not low. */
export function descriptorWarning(limit: number): string | undefined {
  if (limit >= DESCRIPTORS_FEW) return undefined;
  const free = Math.max(0, limit - DESCRIPTORS_IDLE);
  const queues = Math.floor(free / DESCRIPTORS_PER_QUEUE);
  const connections = Math.floor(free / DESCRIPTORS_PER_CONNECTION);
  return (
    `The hard limit of open files is ${limit} (ulimit -Hn): about ${queues} queues in use or ${connections} ` +
    `connections at the same time, beyond which the server ends and is started again. Raise it to 65536.`
  );
}
