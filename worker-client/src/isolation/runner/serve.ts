/** What a thread or process does that runs handlers for a worker in another one. */
import { markRunner } from "../../base/runner-marker.ts";
import { Log, type LogDetails, type LogLevel, lineOf } from "../../events/log.ts";
import type { TaskReports } from "../../jobs/task-work.ts";
import type { Message } from "../../message/message.ts";
import { QueueCalls } from "../../message/queue-calls.ts";
import type { Ready, ToRunner } from "../protocol.ts";
import { sentError } from "../sent-errors.ts";
import { openChannel } from "./channel.ts";
import { UnusableModule } from "./load-module.ts";
import { Outbox } from "./outbox.ts";
import { ParentRoute } from "./parent-route.ts";
import { Runs } from "./runs.ts";

/** What a program has loaded. */
export interface Loaded {
  ready: Ready;
  /** Makes the handler of messages. It may return a `Verdict`. */
  handlerOf(calls: QueueCalls, reports: TaskReports): (message: Message<unknown>) => unknown;
}

/**
 * Serves the worker that has started this thread or process: loads what is to be run, and runs the handlers of the messages
 * that it is given.
 *
 * @param load loads what is to be run, of which `data` says what it is. `tell` says something to the program of the worker.
 * What it throws is told to the worker: an `UnusableModule` as it is.
 */
export function serve(load: (data: unknown, tell: (extra: unknown) => void) => Promise<Loaded>): void {
  markRunner("loading");
  const channel = openChannel();
  const outbox = new Outbox(channel);
  let runs: Runs | undefined;
  let route: ParentRoute | undefined;
  const start = async ({ data, isLogged, concurrency }: Extract<ToRunner, { kind: "start" }>) => {
    const { ready, handlerOf } = await load(data, (extra) => outbox.tell({ kind: "extra", extra }));
    markRunner("serving");
    route = new ParentRoute(ready.queue, outbox);
    const calls = new QueueCalls(ready.queue, route);
    runs = new Runs(handlerOf(calls, reportsTo(outbox, isLogged)), calls, outbox, concurrency);
    outbox.tell({ kind: "ready", ready });
  };
  const heard = (message: ToRunner) => {
    if (message.kind === "run") runs?.add(message);
    else if (message.kind === "taken") runs?.taken(message.runs);
    else if (message.kind === "abort") runs?.abort(message.run, message.error);
    else if (message.kind === "answer")
      route?.answer(message.call, "reply" in message ? message.reply : undefined, message.error);
    else if (message.kind === "end") end(outbox);
    else start(message).catch((error: unknown) => giveUp(outbox, error));
  };
  channel.listen((messages) => {
    for (const message of messages) heard(message);
  });
  tellOfEnd(outbox);
}

function end(outbox: Outbox): void {
  outbox.flush();
  // What was printed in a thread is written by the other one.
  setImmediate(() => process.exit());
}

function giveUp(outbox: Outbox, error: unknown): void {
  const isKnown = error instanceof UnusableModule;
  const text = isKnown ? error.message : `What is to be run cannot be loaded: ${lineOf(error)}.`;
  outbox.tell({ kind: "unusable", text, status: isKnown ? error.status : 1 });
  end(outbox);
}

/** Says what ends this thread or process, where that is an error. */
function tellOfEnd(outbox: Outbox): void {
  process.on("uncaughtExceptionMonitor", (error, origin) => {
    // Where the module handles such errors, nothing ends.
    if (process.listenerCount("uncaughtException") > 0) return;
    const what =
      origin === "unhandledRejection" ? "a promise that was rejected and not handled" : "an error that nothing caught";
    outbox.tell({ kind: "dying", text: `was ended by ${what}: ${lineOf(error)}` });
    outbox.flush();
  });
}

function reportsTo(outbox: Outbox, isLogged: boolean): TaskReports {
  const write = (level: LogLevel) => (text: string, details: LogDetails) =>
    outbox.tell({ kind: "log", level, text, details: withJson(details) });
  const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  return {
    log: isLogged ? new Log(logger) : undefined,
    error: (error, message) => outbox.tell({ kind: "error", receipt: message?.receipt, error: sentError(error) }),
  };
}

/** Values that have no JSON form are left out. */
function withJson(details: LogDetails): LogDetails {
  const { values, ...rest } = details;
  if (values === undefined) return details;
  try {
    return { ...rest, values: JSON.parse(JSON.stringify(values)) as unknown[] };
  } catch {
    return rest;
  }
}
