/** The template of a producer and a worker, used as its README says, from an empty folder. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestOf, TemplateProject } from "./template-project.ts";

const project = new TemplateProject("node");

beforeAll(async () => {
  expect(project.command("npm install")).toBe("npm install");
  expect(await project.installByNpm()).toMatch(/added \d+ packages/);
}, 120_000);

afterAll(() => project.remove());

test("the template type-checks, and its own tests pass", async () => {
  await project.run("npm run check");

  expect(await project.run("npm test")).toMatch(/pass 3\n[\s\S]*fail 0\n/);
});

test("a job that the producer submits is done by the worker, and its result is seen", async () => {
  const server = project.start(project.command("npm run server"), { PORT: "0" });
  await server.printed(/Ctrl-C stops it\./);
  expect(project.command("npm run worker")).toBe("npm run worker");
  // As a supervisor starts it, without npm between, which ends by the signal itself.
  const worker = project.start(manifestOf(project.folder).scripts.worker as string);
  await worker.printed(/working on the queue "emails"/);

  const printed = await project.run(project.command("npm run producer"));

  expect(printed).toMatch(/^stored 0\.\S+\nsent 7 characters$/m);
  expect(worker.output).toMatch(/sending "Welcome" to ada@example\.com, attempt 1/);
  worker.signal("SIGTERM");
  expect(await worker.ended).toBe(0);
  server.signalGroup("SIGINT");
  await server.ended;
});

test("a worker without a server says what is missing", async () => {
  await expect(project.run("node src/worker.ts")).rejects.toThrow(
    "There is no authkey: give it as an option, or set DURABLE_QUEUE_AUTHKEY (from a file: node --env-file=.env).",
  );
});
