import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { environmentFor, type Place, runCli } from "./in-process.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

function cli(args: string[], place: Place = {}) {
  return runCli(args, { ...place, environment: { ...environmentFor(server), ...place.environment } });
}

const TERMINAL = { columns: 80, isInputTerminal: true };

/** A queue with messages that were rejected. */
async function queueWithDead(count: number) {
  const queue = server.manager().queue(freshName());
  await queue.putMany(Array.from({ length: count }, (_, index) => index));
  for (const message of await queue.receive({ max: count })) await message.reject({ error: "no such address" });
  return queue;
}

describe("what cannot be undone", () => {
  test.each([
    [["queues", "purge"], "purge"],
    [["queues", "rm"], "rm"],
    [["queues", "shutdown"], "shutdown"],
    [["dead", "purge"], "dead purge"],
    [["dead", "redrive"], "redrive of all dead letters"],
    [["jobs", "purge"], "jobs purge"],
  ])("needs --yes where there is no terminal, and changes nothing without it: %j", async (words, action) => {
    const queue = await queueWithDead(2);
    const before = await queue.describe();

    expect(await cli([...words, queue.name])).toEqual({
      status: 2,
      output: "",
      errors: `Error: ${action} needs --yes where there is no terminal to ask on. Nothing was changed.\n`,
    });
    expect(await cli([...words, queue.name], { ...TERMINAL, input: "n\n" })).toMatchObject({ status: 1, output: "" });
    expect(await queue.describe()).toEqual({ ...before, oldestSeconds: expect.any(Number) });
    expect(await cli([...words, queue.name, "--yes"])).toMatchObject({ status: 0, errors: "" });
  });

  test("is asked for on a terminal, with what it is about; only yes is yes, and no input is none", async () => {
    const queue = await queueWithDead(3);

    const refused = await cli(["queues", "purge", queue.name], { ...TERMINAL, input: "\n" });
    expect(refused.errors).toContain(`Remove 3 messages from ${queue.name}? [y/N]`);
    expect(refused.errors.endsWith("Error: Nothing was changed.\n")).toBe(true);
    expect(await cli(["queues", "purge", queue.name], { ...TERMINAL, input: "" })).toMatchObject({ status: 1 });
    expect(await cli(["queues", "purge", queue.name], { ...TERMINAL, input: "yes\n" })).toMatchObject({
      status: 0,
      output: `3 messages of ${queue.name} removed.\n`,
    });
  });

  test("goes without asking where the variable says so", async () => {
    const queue = await queueWithDead(1);

    expect(await cli(["queues", "rm", queue.name], { environment: { DURABLE_QUEUE_YES: "1" } })).toMatchObject({
      status: 0,
      output: `{"deleted":"${queue.name}"}\n`,
    });
    expect(await cli(["queues", "rm", queue.name, "--yes"])).toMatchObject({
      status: 1,
      errors: `Error: There is no queue ${queue.name}.\n`,
    });
  });
});

describe("a queue", () => {
  test("is configured, described, paused and resumed", async () => {
    const name = freshName();
    const configured = await cli([
      ...["queues", "configure", name, "--max-attempts", "3", "--dead-letter-queue", "others"],
      ...["--dead-letter-expired", "true", "--retry-delay-jitter", "0"],
    ]);
    expect(JSON.parse(configured.output)).toMatchObject({
      ...{ maxAttempts: 3, deadLetterQueue: "others", deadLetterExpired: true, retryDelayJitter: 0 },
    });
    await cli(["queues", "configure", name, "--no-dead-letter-queue"]);
    await cli(["queues", "pause", name, "--only", "puts"]);
    const { output } = await cli(["queues", "describe", name]);
    expect(JSON.parse(output)).toMatchObject({ deadLetterQueue: null, paused: { puts: true, receives: false } });
    expect(await cli(["put", name, "1", "--timeout-seconds", "0"])).toMatchObject({ status: 1 });
    await cli(["queues", "resume", name]);
    expect(await cli(["put", name, "1", "--timeout-seconds", "0"])).toMatchObject({ status: 0 });
  });

  test("that does not exist is a failure with its code", async () => {
    const name = freshName();
    const { status, errors } = await cli(["queues", "describe", name, "--json"]);

    expect([status, JSON.parse(errors).error.code]).toEqual([1, "unknown_queue"]);
  });
});

test.each(["a b", "../x", "a/b", "", ".a", "ä", "a\u0000", "x".repeat(129), "a?b", "a%2fb"])(
  "a name that no queue can have is refused before anything is sent: %j",
  async (name) => {
    const { status, output, errors } = await cli(["put", "--", name, "1"]);

    expect({ status, output }).toEqual({ status: 2, output: "" });
    expect(errors).toMatch(/^Error: The name of a queue must be 1 to 128 of A-Z a-z 0-9 \. _ -, the first a letter/);
  },
);

test("names of dots, digits and dashes are taken as they are", async () => {
  const name = `0.${freshName()}_-.`;

  expect(await cli(["put", name, "1"])).toMatchObject({ status: 0 });
  expect(JSON.parse((await cli(["queues", "describe", name])).output)).toMatchObject({ name, visible: 1 });
});

