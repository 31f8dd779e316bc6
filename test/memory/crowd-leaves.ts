import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** How many files the server may have open, connections included. */
const DESCRIPTORS = Number(process.env.DESCRIPTORS ?? 1_024);
/** More connections than that. */
const BEYOND = 200;
/** Opened in one go. */
const GROUP = 50;
const GROUP_PAUSE_MS = 20;
const STAY_SECONDS = 5;
const RECOVERY_SECONDS = 10;
const ANSWER_MS = 2_000;
const POLL_MS = 100;
const STOP_MS = 10_000;
const AUTHKEY = "memory-test";
const DEV = [`${import.meta.dirname}/../../worker-client/cli/index.ts`, "dev"];

/**
 * Lets a crowd of connections without the authkey come to a server with few descriptors and leave, and sees whether it
 * answers soon after, with what it had stored. Answers with the code with which the program is to end.
 */
export async function crowdLeaves(): Promise<number> {
  if (process.platform === "win32") throw new Error("Limits of descriptors are set with the shell of Unix.");
  const directory = mkdtempSync(`${tmpdir()}/durable-queue-crowd-`);
  const limited = `ulimit -Sn ${DESCRIPTORS} && ulimit -Hn ${DESCRIPTORS} && exec "$0" "$@"`;
  const server = spawn("/bin/sh", ["-c", limited, process.execPath, ...DEV], {
    env: { ...process.env, PORT: "0", HOST: "127.0.0.1", AUTHKEY, DATA_DIR: directory },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((settle) => server.once("exit", () => settle()));
  try {
    const address = await printedAddress(server);
    const faults = await comeAndLeave(address);
    for (const fault of faults) console.log(`FAULT            ${fault}`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    const timer = setTimeout(() => server.kill("SIGKILL"), STOP_MS);
    server.kill("SIGTERM");
    if (server.exitCode === null && server.signalCode === null) await ended;
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Where the server says that it serves. Throws when it ends before. */
async function printedAddress(server: ChildProcess): Promise<string> {
  for await (const line of createInterface(server.stdout as Readable)) {
    const address = /serves (http:\/\/\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    // What else it says is not kept, but has to be taken.
    server.stdout?.resume();
    return address;
  }
  throw new Error("The server ended before it served.");
}

async function comeAndLeave(address: string): Promise<string[]> {
  if ((await statusOf(address, "POST", "/messages", `{"messages":[{"body":1}]}`)) !== 201)
    return ["No message was put."];
  const { crowd, refused } = await openMany(Number(new URL(address).port));
  await sleep(STAY_SECONDS * 1_000);
  const during = await statusOf(address, "GET", "");
  const endedByServer = refused();
  for (const socket of crowd) socket.destroy();
  const leftAt = performance.now();
  let status = await statusOf(address, "GET", "");
  while (status !== 200 && performance.now() - leftAt < RECOVERY_SECONDS * 1_000) {
    await sleep(POLL_MS);
    status = await statusOf(address, "GET", "");
  }
  const tookSeconds = ((performance.now() - leftAt) / 1_000).toFixed(1);
  console.log(
    `crowd            ${crowd.length} connections, ${DESCRIPTORS} descriptors, ${endedByServer} ended by the server`,
  );
  console.log(`while it stayed  ${during ?? "no answer"}`);
  console.log(`after it left    ${status ?? "no answer"} after ${tookSeconds} s`);
  if (status !== 200) return [`The server did not answer within ${RECOVERY_SECONDS} s.`];
  const put = await statusOf(address, "POST", "/messages", `{"messages":[{"body":2}]}`);
  return put === 201 ? [] : [`A put was answered with ${put ?? "nothing"}.`];
}

async function openMany(port: number): Promise<{ crowd: Socket[]; refused: () => number }> {
  const crowd: Socket[] = [];
  let refused = 0;
  while (crowd.length < DESCRIPTORS + BEYOND) {
    for (let count = 0; count < GROUP; count += 1) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.on("close", () => {
        refused += 1;
      });
      crowd.push(socket);
    }
    await sleep(GROUP_PAUSE_MS);
  }
  return { crowd, refused: () => refused };
}

/** The status of a request about a queue; undefined where there is no answer. */
async function statusOf(address: string, method: string, path: string, body?: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${address}/v1/queues/crowd${path}`, {
      method,
      ...(body !== undefined && { body }),
      headers: { Authorization: `Bearer ${AUTHKEY}`, Connection: "close" },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}
