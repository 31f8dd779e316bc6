/** Below this limit of open files the operator is warned. */
export const DESCRIPTORS_FEW = 4_096;

/** What a server without queues and connections has open. */
const DESCRIPTORS_IDLE = 30;

/** What a queue has open that was used within the last seconds: its database, the log of that, and their index. */
const DESCRIPTORS_PER_QUEUE = 3;

/** What a connection has open. */
const DESCRIPTORS_PER_CONNECTION = 2;

/** How many files a process may have open at most: the hard limit. `Infinity` where there is none. */
export function descriptorLimit(): number {
  // The one place in which Node tells it.
  const report = process.report.getReport() as { userLimits?: { open_files?: { hard?: number | "unlimited" } } };
  const hard = report.userLimits?.open_files?.hard;
  return typeof hard === "number" ? hard : Number.POSITIVE_INFINITY;
}

/** What a low limit means, in one sentence; `undefined` where the limit is not low. */
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
