import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GlobalFlags, settingsOf } from "../../worker-client/cli/base/settings.ts";
import { ioOf, runCli } from "./in-process.ts";

let home: string;
let profiles: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "durable-queue-home-"));
  profiles = join(home, ".config/durable-queue/profiles.json");
  mkdirSync(join(home, ".config/durable-queue"), { recursive: true });
  writeProfiles({
    production: { address: "https://queue.example.com", authkey: "of-production" },
    keyless: { address: "https://keyless.example.com" },
  });
});
afterAll(() => rmSync(home, { recursive: true }));

function writeProfiles(content: unknown): void {
  writeFileSync(profiles, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
}

function settings(flags: GlobalFlags, environment: Record<string, string> = {}, folder = home) {
  return settingsOf(flags, ioOf({ environment, folder, home }));
}

const PRODUCTION = { address: "https://queue.example.com", authkey: "of-production" };
const ENVIRONMENT = { DURABLE_QUEUE_ADDRESS: "https://env.example.com", DURABLE_QUEUE_AUTHKEY: "of-env" };

describe("an address and a key", () => {
  test("of flags go before those of the environment, and those before those of a profile in the environment", () => {
    const environment = { ...ENVIRONMENT, DURABLE_QUEUE_PROFILE: "production" };

    expect(settings({ address: "http://127.0.0.1:1", authkey: "of-flag" }, environment)).toMatchObject({
      address: "http://127.0.0.1:1",
      authkey: "of-flag",
    });
    expect(settings({ authkey: "of-flag" }, environment)).toMatchObject({
      address: "https://env.example.com",
      authkey: "of-flag",
    });
    expect(settings({}, environment)).toMatchObject({ address: "https://env.example.com", authkey: "of-env" });
    expect(settings({}, { DURABLE_QUEUE_PROFILE: "production" })).toMatchObject(PRODUCTION);
    expect(settings({})).toMatchObject({ address: "http://127.0.0.1:8787", authkey: undefined });
  });

  test("of a profile that is given as a flag go before the environment: what is meant for production goes there", () => {
    expect(settings({ profile: "production" }, ENVIRONMENT)).toMatchObject(PRODUCTION);
    expect(settings({ profile: "keyless" }, ENVIRONMENT)).toMatchObject({
      address: "https://keyless.example.com",
      authkey: "of-env",
    });
  });

  test("an empty variable counts as none, as in shells", () => {
    expect(settings({}, { DURABLE_QUEUE_PROFILE: "production", DURABLE_QUEUE_AUTHKEY: "" })).toMatchObject(PRODUCTION);
  });

  test("the key of a profile is sent to no other server", () => {
    const environment = { DURABLE_QUEUE_ADDRESS: "https://env.example.com", DURABLE_QUEUE_PROFILE: "production" };

    expect(() => settings({}, environment)).toThrow(
      'The authkey of the profile "production" (DURABLE_QUEUE_PROFILE) is for https://queue.example.com, not for https://env.example.com: give the authkey of https://env.example.com as well.',
    );
    expect(settings({ address: "https://other.example.com", profile: "production" })).toMatchObject({
      address: "https://other.example.com",
      authkey: "of-production",
    });
  });

  test("are those of the server that runs in the folder, if there are no others", () => {
    const folder = mkdtempSync(join(tmpdir(), "durable-queue-folder-"));
    mkdirSync(join(folder, ".data"));
    const file = join(folder, ".data/client.env");
    writeFileSync(file, "DURABLE_QUEUE_ADDRESS='http://127.0.0.1:4711'\nDURABLE_QUEUE_AUTHKEY='a#b'\n", {
      mode: 0o600,
    });

    expect(settings({}, {}, folder)).toMatchObject({
      ...{ address: "http://127.0.0.1:4711", authkey: "a#b", addressSource: file, authkeySource: file },
    });
    expect(settings({}, { DURABLE_QUEUE_ADDRESS: "http://127.0.0.1:1" }, folder)).toMatchObject({
      address: "http://127.0.0.1:1",
      authkey: undefined,
    });
    rmSync(folder, { recursive: true });
  });
});

describe("the file of profiles", () => {
  test("may be elsewhere, as XDG_CONFIG_HOME says", () => {
    expect(settings({ profile: "production" }, { XDG_CONFIG_HOME: join(home, ".config") })).toMatchObject(PRODUCTION);
    expect(() => settings({ profile: "production" }, { XDG_CONFIG_HOME: "/nowhere" })).toThrow(
      "The file of profiles /nowhere/durable-queue/profiles.json cannot be read (ENOENT): --profile needs it.",
    );
  });

  test("that other users may read is reported", () => {
    chmodSync(profiles, 0o644);
    const { warnings } = settings({ profile: "production" });
    chmodSync(profiles, 0o600);

    expect(warnings).toEqual([
      `Other users of this machine may read ${profiles}, which has keys (its mode is 0644): chmod 600 it.`,
    ]);
    expect(settings({ profile: "production" }).warnings).toEqual([]);
  });

  test.each([
    ["{", /is not JSON: .*\.$/],
    // No part of a key beside the mistake.
    ['{ "production": { "authkey": secret" } }', /is not JSON: Unexpected token 's'\.$/],
    [[], / must be an object with a profile by each name\.$/],
    [
      { production: "https://x" },
      /: the profile "production" must be \{ "address": "https:\/\/…", "authkey": "…" \}\.$/,
    ],
    [{ production: { adress: "x" } }, /has a field "adress": it may have address and authkey\.$/],
    [{ production: { authkey: "x" } }, /must have an address, as "https:\/\/queue\.example\.com"\.$/],
    [{ production: { address: "https://x", authkey: 1 } }, /must have its authkey as a text\.$/],
    [{ prod: { address: "https://x" } }, /^There is no profile "production" in .*profiles\.json\. It has "prod"\.$/],
  ])("with a mistake is answered with a sentence: %j", async (content, sentence) => {
    writeProfiles(content);
    expect(() => settings({ profile: "production" })).toThrow(sentence);
    const { status, errors } = await runCli(["queues", "ls", "--profile", "production"], { home });

    expect(status).toBe(2);
    expect(errors.trimEnd().split("\n")).toHaveLength(1);
  });
});

test.each([
  ["DURABLE_QUEUE_JSON", "yes", 'DURABLE_QUEUE_JSON is "yes": it must be 1 or true, 0 or false.'],
  ["DURABLE_QUEUE_YES", "on", 'DURABLE_QUEUE_YES is "on": it must be 1 or true, 0 or false.'],
  ["DURABLE_QUEUE_RETRY_SECONDS", "5s", 'DURABLE_QUEUE_RETRY_SECONDS is "5s": it must be a number of 0 or more.'],
])("a variable with a wrong value is answered with the rule: %s=%s", async (name, value, sentence) => {
  const environment = { [name]: value, DURABLE_QUEUE_AUTHKEY: "k" };

  expect(await runCli(["queues", "ls"], { home, environment })).toEqual({
    status: 2,
    output: "",
    errors: `Error: ${sentence}\n`,
  });
});

test("without a key the sentence says where it can be given", async () => {
  expect(await runCli(["queues", "ls"], { home })).toEqual({
    status: 2,
    output: "",
    errors:
      "Error: There is no authkey for http://127.0.0.1:8787: set DURABLE_QUEUE_AUTHKEY, or give --profile or --authkey. durable-queue doctor says where it is looked for.\n",
  });
});
