import { builtinModule } from "../base/node-modules.ts";
import type { Isolation } from "./isolation-options.ts";

/** The program of the threads and processes that serve a registry: beside this module, in TypeScript or built. */
export function runnerProgram(): URL {
  // A bundle of CommonJS modules does not know where it is: the program is missed there, as in any bundle.
  const { url = "file:///" } = import.meta as { url?: string };
  return new URL(`./runner/runner${url.endsWith(".ts") ? ".ts" : ".js"}`, url);
}

/**
 * Throws where a program cannot be started.
 *
 * @throws {TypeError} where the runtime has no threads or processes, and where the program is missing
 */
export function assertStartable(isolation: Isolation, program: URL): void {
  const module = isolation === "threads" ? "node:worker_threads" : "node:child_process";
  const [urls, files] = [builtinModule("node:url"), builtinModule("node:fs")];
  if (builtinModule(module) === undefined || urls === undefined || files === undefined) {
    throw new TypeError(
      `isolation "${isolation}" needs a runtime that has ${module}, as Node does: handlers can only run in the event loop here.`,
    );
  }
  const path = program.protocol === "file:" ? urls.fileURLToPath(program) : program.href;
  if (program.protocol === "file:" && files.existsSync(path)) return;
  throw new TypeError(
    `isolation "${isolation}" needs the program ${path}, which is missing: durable-queue was bundled into one file with other modules. Leave the package out of the bundle, as by --external:durable-queue of esbuild.`,
  );
}
