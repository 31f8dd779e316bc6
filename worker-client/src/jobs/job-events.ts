import type { JobReply } from "../../../src/api/types.ts";
import { hasEnded } from "../base/job-ends.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { type JobEvent, statusOf } from "./job-status.ts";
import { watcherOf } from "./job-watcher.ts";

/**
 * What happens to a job, from what it is now to its end. A reader that is slower than its progress gets the last
 * progress alone.
 */
export async function* eventsOf<Result>(id: string, calls: QueueCalls): AsyncGenerator<JobEvent<Result>> {
  const views: JobReply[] = [];
  let failure: { error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const leave = watcherOf(calls.route).watch(id, {
    wantsAll: true,
    heard(view) {
      const last = views.at(-1);
      if (last !== undefined && isSameStep(last, view)) views.pop();
      views.push(view);
      wake?.();
    },
    failed(error) {
      failure = { error };
      wake?.();
    },
  });
  let shown: JobReply | undefined;
  try {
    for (;;) {
      const view = views.shift();
      if (view === undefined) {
        if (failure !== undefined) throw failure.error;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      // The server says again what it has said, where the connection was another one meanwhile.
      if (shown === undefined || !isSame(shown, view)) yield statusOf<Result>(view);
      if (hasEnded(view)) return;
      shown = view;
    }
  } finally {
    leave();
  }
}

/** Whether only the progress, or the end of the lease, may differ. */
function isSameStep(one: JobReply, other: JobReply): boolean {
  return one.state === other.state && one.attempts === other.attempts;
}

function isSame(one: JobReply, other: JobReply): boolean {
  const isSameTime = one.visibleAt === other.visibleAt;
  return isSameStep(one, other) && isSameTime && JSON.stringify(one.progress) === JSON.stringify(other.progress);
}
