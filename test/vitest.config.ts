import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE_MS } from "./support/patience.ts";

/** Of the tests whose history is random: `SEED` is the first of `SEEDS` seeds. */
const seeds = {
  seed: Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31)),
  seeds: Number(process.env.SEEDS ?? 3),
};

/** How long the tests wait until something is so. */
const expect = { poll: { timeout: PATIENCE_MS } };

/** Where the sources of this repository are, instead of what was last built of them. */
const resolve = { conditions: ["durable-queue-source"] };

/**
 * Node keeps what it has made of TypeScript. Else each thread and process makes it anew in WebAssembly, by which V8 can end a
 * process with threads that come and go: nodejs/node#64500.
 */
const env = { NODE_COMPILE_CACHE: `${import.meta.dirname}/../test-results/compiled` };

/** What installs the package, runs pages from their first command to their last, or many whole programs: a script of its own. */
const PROGRAMS = [
  "test/cli/{processes,closed-pipes,watching}.test.ts",
  "test/cli/bulk/{work,work-tasks,interrupted,checkpoints}.test.ts",
  "test/local/{start,start-server,disk-watch,start-with-keys,restart,server-crash,older-data,setup,examples,hibernation}.test.ts",
  "test/local/webhooks/*.test.ts",
  "test/client/workers/{blocking,attempts,shutdown,worker-signals,pausing}.test.ts",
  "test/client/users-day.test.ts",
  "test/client/pools/{keys,server}.test.ts",
  "test/client/isolation/{users-day,given-program,running,crashes,aborting,modules,left-behind,in-hand}.test.ts",
  "test/{package,operations,jobs,pools,templates}/**/*.test.ts",
  "test/client/pools/processes.test.ts",
  "test/docs/{readme-example,embedding,embedded-bindings,push-page,command-line,bulk-page,jobs-page}.test.ts",
  "test/docs/{code-blocks,moving,moving-worker,testing-projects,example-projects,scaling-page,webhooks-page}.test.ts",
  "test/push/{parity,storm,two-workers}.test.ts",
];

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    // Most tests wait for something, so that four at a time do not slow each other down.
    maxWorkers: 4,
    maxConcurrency: 20,
    reporters: ["default", ["json", { outputFile: `test-results/${process.env.REPORT ?? "vitest"}.json` }]],
    projects: [
      // The state machine and other pure functions. They leave nothing behind, so that files share what they import:
      // a process and its imports for each of them would take as long as most of them run.
      {
        resolve,
        test: {
          name: "core",
          include: [
            "test/{core,api,socket}/**/*.test.ts",
            "test/behaviour/{core,memory}.test.ts",
            "test/push/verdict.test.ts",
          ],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      // Everything else that runs on Node: the client, and the server that runs beside it.
      {
        resolve,
        test: {
          name: "node",
          env,
          include: ["test/{client,cli,local,docs}/**/*.test.ts", "test/behaviour/client.test.ts"],
          exclude: PROGRAMS,
          globalSetup: `${import.meta.dirname}/support/build-once.ts`,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      {
        resolve,
        test: {
          name: "programs",
          env,
          include: PROGRAMS,
          globalSetup: `${import.meta.dirname}/support/build-once.ts`,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      // The Worker and its Durable Objects, inside the runtime that serves them.
      {
        resolve,
        plugins: [
          cloudflareTest({
            main: `${import.meta.dirname}/support/movable-worker/index.ts`,
            wrangler: { configPath: `${import.meta.dirname}/../wrangler.toml` },
            miniflare: {
              bindings: { AUTHKEY: "the-authkey-of-the-tests" },
              durableObjects: { OLDER_QUEUE: "OlderQueueObject" },
            },
          }),
        ],
        test: {
          name: "worker",
          // In one file each: their hundred modules would otherwise be asked for one by one, by each test file.
          deps: { optimizer: { ssr: { enabled: true, include: ["hono", "zod"] } } },
          include: ["test/{object,http,binding}/**/*.test.ts", "test/behaviour/{object,http,binding,bound}.test.ts"],
          // Each test has queues of its own, so that files can share a runtime: to start one for each takes half of the time.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect,
          provide: seeds,
        },
      },
    ],
  },
});
