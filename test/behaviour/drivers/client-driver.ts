/** The client's queues as the behaviour suite drives them. */
import type { JobReply, MessageView as MessageViewReply, RequestOf, Verb } from "../../../src/api/types.ts";
import {
  type ChangeOptions,
  type DeadLetter,
  JobCancelled,
  type JobStatus,
  type Message,
  type MessageView,
  type PutOptions,
  type Queue,
} from "../../../worker-client/src/index.ts";
import type { Driver } from "./driver.ts";

/** The client's calls under the names of the interface. Messages are kept, and receipts are their numbers. */
export function clientDriver(queue: Queue): Driver {
  const messages: Message<unknown>[] = [];
  const count = async (receipts: string[], call: (message: Message<unknown>) => Promise<boolean>): Promise<number> => {
    const outcomes = await Promise.all(receipts.map((receipt) => call(messages[Number(receipt)] as Message<unknown>)));
    return outcomes.filter(Boolean).length;
  };
  const call = async <Reply>(verb: Verb, request: Record<string, unknown> = {}) =>
    (await queue["calls"].send<Reply>(verb, { request })).value;
  return {
    name: queue.name,
    configure: (settings) => queue.configure(settings),
    describe: () => queue.describe(),
    async put(newMessages, { timeoutSeconds = 0, key } = {}) {
      const puts: { items: unknown[]; options: PutOptions }[] = [];
      // The options of the client's batches are those of all their items.
      for (const { body, bytes: _, at, ...rest } of newMessages) {
        const options = { ...rest, at: at === undefined ? undefined : new Date(at * 1_000) };
        const last = puts.at(-1);
        if (last !== undefined && JSON.stringify(last.options) === JSON.stringify(options)) last.items.push(body);
        else puts.push({ items: [body], options });
      }
      const ids: string[] = [];
      for (const { items, options } of puts) {
        ids.push(...(await queue.putMany(items, { ...options, timeoutSeconds, idempotencyKey: key })));
      }
      return ids;
    },
    async receive({ timeoutSeconds = 0, ...request } = {}) {
      const received = await queue.receive({ timeoutSeconds, ...request });
      return received.map((message) => {
        const { id, item, attempt, priority, group, lastError } = message;
        const own = ownOf(message);
        const at = message.at === undefined ? {} : { at: message.at.getTime() / 1_000 };
        const receipt = String(messages.push(message) - 1);
        const putAt = message.putAt.getTime() / 1_000;
        const leaseEndsAt = message.leaseEndsAt.getTime() / 1_000;
        const deadLetter = message.deadLetter && secondsOf(message.deadLetter);
        const times = { putAt, leaseEndsAt, ...at };
        return { id, body: item, attempt, priority, group, lastError, receipt, ...own, ...times, deadLetter };
      });
    },
    take: () => queue.getNowait(),
    ack: (receipts, results) =>
      count(receipts, (message) => {
        const position = receipts.indexOf(String(messages.indexOf(message)));
        return message.ack(results === undefined ? {} : { result: results[position] });
      }),
    result: (id, timeoutSeconds = 0) => endOf(queue, id, timeoutSeconds),
    async jobs({ since, before, limit, ...request } = {}) {
      const times = { since: since === undefined ? undefined : new Date(Number(since) * 1_000) };
      const until = before === undefined ? undefined : new Date(Number(before) * 1_000);
      const listed: JobReply[] = [];
      const options = {
        ...request,
        ...times,
        before: until,
        pageSize: limit === undefined ? undefined : Number(limit),
      };
      for await (const job of queue.jobs(options)) listed.push(jobOf(job));
      return listed;
    },
    // Only workers announce, and `message.progress` tells of the cancellation alone.
    progress: (receipt, progress) => call("progress", { receipt: messages[Number(receipt)]?.receipt ?? "", progress }),
    announce: (tasks) => call("announce", { tasks }),
    tasks: () => queue.tasks(),
    retry: (receipts, { error, ...options } = {}) =>
      count(receipts, (message) => message.retry({ ...options, error: thrownOf(error) })),
    reject: (receipts, error) => count(receipts, (message) => message.reject({ error: thrownOf(error) })),
    release: (receipts, options) => count(receipts, (message) => message.release(options)),
    extend: (receipts, leaseSeconds) => count(receipts, (message) => message.extend(leaseSeconds)),
    done: (number) => queue.taskDone(number),
    join: (timeoutSeconds = 0) => queue.join({ timeoutSeconds }),
    async list(state) {
      const views: MessageViewReply[] = [];
      for await (const view of queue.messages(state === undefined ? {} : { state })) views.push(replyOf(view));
      return views;
    },
    peek: async (id) => replyOf(await queue.peek(id)),
    async change(id, { body, bytes: _, at, headers, ...rest }) {
      const changes: ChangeOptions<unknown> = { ...rest };
      if (body !== undefined) changes.item = body;
      if (at !== undefined) changes.at = new Date(at * 1_000);
      if (headers !== undefined) changes.headers = headers ?? {};
      return replyOf(await queue.change(id, changes));
    },
    promote: async (id) => replyOf(await queue.promote(id)),
    async cancel(id) {
      if (!(await queue.cancel(id))) throw Object.assign(new Error("not cancelled"), { code: "unknown_message" });
    },
    redrive: (options = {}) => queue.redrive(options),
    purge: (only) => queue.purge({ only }),
    shutdown: (immediate) => queue.shutdown({ immediate }),
    pause: (only) => queue.pause({ only }),
    resume: (only) => queue.resume({ only }),
    async delete() {
      await queue.delete();
    },
  };
}

