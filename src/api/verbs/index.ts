/** The verbs of a queue: the one list of them. HTTP, the socket, calls by binding, scopes, the docs and the client follow it. */
import { announce } from "./jobs/announce.ts";
import { jobs } from "./jobs/jobs.ts";
import { progress } from "./jobs/progress.ts";
import { result } from "./jobs/result.ts";
import { tasks } from "./jobs/tasks.ts";
import { unwatch } from "./jobs/unwatch.ts";
import { watch } from "./jobs/watch.ts";
import { ack } from "./leases/ack.ts";
import { done } from "./leases/done.ts";
import { extend } from "./leases/extend.ts";
import { receive } from "./leases/receive.ts";
import { reject } from "./leases/reject.ts";
import { release } from "./leases/release.ts";
import { retry } from "./leases/retry.ts";
import { cancel } from "./messages/cancel.ts";
import { change } from "./messages/change.ts";
import { messages } from "./messages/messages.ts";
import { peek } from "./messages/peek.ts";
import { promote } from "./messages/promote.ts";
import { put } from "./messages/put.ts";
import { configure } from "./queues/configure.ts";
import { deleteQueue } from "./queues/delete.ts";
import { describe } from "./queues/describe.ts";
import { pause, resume } from "./queues/pause.ts";
import { purge } from "./queues/purge.ts";
import { redrive } from "./queues/redrive.ts";
import { shutdown } from "./queues/shutdown.ts";
import { begin } from "./waits/begin.ts";
import { cancelWait } from "./waits/cancel-wait.ts";
import { join } from "./waits/join.ts";
import { subscribe } from "./waits/subscribe.ts";
import { unsubscribe } from "./waits/unsubscribe.ts";

const CALLS = {
  ...{ put, messages, peek, change, promote, cancel },
  ...{ receive, ack, retry, reject, release, extend, done, join },
  ...{ result, jobs, progress, announce, tasks },
  ...{ configure, describe, pause, resume, shutdown, redrive, purge, delete: deleteQueue },
};

/** Those that make sense on a socket only. */
const SOCKET_OPERATIONS = { subscribe, unsubscribe, begin, cancel_wait: cancelWait, watch, unwatch };

export const VERBS = { ...CALLS, ...SOCKET_OPERATIONS };

export type Verb = keyof typeof VERBS;

/** A verb that can be called over HTTP and by binding too. */
export type CallVerb = keyof typeof CALLS;

export const CALL_VERBS: readonly CallVerb[] = Object.keys(CALLS) as CallVerb[];

/** The names of the verbs. */
export const VERB_NAMES: readonly Verb[] = Object.keys(VERBS) as Verb[];

/** Whether this is the name of a verb. */
export function isVerb(name: string): name is Verb {
  return Object.hasOwn(VERBS, name);
}
