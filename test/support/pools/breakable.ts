/** Tasks that run in processes of their own, and some that end these. */
import { existsSync, writeFileSync } from "node:fs";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

export const breakable = defineTasks(
  "breakable",
  {
    square: task({ run: (n: number) => n * n }),
    /** The number of the process that ran it. */
    pid: task({ run: (_: number) => process.pid }),
    /** Kills its process with the number 7, unless the file exists. */
    killOnce: task({
      run: ([n, file]: [number, string]) => {
        if (n === 7 && !existsSync(file)) {
          writeFileSync(file, "");
          process.kill(process.pid, "SIGKILL");
        }
        return n;
      },
      retryDelaySeconds: 0,
    }),
    /** Waits until its time is over. */
    wait: task({
      run: (_: number, { signal }) =>
        new Promise<number>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      maxAttempts: 1,
    }),
    /** Ends its process with the number 7. */
    exit: task({
      run: (n: number) => {
        if (n === 7) process.exit(3);
        return n;
      },
      maxAttempts: 2,
      retryDelaySeconds: 0,
    }),
  },
  { module: import.meta.url },
);