test("a message is put with all its options, shown, promoted and cancelled", async () => {
  const name = freshName();
  const { output } = await cli([
    ...["put", name, '{"a":1}', "--delay-seconds", "3600", "--priority", "7", "--group", "g", "--max-attempts", "4"],
    ...["--header", "trace-id=a=b", "--header", "x=-1", "--dedupe-key", "k", "--dedupe-until", "done"],
  ]);
  const { id } = JSON.parse(output) as { id: string };

  const shown = JSON.parse((await cli(["messages", "peek", name, id])).output);
  expect(shown).toMatchObject({
    ...{ id, state: "delayed", body: { a: 1 }, priority: 7, group: "g", maxAttempts: 4 },
    headers: { "trace-id": "a=b", x: "-1" },
  });
  expect(JSON.parse((await cli(["put", name, "2", "--dedupe-key", "k"])).output)).toEqual({ id });
  expect(await cli(["messages", "promote", name, id], { columns: 80 })).toMatchObject({
    output: `${id} is visible.\n`,
  });
  expect(await cli(["messages", "cancel", name, id, "0.none-1-1"])).toEqual({
    status: 1,
    output: `{"id":"${id}","cancelled":true}\n`,
    errors: `Error: Not in ${name}, or done already: 0.none-1-1.\n`,
  });
});

test("dead letters are listed with their reason, and redriven", async () => {
  const queue = await queueWithDead(2);
  const { output } = await cli(["dead", "ls", queue.name]);
  const dead = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

  expect(dead).toMatchObject([
    { body: 0, reason: "rejected", lastError: "no such address" },
    { body: 1, reason: "rejected", lastError: "no such address" },
  ]);
  expect(await cli(["dead", "redrive", queue.name, dead[1].id])).toMatchObject({ output: '{"redriven":1}\n' });
  expect(await cli(["dead", "redrive", queue.name, "--max", "10"])).toMatchObject({ output: '{"redriven":1}\n' });
});

describe("a message that was received", () => {
  test("is finished by its receipt, once", async () => {
    const name = freshName();
    await cli(["put", name, "1"]);
    const received = await cli(["receive", name, "--lease-seconds", "60"]);
    const { receipt, attempt } = JSON.parse(received.output);

    expect(attempt).toBe(1);
    expect(await cli(["leases", "extend", name, receipt, "--lease-seconds", "90"])).toMatchObject({ status: 0 });
    expect(await cli(["leases", "ack", name, receipt])).toMatchObject({
      status: 0,
      output: '{"acked":1,"stale":[]}\n',
    });
    expect(await cli(["leases", "ack", name, receipt])).toEqual({
      status: 1,
      output: `{"acked":0,"stale":["${receipt}"]}\n`,
      errors: `Error: Stale, because the lease is over: ${receipt}.\n`,
    });
    expect(await cli(["receive", name, "--timeout-seconds", "0"])).toMatchObject({ status: 1, output: "" });
  });

  test("is done at once with --ack, and goes back with its error", async () => {
    const name = freshName();
    await cli(["put", name, "1"]);
    const { receipt } = JSON.parse((await cli(["receive", name])).output);
    await cli(["leases", "retry", name, receipt, "--delay-seconds", "0", "--error", "mailbox is full"]);
    const again = JSON.parse((await cli(["receive", name, "--ack"])).output);

    expect(again).toMatchObject({ attempt: 2, lastError: "mailbox is full" });
    expect(await server.manager().queue(name).describe()).toMatchObject({ done: 1, leased: 0 });
  });
});

test("a wrong key is a failure that says so, and doctor finds it", async () => {
  const environment = { DURABLE_QUEUE_AUTHKEY: "wrong" };
  const doctor = await cli(["doctor"], { environment });

  expect(await cli(["queues", "ls"], { environment })).toMatchObject({
    status: 1,
    errors: expect.stringContaining("refused the authkey"),
  });
  expect([doctor.status, doctor.errors]).toEqual([1, "Error: 1 fault found.\n"]);
  expect(JSON.parse(doctor.output.trimEnd().split("\n").at(-1) ?? "")).toEqual({
    check: "key",
    state: "fault",
    says: "The one from the environment is refused: The authkey is wrong; send one of those that the server has.",
  });
  expect(await cli(["doctor"])).toMatchObject({ status: 0, errors: "" });
});

describe("doctor", () => {
  test.each(["http://user:secret@127.0.0.1:8787", "http://127.0.0.1:8787/?key=secret"])(
    "does not show what is in an address that no client takes: %s",
    async (address) => {
      const { output } = await cli(["doctor", "--address", address]);

      expect(output).toContain("must have none of them.");
      expect(output).not.toContain("secret");
    },
  );

  const findingsOf = ({ output }: { output: string }) =>
    output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { check: string; state: string; says: string });

  test("says what a server is that is none, and how one that is away can be started", async () => {
    const page = createServer((_, response) => response.setHeader("Connection", "close").end("<html>")).listen(
      0,
      "127.0.0.1",
    );
    await once(page, "listening");
    const { port } = page.address() as { port: number };
    const answer = await cli(["doctor", "--address", `http://127.0.0.1:${port}`]);
    page.close();
    await once(page, "close");
    const away = await cli(["doctor", "--address", `http://127.0.0.1:${port}`]);

    expect(findingsOf(answer).find(({ check }) => check === "server")).toEqual({
      check: "server",
      state: "fault",
      says: `http://127.0.0.1:${port}/healthz answered 200, and not as a durable-queue server: is the address right, with its path?`,
    });
    expect(findingsOf(away).at(-1)).toEqual({
      check: "server",
      state: "fault",
      says: `http://127.0.0.1:${port} cannot be reached (ECONNREFUSED). Is it running, and is this its address? durable-queue dev starts one here.`,
    });
    expect([answer.status, away.status]).toEqual([1, 1]);
  });

  test("finds nothing wrong with a server that serves, and says what the key grants", async () => {
    const all = findingsOf(await cli(["doctor"]));

    expect(all.map(({ check, state }) => `${check} ${state}`)).toEqual([
      ...["version ok", "address ok", "server ok", "clock ok", "key ok", "queues ok", "limits ok"],
    ]);
    expect(all.find(({ check }) => check === "key")?.says).toBe(
      "owner, from the environment: read, put, receive, admin on all queues",
    );
  });
});
