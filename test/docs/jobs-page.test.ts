/** The blocks of docs/jobs-over-http.md: its commands in their order, and its programs, which print what the page shows. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { blocks, type CodeBlock, writePythonFiles } from "../support/code-blocks.ts";
import { HttpJobs } from "../support/http/http-jobs.ts";
import { AUTHKEY, TestServer } from "../support/server.ts";

const run = promisify(execFile);
const server = new TestServer();
const folder = mkdtempSync(join(tmpdir(), "durable-queue-jobs-page-"));
const page = blocks.filter(({ file }) => file === "docs/jobs-over-http.md");
const workers: ChildProcess[] = [];

beforeAll(async () => {
  await server.start();
  writePythonFiles(page, folder);
});

afterEach(async () => {
  for (const worker of workers.splice(0)) {
    if (worker.kill("SIGKILL")) await once(worker, "exit");
  }
});

afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

function environment(address = server.address): NodeJS.ProcessEnv {
  return { ...process.env, DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: AUTHKEY, NO_PROXY: "127.0.0.1" };
}

/** What a block of the page prints, as the page shows it. */
function shownAfter(block: CodeBlock): string {
  const next = page[page.indexOf(block) + 1];
  return next?.language === "text" ? next.code : "";
}

/** The same text with the page's time, and ids that count the jobs. */
function asOnPage(text: string): string {
  const ids: string[] = [];
  const counted = (id: string) => {
    if (!ids.includes(id)) ids.push(id);
    return `"0.k3x9-${ids.indexOf(id) + 1}-0`;
  };
  return text.replace(/"0\.\w+-\d+-\d+/g, counted).replace(/:1\d{9}(\.\d+)?/g, ":1795000000");
}

/** What a program of the page, or a text, prints. */
async function python(program: string, address?: string): Promise<string> {
  const args = program.endsWith(".py") ? [program] : ["-c", program];
  return (await run("python3", args, { cwd: folder, env: environment(address) })).stdout;
}

/** Starts a program that works until the end of the test. */
function startWorker(program: string): void {
  const args = program.endsWith(".py") ? [program] : ["-c", program];
  workers.push(spawn("python3", args, { cwd: folder, env: environment(), stdio: ["ignore", "inherit", "inherit"] }));
}

test("the commands print what the page shows", async () => {
  const commands = page.filter(({ language }) => language === "sh");
  const script = commands.map(({ code }) => `${code}printf 'END OF BLOCK\\n'\n`).join("");

  const { stdout } = await run("/bin/sh", ["-c", script], { cwd: folder, env: environment() });

  expect(asOnPage(stdout).split("END OF BLOCK\n")).toEqual([...commands.map(shownAfter), ""]);
});

test("the client prints what the page shows, beside the worker", async () => {
  const client = page.find(({ code }) => code.startsWith("# client.py"));
  startWorker("worker.py");

  expect(await python("client.py")).toBe(client && shownAfter(client));
});

test("a submit whose first tries are answered with a 5xx, or cut off, stores one job", async () => {
  const jobs = new HttpJobs(server);
  let tries = 0;
  const proxy = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const headers = {
      Authorization: `Bearer ${AUTHKEY}`,
      "Idempotency-Key": String(request.headers["idempotency-key"]),
    };
    const answer = await fetch(`${server.address}${request.url}`, { method: "POST", body, headers });
    tries += 1;
    if (tries === 1) response.writeHead(503).end("busy");
    else if (tries === 2) request.socket.destroy();
    else response.writeHead(answer.status).end(await answer.text());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  const printed = await python(`from jobs import Queue\nprint(Queue("${jobs.name}").submit("resize", 1))`, address);
  proxy.close();

  expect(tries).toBe(3);
  expect(await jobs.list()).toMatchObject([{ id: printed.trim(), state: "waiting" }]);
});

test("a job that takes longer than its lease is handed out once", async () => {
  const jobs = new HttpJobs(server);
  const id = await jobs.submit(2.5);
  startWorker(`
import threading, time
from jobs import Queue, work
def resize(seconds, progress):
    end = time.monotonic() + seconds
    while time.monotonic() < end: progress(seconds); time.sleep(0.1)
    return "done"
work(Queue("${jobs.name}", patience=60), {"resize": resize}, threading.Event(), lease=1)`);
  const waiting = python(`from jobs import Queue\nprint(Queue("${jobs.name}").result("${id}", timeout=50))`);

  expect(await waiting).toBe("done\n");
  expect(await jobs.job(id)).toMatchObject({ state: "done", attempts: 1 });
});

test("a client that waits and a worker find a server again that has crashed", async () => {
  const jobs = new HttpJobs(server);
  const id = await jobs.submit(1, { delaySeconds: 2 });
  startWorker(`
import threading
from jobs import Queue, work
work(Queue("${jobs.name}"), {"resize": lambda input, progress: input + 1}, threading.Event())`);
  const waiting = python(`from jobs import Queue\nprint(Queue("${jobs.name}").result("${id}"))`);
  await jobs.arrival();
  await server.crash();
  await server.start();

  expect(await waiting).toBe("2\n");
});

test("a task that the worker does not know is given back, and a result that cannot be sent fails its job", async () => {
  const jobs = new HttpJobs(server);
  const large = await jobs.submit(1, { maxAttempts: 1 });
  const unknown = await jobs.submit(1, { headers: { "dq-task": "crop" } });
  startWorker(`
import threading
from jobs import Queue, work
work(Queue("${jobs.name}"), {"resize": lambda input, progress: "x" * 2_000_000}, threading.Event())`);

  expect(await jobs.job(large, 25)).toMatchObject({
    state: "failed",
    error: { name: "Problem", message: "results[0] has 2000002 bytes; at most 1048576 are allowed." },
  });
  await expect.poll(async () => (await jobs.job(unknown)).state, { timeout: 30_000 }).toBe("delayed");
  expect(await jobs.job(unknown)).toMatchObject({ attempts: 0 });
});
