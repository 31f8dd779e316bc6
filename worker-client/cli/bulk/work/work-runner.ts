/** The program of the threads and processes of `work`: loads the handler, and runs it for the messages that it is given. */
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { UnusableModule } from "../../../src/isolation/runner/load-module.ts";
import { loadedTasks } from "../../../src/isolation/runner/loaded-tasks.ts";
import { type Loaded, serve } from "../../../src/isolation/runner/serve.ts";
import { type LoadedWork, loadWork } from "./load-work.ts";
import type { WorkData, WorkExtra } from "./work-data.ts";

function tellImports(tell: (extra: WorkExtra) => void): void {
  let paths: string[] = [];
  nodeModule.registerHooks({
    load(url, context, next) {
      if (url.startsWith("file:")) {
        if (paths.length === 0) {
          setImmediate(() => {
            tell({ kind: "imports", paths });
            paths = [];
          });
        }
        paths.push(fileURLToPath(url));
      }
      return next(url, context);
    },
  });
}

function loadedOf(work: LoadedWork): Loaded {
  if (work.registry !== undefined) return loadedTasks(work.registry);
  const { queue, handler } = work;
  return {
    ready: { queue, tasks: undefined, announced: [], timeouts: {} },
    handlerOf: () => (message) => {
      return handler(message, {
        get signal() {
          return message.signal;
        },
      });
    },
  };
}

serve(async (data, tell: (extra: WorkExtra) => void) => {
  const { queue, path, file, tellsImports, printsToErrors } = data as WorkData;
  // The output of a process is set where it is started; that of a thread goes through the command.
  if (printsToErrors && !isMainThread) process.stdout.write = process.stderr.write.bind(process.stderr);
  if (tellsImports) tellImports(tell);
  try {
    return loadedOf(await loadWork(path, file, queue));
  } catch (error) {
    if (error instanceof UnusableModule) tell({ kind: "unusable", status: error.status });
    throw error;
  }
});
