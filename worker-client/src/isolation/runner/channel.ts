import { isMainThread, parentPort } from "node:worker_threads";
import type { FromRunner, Said, ToRunner } from "../protocol.ts";

/** The way to what has started this thread or process. */
export interface Channel {
  /** Sends at once: also what ends this process cannot prevent it. */
  send(messages: readonly FromRunner[]): void;
  listen(heard: (messages: readonly ToRunner[]) => void): void;
}

/** That of this thread or process. A process ends as soon as what has started it is gone. */
export function openChannel(): Channel {
  return isMainThread ? processChannel() : threadChannel();
}

function processChannel(): Channel {
  process.on("disconnect", () => process.exit());
  // Ctrl-C in a terminal reaches all processes; the one that has started this one says what it is to do.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // A handler works on where no program reads what it prints any more.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return {
    send(messages) {
      // A failure means that the other one has ended.
      const said: Said = { durableQueue: messages };
      if (process.connected) process.send?.(said, undefined, undefined, () => undefined);
    },
    listen(heard) {
      process.on("message", (messages) => heard(messages as ToRunner[]));
    },
  };
}

function threadChannel(): Channel {
  return {
    send: (messages) => parentPort?.postMessage({ durableQueue: messages } satisfies Said),
    listen: (heard) => parentPort?.on("message", (messages: ToRunner[]) => heard(messages)),
  };
}