/** What a handler throws that is told so. */
function thrownOf(error: RequestOf<"reject">["error"]): unknown {
  return typeof error === "object" ? Object.assign(new Error(error.message), error, { stack: error.stack }) : error;
}

/** A job as it is when it has ended, or when this time is over. */
async function endOf(queue: Queue, id: string, timeoutSeconds: number): Promise<JobReply> {
  if (timeoutSeconds === 0) return jobOf(await queue.status(id));
  const [outcome] = await Promise.allSettled([queue.result(id, { timeoutSeconds })]);
  try {
    return jobOf(await queue.status(id));
  } catch (error) {
    // Nothing is kept of it: the caller has what it was told.
    const told = { id, attempts: 0, putAt: 0 };
    if (outcome.status === "fulfilled") return { ...told, state: "done", result: outcome.value };
    if (outcome.reason instanceof JobCancelled) return { ...told, state: "cancelled" };
    throw error;
  }
}

function jobOf({ putAt, visibleAt, leaseEndsAt, finishedAt, expiresAt, error, ...job }: JobStatus): JobReply {
  const times = Object.entries({ putAt, visibleAt, leaseEndsAt, finishedAt, expiresAt });
  const known = times.flatMap(([name, at]) => (at === undefined ? [] : [[name, at.getTime() / 1_000]]));
  const told = Object.entries({ ...job, error: error && partsOf(error) }).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...told, ...known]) as JobReply;
}

function partsOf({ name, message, stack }: NonNullable<JobStatus["error"]>): NonNullable<JobReply["error"]> {
  return stack === undefined ? { name, message } : { name, message, stack };
}

function replyOf({ item, putAt, at: _, until, ...view }: MessageView<unknown>): MessageViewReply {
  const times = { visible: "", transferring: "", delayed: "visibleAt", leased: "leaseEndsAt", dead: "diedAt" } as const;
  const time = until === undefined ? {} : { [times[view.state]]: until.getTime() / 1_000 };
  const deadLetter = view.deadLetter && secondsOf(view.deadLetter);
  return { ...view, ...ownOf(view), body: item, putAt: putAt.getTime() / 1_000, ...time, deadLetter };
}

/** Its headers and settings as the interface has them: those that it has. */
function ownOf(message: Pick<MessageView<unknown>, "headers" | OwnSetting>) {
  const { headers, maxAttempts, retryDelaySeconds, retentionSeconds } = message;
  const all = { maxAttempts, retryDelaySeconds, retentionSeconds };
  return { ...all, headers: Object.keys(headers).length === 0 ? undefined : headers };
}

type OwnSetting = "maxAttempts" | "retryDelaySeconds" | "retentionSeconds";

function secondsOf({ firstPutAt, diedAt, ...letter }: DeadLetter) {
  return { ...letter, firstPutAt: firstPutAt.getTime() / 1_000, diedAt: diedAt.getTime() / 1_000 };
}
