/** Modules that threads and processes cannot load, or that lack what they are to run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { defineTasks, type TaskRegistry, task } from "../../../worker-client/src/tasks/index.ts";
import { APART } from "../../support/isolation/isolated.ts";

const CLIENT = new URL("../../../worker-client/", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "durable-queue-modules-"));
const managers: MemoryManager[] = [];
afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.close({ timeoutSeconds: 0 })));
});
afterAll(() => rmSync(folder, { recursive: true }));

let modules = 0;

/** The path of a module that begins with the import of what defines tasks. */
function moduleOf(source: string): string {
  modules += 1;
  const path = join(folder, `module-${modules}.mjs`);
  writeFileSync(path, `import { defineTasks, task } from "${CLIENT}src/tasks/index.ts";\n${source}`);
  return path;
}

/** The tasks of a queue, as the worker has them. */
function registryIn(module: string | undefined): TaskRegistry {
  return defineTasks("images", { resize: task({ run: () => 1 }), crop: task({ run: () => 2 }) }, { module });
}

const DEFINED = `defineTasks("images", { resize: task({ run: () => 1 }), crop: task({ run: () => 2 }) })`;

describe.each(APART)("in %s", (isolation) => {
  /** With what a worker ends whose tasks are in such a module. */
  async function failureOf(path: string): Promise<unknown> {
    const manager = new MemoryManager();
    managers.push(manager);
    const worker = manager.work(registryIn(path), { isolation, processes: 2 });
    return worker.finished.catch((error: unknown) => error);
  }

  test.each([
    [
      "has a syntax error",
      "export const = 1;",
      /^The module \S+module-\d+\.mjs cannot be loaded: SyntaxError: .+ \(.+\)\.$/,
    ],
    [
      "throws",
      'throw new Error("There is no database.");',
      /^The module \S+ cannot be loaded: Error: There is no database \(\S+module-\d+\.mjs:2:7\)\.$/,
    ],
    [
      "exports no tasks",
      "export const tasks = 1;",
      /^The module \S+ exports no tasks, and not those of images: export what defineTasks\(\) returns, from the module that it names\.$/,
    ],
    [
      "exports those of other queues",
      'export const texts = defineTasks("texts", {}); export default defineTasks("sounds", {});',
      /^The module \S+ exports tasks of sounds, texts, and not those of images: /,
    ],
    [
      "lacks a handler",
      'export default defineTasks("images", { resize: task({ run: () => 1 }), crop: task({}) });',
      /^The tasks of images that \S+ exports have no handler for crop, but for resize: export what defineTasks\(\) returns, with all of its tasks, from the module that it names\.$/,
    ],
    [
      "ends what loads it",
      "process.exit(4);",
      /^The (thread|process) that loaded the module of the tasks ended itself with status 4: let the module define tasks alone\.$/,
    ],
    [
      "starts a worker",
      `import { MemoryManager } from "${CLIENT}memory/index.ts";\nconst tasks = ${DEFINED};\nexport default tasks;\nnew MemoryManager().work(tasks);`,
      /cannot be loaded: QueueError: work\(\) is called while a thread or process for handlers loads the module of its tasks, which would start workers in each of them\. Define the tasks in a module of their own, or call it only if \(import\.meta\.main\) /,
    ],
  ])("a worker ends that cannot run a task: the module %s", async (_, source, text) => {
    expect(await failureOf(moduleOf(source))).toMatchObject({
      name: "QueueError",
      code: "handler_unusable",
      message: expect.stringMatching(text),
    });
  });

  test("the reason is told whatever is in the name of a folder", async () => {
    const percent = join(folder, "100%");
    mkdirSync(percent, { recursive: true });
    const path = join(percent, "module.cjs");
    writeFileSync(path, 'throw new Error("There is no database.");');

    expect(await failureOf(path)).toMatchObject({
      message: `The module ${path} cannot be loaded: Error: There is no database (${path}:1:7).`,
    });
  });

  test("no line of Node itself is named as the reason", async () => {
    expect(await failureOf("http://127.0.0.1/tasks.js")).toMatchObject({
      message: expect.stringMatching(
        /^The module http:\S+ cannot be loaded: Error: Only URLs .+ \(http:\/\/127\.0\.0\.1\/tasks\.js\)\.$/,
      ),
    });
  });

  test("a worker ends whose module is missing", async () => {
    const path = join(folder, "missing.mjs");

    expect(await failureOf(path)).toMatchObject({
      code: "handler_unusable",
      message: `The module ${path} cannot be loaded: there is no such file.`,
    });
  });

  test("what a module itself sends to the program that has started it does no harm", async () => {
    const path = moduleOf(
      `import { parentPort } from "node:worker_threads";
      const send = (message) => (parentPort === null ? process.send(message) : parentPort.postMessage(message));
      for (const message of ["ready", { kind: "ready" }, null, [null], [{ kind: "ready" }], [{ kind: "log" }]]) send(message);
      export default ${DEFINED};`,
    );
    const manager = new MemoryManager();
    managers.push(manager);
    const registry = registryIn(path);
    manager.work(registry, { isolation, processes: 1 });

    expect(await (await manager.tasks(registry).crop?.submit(null as never))?.result()).toBe(2);
  });

  test("a module may wait before it exports its tasks, and export them under any name", async () => {
    const path = moduleOf(
      `await new Promise((settle) => setTimeout(settle, 50));\nexport const other = defineTasks("texts", {});\nexport const images = ${DEFINED};`,
    );
    const manager = new MemoryManager();
    managers.push(manager);
    const registry = registryIn(path);
    manager.work(registry, { isolation, processes: 1 });
    const { crop } = manager.tasks(registry);

    expect(await (await crop?.submit(null as never))?.result()).toBe(2);
  });
});

test("tasks that do not say in which module they are cannot run elsewhere", () => {
  const manager = new MemoryManager();
  managers.push(manager);

  expect(() => manager.work(registryIn(undefined), { processes: 2 })).toThrow(
    new TypeError(
      "The tasks of images cannot run in processes: defineTasks() was not told in which module they are. Give it { module: import.meta.url } as its third argument.",
    ),
  );
  const declared = defineTasks("images", { resize: task({}) }, { module: import.meta.url });
  expect(() => manager.work(declared, { isolation: "threads" })).toThrow(
    new TypeError("No task of images has a handler here: task() takes it as the option run."),
  );
});
