import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export const tasks = defineTasks(
  "isolated",
  {
    square: task({ run: (n: number) => n * n }),
    block: task({
      run: (ms: number) => {
        block(ms);
        return process.pid;
      },
    }),
    kill: task({ run: () => process.kill(process.pid, "SIGKILL"), maxAttempts: 2, retryDelaySeconds: 0 }),
    exit: task({ run: () => process.exit(3), maxAttempts: 2, retryDelaySeconds: 0 }),
  },
  { module: import.meta.url },
);
