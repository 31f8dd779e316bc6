/** The programs of docs/scaling/cpu-and-io.md, each in its file: the worker with processes, then the producer. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { blocks } from "../support/code-blocks.ts";
import { AUTHKEY, TestServer } from "../support/server.ts";

const PROJECT = join(import.meta.dirname, "../../test-results/scaling-page");
const server = new TestServer();
const page = blocks.filter(({ file }) => file === "docs/scaling/cpu-and-io.md");

beforeAll(async () => {
  await server.start();
  mkdirSync(PROJECT, { recursive: true });
  for (const { code } of page.filter(({ language }) => language === "ts")) {
    writeFileSync(join(PROJECT, code.slice("// ".length, code.indexOf("\n"))), code);
  }
});

afterAll(async () => {
  await server.remove();
  rmSync(PROJECT, { recursive: true });
});

test("the worker computes in processes what the producer asks for, and ends at SIGTERM", async () => {
  const env = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
  const args = (program: string) => ["--conditions=durable-queue-source", join(PROJECT, program)];
  const worker = spawn(process.execPath, args("worker.ts"), { env, stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(worker, "exit");
  onTestFinished(() => void worker.kill("SIGKILL"));

  const { stdout } = await promisify(execFile)(process.execPath, args("producer.ts"), { env });
  worker.kill("SIGTERM");

  expect(stdout).toBe(page.find(({ language }) => language === "text")?.code);
  expect(await ended).toEqual([null, "SIGTERM"]);
});
