import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { environmentFor, type Place, Running, runCli } from "./in-process.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

/** A command that finds the server, and goes on until it is interrupted. */
function start(args: string[], place: Place = {}): Running {
  return new Running(args, { ...place, environment: { ...environmentFor(server), ...place.environment } });
}

const OFTEN = ["--interval-seconds", "0.2"];

describe("tail", () => {
  test("prints each new message once, none that was there, and takes none", async () => {
    const queue = server.manager().queue(freshName());
    await queue.put("old");
    const tail = start(["tail", queue.name, ...OFTEN], { columns: 120 });
    await tail.stderr.has(/Following/);

    await queue.putMany(["a", "b"]);
    await tail.stdout.has(/"b"/);
    await queue.put("c");
    await tail.stdout.has(/"c"/);
    tail.interrupt();

    const { status, output, errors } = await tail.outcome;
    expect(status).toBe(0);
    expect(
      output
        .trimEnd()
        .split("\n")
        .map((line) => line.split("  ").at(-1)),
    ).toEqual(['"a"', '"b"', '"c"']);
    expect(errors).toBe(`Messages that are there already: 1.\nFollowing ${queue.name}, until Ctrl-C.\n`);
    expect(await queue.describe()).toMatchObject({ visible: 4, leased: 0 });
  });

  test("waits for a queue that does not exist, and goes on with another of its name", async () => {
    const queue = server.manager().queue(freshName());
    const tail = start(["tail", queue.name, "--json", ...OFTEN], { columns: 80 });
    await tail.stderr.has(/Following/);

    await queue.put("first");
    await tail.stdout.has(/first/);
    await queue.putMany(["second", "third"]);
    await tail.stdout.has(/third/);
    await queue.delete();
    await queue.put("of the next queue");
    await tail.stdout.has(/of the next queue/);
    tail.interrupt();

    const { output } = await tail.outcome;
    expect(
      output
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).body),
    ).toEqual([...["first", "second", "third", "of the next queue"]]);
  });

  test("begins behind a message, and goes over messages that came and went", async () => {
    const queue = server.manager().queue(freshName());
    const [, second = ""] = await queue.putMany([1, 2, 3]);
    const tail = start(["tail", queue.name, "--after", second, ...OFTEN], { columns: 120 });
    await tail.stdout.has(/3\n$/);

    const ids = await queue.putMany(
      Array.from({ length: 5 }, () => "gone"),
      { delaySeconds: 100 },
    );
    await Promise.all(ids.map((id) => queue.cancel(id)));
    await queue.put(4);
    await tail.stdout.has(/4\n$/);
    tail.interrupt();

    expect((await tail.outcome).output).not.toMatch(/ {2}[12]\n/);
  });

  test("goes on when the server was away for a while", async () => {
    const other = new TestServer();
    await other.start();
    const environment = { ...environmentFor(other), DURABLE_QUEUE_RETRY_SECONDS: "0" };
    const tail = start(["tail", "q", "--json", ...OFTEN], { environment, columns: 80 });
    await tail.stderr.has(/Following/);
    await other.manager().queue("q").put("before");
    await tail.stdout.has(/before/);
    await other.crash();
    await other.start();
    await other.manager().queue("q").put("after");
    await tail.stdout.has(/after/);
    tail.interrupt();

    const { output, errors } = await tail.outcome;
    expect(output.trimEnd().split("\n")).toHaveLength(2);
    expect(errors).toBe("Following q, until Ctrl-C.\n");
    await other.remove();
  });

  test("of a server that is away ends with its sentence", async () => {
    const environment = { DURABLE_QUEUE_ADDRESS: "http://127.0.0.1:4", DURABLE_QUEUE_RETRY_SECONDS: "0" };

    expect(await start(["tail", "a"], { environment }).outcome).toMatchObject({ status: 1, output: "" });
  });
});

