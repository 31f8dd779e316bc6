/** Workers of docs/embedding.md in a project of a user: compiled, and run by wrangler. */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { blocks } from "../support/code-blocks.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What stands for the package, which is not installed here. */
const PACKAGE = {
  "durable-queue": join(ROOT, "worker-client/src/index.ts"),
  "durable-queue/server": join(ROOT, "src/server.ts"),
  "durable-queue/hono": join(ROOT, "src/hono.ts"),
};

/** The blocks of the page in a language, in their order. */
export function blocksOf(language: string): string[] {
  return blocks
    .filter((block) => block.file === "docs/embedding.md" && block.language === language)
    .map(({ code }) => code);
}

/** The configuration of a Worker, as wrangler.jsonc has it. */
export type Configuration = Record<string, unknown>;

/** A project with Workers in it. */
export class WorkerProject {
  readonly #path: string;

  /** @param name of its folder */
  constructor(name: string) {
    this.#path = join(ROOT, "test-results", name);
    mkdirSync(this.#path, { recursive: true });
  }

  write(file: string, content: string): string {
    const path = join(this.#path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Lets TypeScript check all that is in its folder `src`. */
  async compile(): Promise<void> {
    const paths = Object.fromEntries(Object.entries(PACKAGE).map(([name, file]) => [name, [file]]));
    const own = { ws: [join(ROOT, "test/support/ws.d.ts")] };
    const tsconfig = {
      ...{ extends: "../../src/tsconfig.json", include: ["src"], exclude: [] },
      compilerOptions: { paths: { ...paths, ...own } },
    };
    this.write("tsconfig.json", JSON.stringify(tsconfig));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    await promisify(execFile)(process.execPath, [tsc, "-p", this.#path]);
  }

  /** Serves Workers with these configurations until the test has ended; requests go to the first. */
  async serve(...configurations: Configuration[]): Promise<{ origin: string; harness: TestHarness }> {
    const workers = configurations.map((configuration, index) => {
      const text = JSON.stringify({ alias: PACKAGE, ...configuration });
      return { configPath: this.write(`wrangler.${index}.json`, text) };
    });
    const harness = createTestHarness({ workers });
    onTestFinished(() => harness.close());
    return { origin: (await harness.listen()).url.origin, harness };
  }

  remove(): void {
    rmSync(this.#path, { recursive: true });
  }
}
