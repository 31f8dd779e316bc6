import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAuthkeys } from "../../src/api/keys/authkeys.ts";
import { hashOf, KnownKeys } from "../../src/api/keys/principals.ts";
import { settingsFrom } from "../../src/local/settings.ts";
import { runCli } from "../cli/in-process.ts";

const WORKER = ["--name", "mail-worker", "--scopes", "receive,read"];

/** What `durable-queue keys new` prints on a terminal. */
async function newKey(args: string[], authkeys: string): Promise<string> {
  const { status, output, errors } = await runCli(["keys", "new", ...args], {
    environment: { AUTHKEYS: authkeys },
    columns: 80,
  });
  if (status !== 0) throw new Error(`${status} ${errors.trimEnd()}`);
  return output;
}

function partsOf(printed: string): { key: string; authkeys: string } {
  const key = /^key: (dq_[A-Za-z0-9_-]{43})$/m.exec(printed)?.[1] ?? "";
  return { key, authkeys: /^AUTHKEYS=(.*)$/m.exec(printed)?.[1] ?? "" };
}

test("a new key is printed once, with an entry that has only its hash", async () => {
  const printed = await newKey([...WORKER, "--queues", "mail.,thumbs", "--until", "2027-01-31"], "");

  const { key, authkeys } = partsOf(printed);
  expect(printed.split(key)).toHaveLength(2);
  expect(parseAuthkeys(authkeys)).toEqual([
    {
      ...{ name: "mail-worker", hash: await hashOf(key), scopes: ["receive", "read"], queues: ["mail.", "thumbs"] },
      endsAt: Date.parse("2027-01-31T00:00:00Z"),
    },
  ]);
  expect(await new KnownKeys().principalOf({ AUTHKEYS: authkeys }, key, 0)).toMatchObject({ name: "mail-worker" });
});

test("a new key is added to those that the server has, so that both count while clients change over", async () => {
  const old = partsOf(await newKey(WORKER, ""));
  const next = partsOf(await newKey(["--name", "mail-worker-2", "--scopes", "receive"], old.authkeys));

  for (const { key } of [old, next]) {
    expect(await new KnownKeys().principalOf({ AUTHKEYS: next.authkeys }, key, 0)).toMatchObject({ queues: [""] });
  }
  expect(settingsFrom({}, { AUTHKEYS: next.authkeys })).toMatchObject({ authkeys: next.authkeys });
});

test.each([
  [["--name", "a b", "--scopes", "put"], "--name must be 1 to 64 of A-Z a-z 0-9 . _ -."],
  [["--name", "a", "--scopes", "write"], "--scopes must be one of read, put, receive, admin."],
  [[...WORKER, "--queues", "a,.x"], "--queues must be the beginning of a queue's name."],
  [[...WORKER, "--until", "soon"], "--until must be a time as 2027-01-31T00:00:00Z."],
])("a wrong command line is answered with the option and its rule: %j", async (args, sentence) => {
  await expect(newKey(args, "")).rejects.toThrow(new Error(`2 Error: ${sentence}`));
});

test("a second key of one name is refused", async () => {
  const { authkeys } = partsOf(await newKey(WORKER, ""));

  await expect(newKey(WORKER, authkeys)).rejects.toThrow("AUTHKEYS must have no two keys of one name.");
});

test("a server does not start with wrong keys", () => {
  expect(() => settingsFrom({}, { AUTHKEYS: "[{}]" })).toThrow(
    /^AUTHKEYS\[0\]\.name is missing; it must be a string\./,
  );
});

test("neither the refusal of a command nor that of a server holds a key or a hash", async () => {
  const { key, authkeys } = partsOf(await newKey(WORKER, ""));
  const hash = await hashOf(key);
  const misplaced = [
    ...[`[{"${key}":["put"]}]`, `["${key}"]`, `"${key}"`, key, `[{"name":"a","hash":"${key}","scopes":["${key}"]}]`],
    ...[authkeys.replace("sha256", "md5"), authkeys.replace("receive", key), `[${authkeys}]`],
    JSON.stringify([...JSON.parse(authkeys), { name: "other", hash, scopes: ["put"] }]),
  ];

  for (const text of misplaced) {
    const refusal = await newKey(["--name", "b", "--scopes", "put"], text).catch(String);
    expect(refusal).toMatch(/^Error: 2 Error: AUTHKEYS/);
    expect(refusal).not.toContain(key);
    expect(refusal).not.toContain(hash.slice("sha256:".length));
  }
});

test("the command in the documents makes a key", async () => {
  const page = readFileSync(`${import.meta.dirname}/../../docs/deploy.md`, "utf8");
  const [, options = ""] = /^npx durable-queue keys new (.*)$/m.exec(page) ?? [];

  expect(parseAuthkeys(partsOf(await newKey(options.split(" "), "")).authkeys)).toMatchObject([
    { name: "mail-worker" },
  ]);
});
