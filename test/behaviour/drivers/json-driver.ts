import type { JobReply, MessageView, QueueDescription, ReplyOf, Verb } from "../../../src/api/types.ts";
import type { Driver } from "./driver.ts";

/** Sends a request in the words of the interface and answers with the reply, or rejects with a `Refused`. */
// biome-ignore lint/suspicious/noExplicitAny: the reply's shape is that of its verb in the schema
export type Send = (verb: Verb, request: Record<string, unknown>, key?: string) => Promise<any>;

/** The driver of every level that speaks requests and replies: all but the client. */
export function jsonDriver(name: string, send: Send): Driver {
  const list = async (state: string | undefined) => {
    const messages: MessageView[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: ReplyOf<"messages"> = await send("messages", { ...(state === undefined ? {} : { state }), cursor });
      messages.push(...page.messages);
      cursor = page.cursor;
    }
    return messages;
  };
  const jobs: Driver["jobs"] = async (request = {}) => {
    const found: JobReply[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: ReplyOf<"jobs"> = await send("jobs", { ...request, cursor });
      found.push(...page.jobs);
      cursor = page.cursor;
    }
    return found;
  };
  const only = (what: string | undefined) => (what === undefined ? {} : { only: what });
  return {
    name,
    configure: (settings): Promise<QueueDescription> => send("configure", settings),
    describe: () => send("describe", {}),
    put: async (messages, { key, ...options } = {}) => (await send("put", { messages, ...options }, key)).ids,
    receive: async (request = {}) => (await send("receive", request)).messages,
    take: async () => (await send("receive", { autoAck: true })).messages[0]?.body,
    ack: async (receipts, results) => (await send("ack", { receipts, ...(results && { results }) })).acked,
    retry: async (receipts, options = {}) => (await send("retry", { receipts, ...options })).retried,
    reject: async (receipts, error) => (await send("reject", { receipts, error })).rejected,
    release: async (receipts, options) => (await send("release", { receipts, ...options })).released,
    extend: async (receipts, leaseSeconds) => (await send("extend", { receipts, leaseSeconds })).extended,
    done: (count = 1) => send("done", { count }),
    join: async (timeoutSeconds = 0) => (await send("join", { timeoutSeconds })).finished,
    list,
    peek: (id) => send("peek", { id }),
    change: (id, changes) => send("change", { id, ...changes }),
    promote: (id) => send("promote", { id }),
    cancel: (id) => send("cancel", { id }),
    redrive: async (options = {}) => (await send("redrive", options)).redriven,
    purge: async (what) => (await send("purge", only(what))).purged,
    result: (id, timeoutSeconds = 0) => send("result", { id, timeoutSeconds }),
    jobs,
    progress: (receipt, progress) => send("progress", { receipt, progress }),
    announce: (tasks) => send("announce", { tasks }),
    tasks: async () => (await send("tasks", {})).tasks,
    shutdown: (immediate = false) => send("shutdown", { immediate }),
    pause: (what) => send("pause", only(what)),
    resume: (what) => send("resume", only(what)),
    delete: () => send("delete", {}),
  };
}
