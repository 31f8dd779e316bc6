/** What a server on this machine makes of its flags and of the environment. */
import { expect, test } from "vitest";
import { type ServeFlags, settingsFrom } from "../../src/local/settings.ts";

test("nothing given is loopback, port 8787, .data and nine gigabytes", () => {
  expect(settingsFrom({}, {})).toEqual({
    host: "127.0.0.1",
    port: 8787,
    authkey: undefined,
    authkeys: "",
    dataDirectory: ".data",
    storageBytesMax: 9_000_000_000,
    allowPrivateWebhooks: false,
  });
});

test("each option sets the same as its variable, and wins over it", () => {
  const environment = {
    ...{ PORT: "1", HOST: "a", DATA_DIR: "a", STORAGE_BYTES_MAX: "1", AUTHKEY: "key" },
    ALLOW_PRIVATE_WEBHOOKS: "false",
  };
  const flags = { port: "2", host: "[::1]", dataDir: "b", storageBytesMax: "2", allowPrivateWebhooks: true };

  expect(settingsFrom({}, environment)).toMatchObject({ port: 1, host: "a", dataDirectory: "a", storageBytesMax: 1 });
  expect(settingsFrom(flags, environment)).toEqual({
    host: "::1",
    port: 2,
    authkey: "key",
    authkeys: "",
    dataDirectory: "b",
    storageBytesMax: 2,
    allowPrivateWebhooks: true,
  });
});

function refusal(flags: ServeFlags, environment: Record<string, string> = {}): Error {
  try {
    settingsFrom(flags, environment);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("It was not refused.");
}

test("ALLOW_PRIVATE_WEBHOOKS is true or false", () => {
  const read = (text: string) => settingsFrom({}, { ALLOW_PRIVATE_WEBHOOKS: text }).allowPrivateWebhooks;

  expect([read("true"), read("false"), read("")]).toEqual([true, false, false]);
  expect(refusal({}, { ALLOW_PRIVATE_WEBHOOKS: "yes" }).message).toBe(
    'ALLOW_PRIVATE_WEBHOOKS is "yes": it must be true or false.',
  );
});

for (const port of ["eighty", "-1", "65536", "80.5", "", "0x50", " 80"]) {
  test(`PORT=${port} is refused in one line, and so is --port`, () => {
    expect(refusal({}, { PORT: port }).message).toBe(`PORT is "${port}": it must be 0 to 65535.`);
    expect(refusal({ port }).message).toBe(`--port is "${port}": it must be 0 to 65535.`);
  });
}

for (const bytes of ["9e9", "9GB", "0", "-1", "", "9007199254740993"]) {
  test(`STORAGE_BYTES_MAX=${bytes} is told in one line`, () => {
    expect(refusal({}, { STORAGE_BYTES_MAX: bytes }).message).toBe(
      `STORAGE_BYTES_MAX is "${bytes}": it must be 1 to 9007199254740991.`,
    );
  });
}

for (const host of ["", "http://localhost", "localhost:80", "unix:/tmp/s", "two words", "a;b"]) {
  test(`HOST=${host} is told in one line`, () => {
    expect(refusal({}, { HOST: host }).message).toBe(
      `HOST is "${host}": it must be the name or the address of this machine, without scheme and port.`,
    );
  });
}

test("an empty DATA_DIR is refused, and not taken for the current folder", () => {
  expect(refusal({}, { DATA_DIR: "" }).message).toBe('DATA_DIR is "": it must be the path of a directory.');
});

for (const authkey of ["", "two words", "schlüssel", "quo'te"]) {
  test(`AUTHKEY=${authkey} is told in one line`, () => {
    expect(refusal({}, { AUTHKEY: authkey }).message).toBe(
      "AUTHKEY must be 1 to 1024 visible ASCII characters without spaces and '.",
    );
  });
}

test("an AUTHKEY that is longer than a request may show is refused", () => {
  const rule = "AUTHKEY must be 1 to 1024 visible ASCII characters without spaces and '.";

  expect(refusal({}, { AUTHKEY: "k".repeat(1_025) }).message).toBe(rule);
  expect(settingsFrom({}, { AUTHKEY: "k".repeat(1_024) })).toMatchObject({ authkey: "k".repeat(1_024) });
});

test("a key of AUTHKEYS that has ended does not keep the server from starting", () => {
  const hash = `sha256:${"a".repeat(64)}`;
  const AUTHKEYS = JSON.stringify([{ name: "old", hash, scopes: ["put"], until: "2020-01-01T00:00:00Z" }]);

  expect(settingsFrom({}, { AUTHKEYS })).toMatchObject({ authkeys: AUTHKEYS });
});
