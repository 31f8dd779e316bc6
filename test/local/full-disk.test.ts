/** A disk that is full, on the real server: a small file system in memory, where the test may mount one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { StorageFull } from "../../worker-client/src/index.ts";
import { eventually } from "../support/eventually.ts";
import { AUTHKEY, TestServer } from "../support/server.ts";

const disk = mkdtempSync(`${tmpdir()}/durable-queue-small-disk-`);
const canMount = mount();
const server = new TestServer();

function mount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  if (!canMount) return;
  // The server's directory is made where temporary files are.
  vi.stubEnv("TMPDIR", disk);
  await server.start();
  vi.unstubAllEnvs();
});

afterAll(async () => {
  if (canMount) {
    await server.remove();
    execFileSync("umount", [disk]);
  }
  rmSync(disk, { recursive: true, force: true });
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: { code?: string } }> {
  const init = { method, headers: { Authorization: `Bearer ${AUTHKEY}` } };
  const response = await fetch(
    `${server.address}/v1/queues${path}`,
    body === undefined ? init : { ...init, body: JSON.stringify(body) },
  );
  return { status: response.status, body: (await response.json()) as { code?: string } };
}

test.skipIf(!canMount)("a full disk is told as such, loses nothing, and puts go on when there is room", async () => {
  const accepted: number[] = [];
  const refusals = new Set<string>();
  await call("PUT", "/spare", {});
  // A queue that is not in use leaves memory after ten seconds, and a full disk has no room to load it.
  const useSpare = () => call("GET", "/spare");
  for (let number = 0; refusals.size === 0 && number < 1_000; number += 1) {
    const { status, body } = await call("POST", "/q/messages", {
      messages: [{ body: { number, x: "x".repeat(20_000) } }],
    });
    if (status === 201) accepted.push(number);
    else refusals.add(`${status} ${body.code}`);
    await useSpare();
  }
  const more = { messages: [{ body: { number: -1, x: "x".repeat(20_000) } }] };
  for (let times = 0; times < 5; times += 1) {
    const { status, body } = await call("POST", "/q/messages", more);
    refusals.add(`${status} ${body.code}`);
    await useSpare();
  }
  const created = await call("PUT", "/new", {});
  const described = await call("GET", "/q");
  const manager = server.manager({ retrySeconds: 1 });
  await useSpare();
  const put = await manager
    .queue("q")
    .put({ number: -2, x: "x".repeat(20_000) })
    .catch((error: unknown) => error);
  const deleted = await call("DELETE", "/spare");

  expect(accepted.length).toBeGreaterThan(10);
  expect([...refusals]).toEqual(["507 storage_full"]);
  expect(`${created.status} ${created.body.code}`).toBe("507 storage_full");
  expect(described).toMatchObject({ status: 200, body: { accepted: accepted.length } });
  expect(put).toBeInstanceOf(StorageFull);
  expect(deleted).toEqual({ status: 200, body: { deleted: true } });

  execFileSync("mount", ["-o", "remount,size=30m", disk]);
  await eventually(() => manager.queue("q").putNowait({ number: accepted.length }));
  const received = (await manager.queue<{ number: number }>("q").receive({ max: 1_000 })).map(
    ({ item }) => item.number,
  );
  expect(received).toEqual([...accepted, accepted.length]);
  await manager.close();
});
