// `npm run test:package`: packs the client as npm would publish it, installs it into an empty project and runs it
// there against a server, on Node 22 and on Node 24, with TypeScript checking a program against its declarations.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { checkTypedProgram } from "./typed-program.ts";

const ROOT = join(import.meta.dirname, "../..");
const NODE_VERSIONS = ["22", "24"];

const PROGRAM = `
import { Empty, Full, QueueManager } from "durable-queue";
const queue = new QueueManager().queue("package-" + process.version);
await queue.configure({ maxSize: 2 });
await queue.putMany([{ n: 1 }, { n: 2 }]);
const full = await queue.putNowait({ n: 3 }).catch((error) => error instanceof Full);
const first = await queue.get();
await queue.taskDone();
const [second] = await queue.receive({ leaseSeconds: 5 });
const acked = await second.ack();
const joined = await queue.join({ timeoutSeconds: 1 });
await queue.put({ n: 4 });
const worked = await new Promise((settle) => {
  queue.work((message) => settle(message.item), { signal: AbortSignal.timeout(2_000) });
});
const empty = await queue.get({ timeoutSeconds: 0.1 }).catch((error) => error instanceof Empty);
console.log(process.version, JSON.stringify({ full, first, second: second.item, acked, joined, worked, empty }));
`;
const EXPECTED =
  '{"full":true,"first":{"n":1},"second":{"n":2},"acked":true,"joined":true,"worked":{"n":4},"empty":true}';

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

const project = mkdtempSync(join(tmpdir(), "durable-queue-package-"));
const directory = new DataDirectory(join(project, "data"));
await buildWorker();
const server = await Server.start({ host: "127.0.0.1", port: 0, authkey: "package", directory });
const env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: "package" };
try {
  run("npm", ["pack", "--pack-destination", project, "--loglevel=error"], join(ROOT, "worker-client"));
  const [tarball] = readdirSync(project).filter((name) => name.endsWith(".tgz"));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "user", private: true, type: "module", allowScripts: { node: true } }),
  );
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", ["install", ...quiet, `./${tarball}`], project);
  const installed = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
  if (installed.join() !== "durable-queue,ws")
    throw new Error(`The package brings others than ws: ${installed.join()}`);

  checkTypedProgram(project);
  console.log("declarations ok, no dependencies but ws");

  writeFileSync(join(project, "program.js"), PROGRAM);
  for (const version of NODE_VERSIONS) {
    run("npm", ["install", ...quiet, "--no-save", `node@${version}`, `./${tarball}`], project);
    const output = run(join(project, "node_modules/.bin/node"), ["program.js"], project, env).trim();
    console.log(output);
    if (!output.startsWith(`v${version}.`) || !output.endsWith(EXPECTED)) throw new Error(`Expected ${EXPECTED}`);
  }
} finally {
  await server.stop();
  rmSync(project, { recursive: true });
}
