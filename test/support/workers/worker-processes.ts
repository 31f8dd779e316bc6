import type { afterAll, afterEach } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { AUTHKEY, type TestServer } from "../server.ts";
import { type Task, WorkerProcess } from "./worker-process.ts";

/** Starts a worker of a queue in a process of its own. */
export type StartWorker = (
  queue: Queue<Task>,
  work?: ConstructorParameters<typeof WorkerProcess>[1],
  transport?: "websocket" | "http",
) => WorkerProcess;

/**
 * Worker processes of a server that are killed by a hook, so that tests need not end them.
 *
 * @param hook `afterAll` where tests run concurrently
 */
export function workerProcesses(server: TestServer, hook: typeof afterEach | typeof afterAll): StartWorker {
  const processes: WorkerProcess[] = [];
  hook(() => Promise.all(processes.splice(0).map((worker) => worker.kill())));
  return (queue, work = {}, transport = "websocket") => {
    const worker = new WorkerProcess({ address: server.address, authkey: AUTHKEY, queue: queue.name, transport }, work);
    processes.push(worker);
    return worker;
  };
}
