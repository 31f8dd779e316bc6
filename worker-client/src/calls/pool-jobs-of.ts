import { CHUNK_HEADER, TASK_HEADER } from "../../../src/contract/limits.ts";
import { UnknownMessage } from "../base/errors.ts";
import type { PoolJobs, PutChunk } from "../pools/pool-jobs.ts";
import type { TaskRegistry } from "../tasks/registry.ts";
import { type MessageOptions, PutMessages } from "../transport/put-messages.ts";
import { putRulesOf } from "./put-options.ts";
import type { Queue } from "./queue.ts";

/** For how long it is tried to cancel a job while the server cannot be reached, in seconds. */
const CANCEL_SECONDS = 5;

/** What pools need of a queue. */
export function poolJobsOf(queue: Queue, registry: TaskRegistry | undefined): PoolJobs {
  /** Of the last chunk: neighbours are mostly alike. */
  let last: { task: string; count: number; options: MessageOptions } | undefined;
  const optionsOf = ({ task, count }: PutChunk): MessageOptions => {
    if (last === undefined || last.task !== task || last.count !== count) {
      const rules = registry?.tasks[task]?.rules ?? {};
      const headers = { [TASK_HEADER]: task, [CHUNK_HEADER]: String(count) };
      last = { task, count, options: { ...putRulesOf(rules), headers } };
    }
    return last.options;
  };
  return {
    queue: queue.name,
    put(chunks, key, signal) {
      const contents = chunks.map(({ content }) => content);
      return queue.putMessages(new PutMessages(contents, chunks.map(optionsOf)), { idempotencyKey: key, signal });
    },
    watch: (id, listener) => queue.watchJob(id, listener),
    ended: (message, result) => queue.chunkEnded(message, result),
    async hasBegun(id) {
      try {
        const { state } = await queue.status(id);
        return state !== "waiting" && state !== "delayed";
      } catch (error) {
        if (error instanceof UnknownMessage) return true;
        throw error;
      }
    },
    cancel: (id) => queue.job(id, undefined).cancel({ retrySeconds: CANCEL_SECONDS }),
  };
}
