/** Jobs, and what became of them, on the command line. */
import { describe, expect, test } from "vitest";
import { freshName } from "../../support/server.ts";
import { CliServer } from "./cli-server.ts";

const cli = new CliServer();

function parsed(output: string): Record<string, unknown>[] {
  return output === ""
    ? []
    : output
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
}

/** A queue with a job in each of some states. */
async function someJobs() {
  const served = await cli.served();
  const { client, queue, name } = served;
  const done = await client.resize.submit({ url: "a" });
  await done.result();
  const failed = await client.fail.submit("boom");
  await expect.poll(async () => (await failed.status()).state).toBe("failed");
  const running = await client.wait.submit(null);
  await expect.poll(async () => (await running.status()).state).toBe("running");
  const delayed = await client.echo.submit(1, { delaySeconds: 600 });
  await queue.put("no job", { delaySeconds: 600 });
  const list = async (...flags: string[]) => parsed((await cli.run(["jobs", "ls", name, ...flags])).output);
  return { ...served, done, failed, running, delayed, list };
}

describe("the list", () => {
  test("has those that have not ended first, then those that have, the newest first", async () => {
    const { list, done, failed, running, delayed } = await someJobs();

    expect(await list()).toMatchObject([
      { id: running.id, state: "running", task: "wait", attempts: 1, leaseEndsAt: expect.stringMatching(/Z$/) },
      { id: delayed.id, state: "delayed", task: "echo", attempts: 0, visibleAt: expect.stringMatching(/Z$/) },
      { id: failed.id, state: "failed", task: "fail", reason: "max_attempts", error: { name: expect.any(String) } },
      { id: done.id, state: "done", task: "resize", result: { key: "A" }, expiresAt: expect.stringMatching(/Z$/) },
    ]);
    expect(await list("--limit", "1")).toHaveLength(1);
  });

  test("is cut to a state, a task and a time", async () => {
    const { list, done, failed } = await someJobs();

    expect(await list("--state", "failed")).toMatchObject([{ id: failed.id }]);
    expect(await list("--task", "resize")).toMatchObject([{ id: done.id }]);
    expect(await list("--task", "resize", "--state", "failed")).toEqual([]);
    expect(await list("--since", "2099-01-01")).toEqual([]);
    expect(await list("--before", "2020-01-01T00:00:00Z")).toEqual([]);
    expect(await list("--since", "2020-01-01", "--before", "2099-01-01")).toHaveLength(4);
  });

  test("is a table on a terminal, with results and errors", async () => {
    const { name, done, failed } = await someJobs();

    const { output } = await cli.run(["jobs", "ls", name], { columns: 100 });
    const lines = output.split("\n");
    expect(lines[0]).toMatch(/^ID +STATE +TASK +TRIES +WHEN +OUTCOME$/);
    expect(output).toMatch(new RegExp(`^${failed.id} +failed +fail +1 +[0-9.]+s ago +.*TypeError: boom`, "m"));
    expect(output).toMatch(new RegExp(`^${done.id} +done +resize +1 +[0-9.]+s ago +\\{"key":"A"\\}$`, "m"));
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  test("of a queue without jobs is empty, and says so on a terminal", async () => {
    const name = freshName();

    expect(await cli.run(["jobs", "ls", name])).toEqual({ status: 0, output: "", errors: "" });
    expect((await cli.run(["jobs", "ls", name], { columns: 80 })).errors).toBe(
      `There are no jobs in ${name}, and no results are kept.\n`,
    );
    expect((await cli.run(["jobs", "ls", name, "--task", "a"], { columns: 80 })).errors).toBe(
      `${name} has no such job.\n`,
    );
  });
});

describe("one job", () => {
  test("is shown with its result, or with its error and the stack", async () => {
    const { name, done, failed } = await someJobs();

    expect(parsed((await cli.run(["jobs", "show", name, done.id])).output)).toMatchObject([
      { id: done.id, state: "done", result: { key: "A" }, attempts: 1 },
    ]);
    const { output } = await cli.run(["jobs", "show", name, failed.id], { columns: 80 });
    expect(output).toMatch(/^ {2}state +failed$/m);
    expect(output).toMatch(/^ {2}error +.*TypeError: boom/m);
    expect(output).toMatch(/at .*cli-server\.ts/);
    expect(output).toMatch(/^ {2}expiresAt +\S+Z, in (1h|59m \d+s)$/m);
  });

  test("is waited for: its result, its error, or the end of the time", async () => {
    const { name, done, failed, running, gate } = await someJobs();
    const result = (id: string, ...flags: string[]) => cli.run(["jobs", "result", name, id, ...flags]);

    expect(await result(done.id)).toEqual({ status: 0, output: '{"key":"A"}\n', errors: "" });
    expect(await result(failed.id)).toMatchObject({ status: 1, output: "", errors: expect.stringMatching(/boom/) });
    const late = await result(running.id, "--timeout-seconds", "0");
    expect(late).toMatchObject({ status: 1, output: "" });
    expect(late.errors).toContain(`Error: The job ${running.id} of ${name} has not ended.\n`);
    const waiting = cli.start(["jobs", "result", name, running.id], { columns: 80 });
    await waiting.stderr.has(/running/);
    gate.open();
    expect(await waiting.outcome).toMatchObject({ status: 0, output: '"through"\n' });
  });

  test("that never was, and one of which nothing is kept, are told apart at once", async () => {
    const { name, client } = await cli.served();
    const gone = await client.echo.submit(1, { resultSeconds: 0 });
    await expect.poll(() => gone.status().catch(({ expired }) => expired)).toBe(true);

    for (const command of ["show", "result"]) {
      const never = await cli.run(["jobs", command, name, "0.aaaaaaaa-1-0", "--json"]);
      const expired = await cli.run(["jobs", command, name, gone.id, "--json"]);
      expect([never.status, expired.status]).toEqual([1, 1]);
      expect(JSON.parse(never.errors).error.code).toBe("unknown_message");
      expect(JSON.parse(expired.errors).error.message).not.toBe(JSON.parse(never.errors).error.message);
    }
    expect((await cli.run(["jobs", "show", freshName(), "0.aaaaaaaa-1-0"])).status).toBe(1);
  });

  test("is cancelled while it waits and while it runs; the others are named", async () => {
    const { name, done, running, delayed } = await someJobs();

    expect(await cli.run(["jobs", "cancel", name, delayed.id, done.id, running.id])).toEqual({
      status: 1,
      output: `{"id":"${delayed.id}","cancelled":true}\n{"id":"${running.id}","cancelled":true}\n`,
      errors: `Error: Ended already, or not in ${name}: ${done.id}.\n`,
    });
    const { status, errors } = await cli.run(["jobs", "result", name, running.id]);
    expect([status, errors]).toEqual([1, `Error: The job ${running.id} (wait) of ${name} was cancelled.\n`]);
  });
});

test("what is kept is counted, and purged when it is asked for; other jobs stay", async () => {
  const { name, running, queue } = await someJobs();

  const { output: described } = await cli.run(["queues", "describe", name], { columns: 80 });
  expect(described).toMatch(/^ {2}results +2$/m);
  const top = await cli.run(["top", name, "--once"], { columns: 80 });
  expect(top.output).toMatch(/^QUEUE .* RESULTS$/m);
  expect(parsed((await cli.run(["top", name, "--once"])).output)).toMatchObject([{ queue: name, results: 2 }]);

  const asked = await cli.run(["jobs", "purge", name], { columns: 80, isInputTerminal: true, input: "y\n" });
  expect(asked).toMatchObject({ status: 0, output: `What was kept of 2 jobs of ${name} is removed.\n` });
  expect(asked.errors).toContain(`Remove what is kept of 2 jobs of ${name} that have ended? [y/N]`);
  expect(await queue.describe()).toMatchObject({ results: 0, leased: 1, delayed: 2 });
  expect(await running.status()).toMatchObject({ state: "running" });
});

describe("a message that is put", () => {
  test("with --result-seconds has what became of it kept", async () => {
    const name = freshName();
    const { id } = parsed((await cli.run(["put", name, "1", "--result-seconds", "60"])).output)[0] as { id: string };
    await cli.run(["receive", name, "--ack"]);

    expect(await cli.run(["jobs", "result", name, id])).toMatchObject({ status: 0, output: "null\n" });
    expect((await cli.run(["put", name, "1", "--result-seconds", "2592001"])).errors).toMatch(/from 0 to 2592000/);
  });

  test("with the header dq-task is a job of that task; other names of the queue's are refused", async () => {
    const { name } = await cli.served();
    const put = (header: string) => cli.run(["put", name, '{"url":"a"}', "--header", header]);

    const { id } = parsed((await put("dq-task=resize")).output)[0] as { id: string };
    expect(await cli.run(["jobs", "result", name, id])).toMatchObject({ status: 0, output: '{"key":"A"}\n' });
    expect(await put("dq-task=a b")).toMatchObject({
      status: 2,
      errors:
        'Error: The header dq-task must be the name of a task, 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit, not "a b".\n',
    });
    expect((await put("dq-other=1")).errors).toMatch(/must not begin with dq-/);
  });

  test("is a job also in another queue, by export and import", async () => {
    const { name, client } = await cli.served();
    await client.resize.submit({ url: "moved" }, { delaySeconds: 600, resultSeconds: 77 });
    const to = await cli.served();

    const exported = await cli.run(["export", name]);
    expect(parsed(exported.output)).toMatchObject([{ resultSeconds: 77, headers: { "dq-task": "resize" } }]);
    expect(await cli.run(["import", to.name], { input: exported.output })).toMatchObject({ status: 0 });

    const [job] = parsed((await cli.run(["jobs", "ls", to.name])).output);
    expect(job).toMatchObject({ task: "resize", state: "delayed" });
    expect(await to.queue.promote(`${job?.id}`)).toMatchObject({ resultSeconds: 77 });
    expect(await cli.run(["jobs", "result", to.name, `${job?.id}`])).toMatchObject({ output: '{"key":"MOVED"}\n' });
  });
});

test("how long results are kept is a setting of the queue", async () => {
  const name = freshName();

  const { output } = await cli.run(["queues", "configure", name, "--result-seconds", "120"], { columns: 80 });
  expect(output).toBe(`${name} has resultSeconds 120.\n`);
});
