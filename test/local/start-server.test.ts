/** `startServer` of durable-queue/testing: a real server for the tests of users. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startServer, type TestServerOptions } from "../../worker-client/testing/index.ts";

test("a server starts on a free port, and survives a crash with what it acknowledged", async () => {
  await using server = await startServer();
  const queue = server.manager().queue<string>("orders");
  await queue.put("a");

  await server.crash();

  expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await queue.get()).toBe("a");
});

test("two servers run side by side, each with its own queues and its own key", async () => {
  await using one = await startServer();
  await using other = await startServer();
  await one.manager().queue("a").put(1);

  expect(one.authkey).not.toBe(other.authkey);
  expect(await other.manager().queue("a").qsize()).toBe(0);
});

test("a server that stops ends its managers' calls, and can be stopped twice", async () => {
  const server = await startServer();
  const waiting = expect(server.manager().queue("a").get()).rejects.toThrow("closed");

  await Promise.all([server.stop(), server.stop()]);

  await waiting;
  await expect(server.crash()).rejects.toThrow("The server was stopped: start another one with startServer().");
});

test("a server that is stopped while it starts again after a crash leaves no process", async () => {
  const directory = mkdtempSync(join(tmpdir(), "durable-queue-crashed-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const first = await startServer({ directory });
  const crashes = [first.crash(), first.crash()];

  await first.stop();
  await Promise.all(crashes);

  // The directory is held by one process at a time.
  await using second = await startServer({ directory });
  expect(await second.manager({ address: undefined, authkey: undefined }).queue("a").qsize()).toBe(0);
});

test("a directory of the test's own is kept, and served again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "durable-queue-kept-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const first = await startServer({ directory, authkey: "a" });
  await first.manager().queue("a").put("kept");
  await first.stop();

  await using second = await startServer({ directory, authkey: "b" });

  expect(existsSync(directory)).toBe(true);
  expect(await second.manager().queue("a").get()).toBe("kept");
});

test("a port that is taken is said", async () => {
  await using server = await startServer();
  const port = Number(new URL(server.address).port);

  await expect(startServer({ port })).rejects.toThrow(`${port}`);
});

test.each<[TestServerOptions, string]>([
  [{ port: -1 }, "port must be a whole number from 0 to 65535, not -1."],
  [{ portt: 1 } as TestServerOptions, 'startServer() has no option "portt". Did you mean "port"?'],
])("options %j are refused with a sentence", async (options, sentence) => {
  await expect(startServer(options)).rejects.toThrow(sentence);
});
