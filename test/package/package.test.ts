/** The package as it is published: what it has, what it needs, and programs that import it from an empty project. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { PackedPackage } from "../support/projects/packed-package.ts";
import { checkTypedProgram, checkTypedWorker } from "./typed-program.ts";

/**
 * Bounds of the package, in bytes: a change that reaches them says why it may. Jobs and typed tasks took 150,000 packed,
 * queues by binding, consumers, webhooks and the pages for users of other queues 160,000, and 600,000 unpacked.
 */
const PACKED_BYTES_MAX = 1_960_000;
const UNPACKED_BYTES_MAX = 7_500_000;

const MANIFEST = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, unknown>;
};
const DEPENDENCIES = Object.keys(MANIFEST.dependencies);

let packed: PackedPackage;
let project: string;
let home: string;

beforeAll(() => {
  packed = new PackedPackage();
  project = mkdtempSync(join(tmpdir(), "durable-queue-user-"));
  home = packed.install(project, [...DEPENDENCIES, "@cloudflare/workers-types"]);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
}, 120_000);

afterAll(() => {
  rmSync(project, { recursive: true });
});

/** Runs a program in the project. Returns what it prints. */
function run(name: string, program: string): string {
  writeFileSync(join(project, name), program);
  onTestFinished(() => rmSync(join(project, name), { force: true }));
  return execFileSync(process.execPath, [name], { cwd: project, encoding: "utf8", stdio: "pipe" });
}

/** The packages that Node loads for a program, beside durable-queue itself. */
function loadedBy(statements: string): string[] {
  const program = `
    import { registerHooks } from "node:module";
    const names = new Set();
    registerHooks({ load(url, context, next) {
      const path = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url);
      if (path !== null) names.add(path[1]);
      return next(url, context);
    } });
    ${statements}
    names.delete("durable-queue");
    console.log(JSON.stringify([...names].sort()));
  `;
  return JSON.parse(run("loaded.mjs", program));
}

describe("the published package", () => {
  test("passes publint", async () => {
    const data = readFileSync(packed.tarball);
    const tarball = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);

    expect((await publint({ pack: { tarball } })).messages).toEqual([]);
  });

  test("has types that agree with its modules, for all who import ES modules", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(readFileSync(packed.tarball)));
    if (analysis.types === false) throw new Error("The package has no types.");
    // The profile "esm-only": TypeScript's resolutions of CommonJS are not promised.
    const problems = analysis.problems.filter(
      (problem) => !("resolutionKind" in problem && ["node10", "node16-cjs"].includes(problem.resolutionKind)),
    );

    expect(problems).toEqual([]);
    expect(Object.keys(analysis.entrypoints).sort()).toEqual(Object.keys(MANIFEST.exports).sort());
  });

  test("has its documents, and the sources of its modules in their maps", () => {
    const files = readdirSync(home, { recursive: true, encoding: "utf8" });
    const modules = files.filter((file) => file.endsWith(".js") && file !== "dist/worker/index.js");
    const withSource = modules.filter((file) => {
      const map = JSON.parse(readFileSync(join(home, `${file}.map`), "utf8")) as { sourcesContent?: string[] };
      return map.sourcesContent?.[0] !== undefined;
    });

    expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE", "CHANGELOG.md", "docs/README.md"]));
    expect(modules.length).toBeGreaterThan(100);
    expect(withSource).toEqual(modules);
    expect(files.filter((file) => /(^|\/)(test|bench|examples(?!\/service(\/|$)))\/|(?<!\.d)\.ts$/.test(file))).toEqual(
      [],
    );
  });

  test("is small", () => {
    const files = readdirSync(home, { recursive: true, encoding: "utf8" }).map((file) => statSync(join(home, file)));
    const unpackedBytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);

    expect(statSync(packed.tarball).size).toBeLessThan(PACKED_BYTES_MAX);
    expect(unpackedBytes).toBeLessThan(UNPACKED_BYTES_MAX);
  });

  test("loads neither hono nor zod for its client", () => {
    const call = `
      const { QueueManager } = await import("durable-queue");
      const queue = new QueueManager({ address: "http://127.0.0.1:1", authkey: "a", retrySeconds: 0 }).queue("a");
      await queue.put(1).catch(() => undefined);
    `;

    expect(loadedBy('await import("durable-queue");')).toEqual([]);
    expect(loadedBy(call)).toEqual(["ws"]);
  });

  test("loads nothing for a module of tasks", () => {
    expect(loadedBy('await import("durable-queue/tasks");')).toEqual([]);
  });

  test("loads no network for queues in memory", () => {
    expect(loadedBy('await import("durable-queue/memory");')).toEqual(["zod"]);
  });

  test("warns once where ws cannot be loaded, and goes on over HTTP", () => {
    const program = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === "ws") throw new Error("Dynamic require is not supported");
        return next(specifier, context);
      } });
      process.on("warning", ({ code, message }) => console.log(code, message));
      const { QueueManager } = await import("durable-queue");
      const manager = new QueueManager({ address: "http://127.0.0.1:65535", authkey: "a", retrySeconds: 0 });
      for (const name of ["a", "b"]) await manager.queue(name).put(1).catch(({ code }) => console.log(code));
    `;

    expect(run("warned.mjs", program)).toBe(
      "DURABLE_QUEUE_NO_WS durable-queue: the package ws cannot be loaded (Dynamic require is not supported), so that calls " +
        "go over HTTP, which is slower. Leave ws out of a bundle: external.\nunavailable\nunavailable\n",
    );
  });

  test("can be required by a CommonJS program", () => {
    const program = `
      const { QueueManager, Empty } = require("durable-queue");
      const { MemoryManager } = require("durable-queue/memory");
      const queue = new MemoryManager().queue("a");
      queue.put({ n: 1 }).then(() => queue.get()).then((item) => console.log(typeof QueueManager, Empty.name, item.n));
    `;

    expect(run("program.cjs", program)).toBe("function Empty 1\n");
  });

  test("says what to install where there is no workerd", () => {
    const program = `
      import { startServer } from "durable-queue/testing";
      await startServer().catch((error) => console.log(error.message));
    `;

    expect(run("server.mjs", program)).toBe(
      "A server runs on workerd, which is not installed: npm install workerd, in the folder of your package.json.\n",
    );
  });

  test.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("has declarations that TypeScript checks with module %s and resolution %s", (module, resolution) => {
    checkTypedProgram(project, { module, resolution });
    checkTypedWorker(project, { module, resolution });
  });
});