describe("top", () => {
  test("prints one picture with --once: a table, or a line of JSON for each queue", async () => {
    const queue = server.manager().queue(freshName());
    await queue.putMany([1, 2, 3]);
    await queue.receive();

    const table = await start(["top", queue.name, "--once"], { columns: 80 }).outcome;
    expect(table.output.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^QUEUE +VISIBLE +DELAYED +LEASED +DEAD +PUT\/S +DONE\/S +OLDEST +CONS$/),
      expect.stringMatching(new RegExp(`^${queue.name} +2 +0 +1 +0 +- +- +[0-9.]+s +[01]$`)),
    ]);
    const json = await start(["top", queue.name, "--once"]).outcome;
    expect(JSON.parse(json.output)).toMatchObject({ queue: queue.name, visible: 2, leased: 1, dead: 0 });
    expect(await start(["top", "none", "--once"], { columns: 80 }).outcome).toMatchObject({
      status: 0,
      output: "There are no queues.\n",
    });
  });

  test("shows what is put and done in a second, on a screen that it gives back", async () => {
    const queue = server.manager().queue(freshName());
    await queue.put(1);
    const top = start(["top", queue.name, ...OFTEN], { columns: 100 });
    await top.stdout.has(new RegExp(`${queue.name} +1 +0`));
    await queue.putMany([2, 3, 4]);
    await top.stdout.has(new RegExp(`${queue.name} +4 +0 +0 +0 +[0-9.]+ +0 `));
    top.interrupt();

    const { status, output } = await top.outcome;
    expect(status).toBe(0);
    expect(output.startsWith("\u001b[?1049h\u001b[?25l")).toBe(true);
    expect(output.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
  });

  test("goes on while the server is away, says so, and shows it when it is back", async () => {
    const other = new TestServer();
    await other.start();
    const queue = other.manager().queue("q");
    await queue.put(1);
    const environment = { ...environmentFor(other), DURABLE_QUEUE_RETRY_SECONDS: "0" };
    const top = new Running(["top", "q", ...OFTEN], { environment, columns: 100 });
    await top.stdout.has(/q +1 +0/);
    await other.crash();
    await top.stdout.has(/could not be reached/);
    await other.start();
    await queue.put(2);
    await top.stdout.has(/q +2 +0/);
    top.interrupt();

    expect((await top.outcome).output.endsWith("\u001b[?1049l")).toBe(true);
    await other.remove();
  });

  test("without names shows the queues with the most messages, and says how many it leaves out", async () => {
    const other = new TestServer();
    await other.start();
    const manager = other.manager();
    const names = Array.from({ length: 22 }, (_, index) => `q-${String(index).padStart(2, "0")}`);
    await Promise.all(names.map((name, index) => manager.queue(name).putMany(index < 2 ? [1] : [1, 2])));
    const isCounted = async () => {
      for await (const { counts } of manager.queues()) if (counts === undefined) return false;
      return true;
    };
    while (!(await isCounted())) await manager.queue("q-21").describe();

    const { output } = await start(["top", "--once"], { columns: 80, environment: environmentFor(other) }).outcome;

    expect(output.match(/^q-\d\d/gm)).toEqual(names.slice(2));
    expect(output).toContain("\n2 queues with fewer messages not shown: name those to watch.\n");
    await other.remove();
  });

  test("says a wrong key or name before it takes the screen", async () => {
    const environment = { DURABLE_QUEUE_AUTHKEY: "wrong" };

    expect(await start(["top"], { columns: 80, environment }).outcome).toMatchObject({ status: 1, output: "" });
    expect(await start(["top", "a/b"], { columns: 80 }).outcome).toMatchObject({ status: 2, output: "" });
  });
});

describe("completion", () => {
  const words = async (...args: string[]) => {
    const environment = environmentFor(server);
    const { output } = await runCli(["__complete", "--", ...args], { environment });
    return output.split("\n").slice(0, -1);
  };

  test("offers commands, flags, choices and names of queues", async () => {
    const name = freshName();
    await server.manager().queue(name).put(1);

    expect(await words("qu")).toEqual(["queues"]);
    expect(await words("queues", "de")).toEqual(["describe"]);
    expect(await words("messages", "list", name, "--state", "de")).toEqual(["delayed", "dead"]);
    expect(await words("put", "--js")).toEqual(["--json"]);
    expect(await words("put", name, "1", "--dedupe-k")).toEqual(["--dedupe-key"]);
    expect(await words("queues", "describe", name)).toContain(name);
    expect(await words("--address", server.address, "dead", "redrive", "--to", name)).toContain(name);
    expect(await words("put", name, "")).toEqual([]);
  });

  test("says nothing where there is no server, no key, or a mistake in the profiles", async () => {
    const none = { status: 0, output: "", errors: "" };
    const away = { DURABLE_QUEUE_ADDRESS: "http://127.0.0.1:4", DURABLE_QUEUE_AUTHKEY: "k" };

    expect(await runCli(["__complete", "--", "get", ""])).toEqual(none);
    expect(await runCli(["__complete", "--", "get", ""], { environment: away })).toEqual(none);
    expect(await runCli(["__complete", "--", "get", ""], { environment: { DURABLE_QUEUE_PROFILE: "none" } })).toEqual(
      none,
    );
    expect(await runCli(["completion", "bash"], { environment: { DURABLE_QUEUE_PROFILE: "none" } })).toMatchObject({
      status: 0,
      output: expect.stringContaining("complete -o default -F _durable_queue durable-queue\n"),
    });
  });
});
