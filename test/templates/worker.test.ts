/** The template of a Worker, used as its README says, from an empty folder: run, tested, bundled for a deployment. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemplateProject } from "./template-project.ts";

/** A bound of what is uploaded, in KiB and compressed. docs/deploy.md names it; a Worker may have 3,072 on the free plan. */
const UPLOADED_KIB_MAX = 350;

const project = new TemplateProject("worker");

beforeAll(() => {
  project.installBeside();
});

afterAll(() => project.remove());

test("the types of the template are up to date, and its own tests pass", async () => {
  await project.run("npm run cf-typegen -- --check");

  expect(await project.run("npm test")).toMatch(/Tests +\d+ passed \(\d+\)/);
}, 120_000);

test("it type-checks, and is bundled for a deployment within the bound that the documents name", async () => {
  const printed = await project.run("npm run check -- --name another-name");
  const [, kib] = /Total Upload: \S+ KiB \/ gzip: (\S+) KiB/.exec(printed) ?? [];

  expect(Number(kib)).toBeGreaterThan(0);
  expect(Number(kib)).toBeLessThan(UPLOADED_KIB_MAX);
  expect(printed).toContain("--dry-run: exiting now.");
  const page = readFileSync(join(import.meta.dirname, "../../docs/deploy.md"), "utf8");
  expect(Number(/at most (\d+) KiB, compressed/.exec(page)?.[1])).toBe(UPLOADED_KIB_MAX);
}, 120_000);

test("run as its README says, it handles a message that is put by HTTP, and one of the cron trigger", async () => {
  expect(project.command("npm run dev")).toBe("npm run dev");
  const dev = project.start("npm run dev -- --port 0 --inspector-port 0");
  const [, address] = await dev.printed(/Ready on (http:\/\/localhost:\d+)/);
  const call = (beginning: string) =>
    project.run(project.command(beginning).replace("http://127.0.0.1:8787", address as string));

  expect(await call("curl http://127.0.0.1:8787/emails -d")).toMatch(/\{"id":"0\.\S+"\}/);
  await dev.printed(/sending "Welcome" to ada@example\.com, attempt 1/);
  await call("curl http://127.0.0.1:8787/cdn-cgi/local/scheduled");
  await dev.printed(/sending "Daily report" to ada@example\.com, attempt 1/);
  await expect.poll(() => call("curl http://127.0.0.1:8787/")).toContain('"done":2');

  dev.signalGroup("SIGINT");
  await dev.ended;
}, 120_000);
