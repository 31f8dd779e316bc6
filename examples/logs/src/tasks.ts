import { defineTasks, task } from "durable-queue/tasks";
import { summaryOf } from "./parse-file.ts";

/** What processes here and workers elsewhere do. They are given a path, and send numbers back: no content goes through the queue. */
export const tasks = defineTasks(
  "logs",
  {
    summarize: task({
      timeoutSeconds: 3_600,
      run: (path: string, { signal, progress }) => summaryOf(path, signal, (bytes) => progress({ path, bytes })),
    }),
  },
  { module: import.meta.url },
);
