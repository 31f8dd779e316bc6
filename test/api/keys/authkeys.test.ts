import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authkeysFault, parseAuthkeys } from "../../../src/api/keys/authkeys.ts";
import { assertGranted, assertScope, listedPrefixes } from "../../../src/api/keys/authorize.ts";
import type { Principal } from "../../../src/api/keys/principal.ts";
import { hashOf, KnownKeys } from "../../../src/api/keys/principals.ts";

const HASH = `sha256:${"a".repeat(64)}`;
const OTHER_HASH = `sha256:${"b".repeat(64)}`;
const KEY = { name: "mail-worker", hash: HASH, scopes: ["receive"] };
const NOW = Date.parse("2027-01-01T00:00:00Z");

function faultOf(...keys: object[]): string | undefined {
  return authkeysFault(JSON.stringify(keys));
}

describe("AUTHKEYS", () => {
  test("holds keys with what they grant, for all queues and for ever unless it says otherwise", () => {
    const until = "2027-01-31T00:00:00+01:00";
    const limited = { name: "b", hash: OTHER_HASH, scopes: ["read", "put"], queues: ["mail."], until };

    expect(parseAuthkeys(JSON.stringify([KEY, limited]))).toEqual([
      { ...KEY, queues: [""], endsAt: undefined },
      { ...limited, until: undefined, endsAt: Date.parse(until) },
    ]);
    for (const text of [undefined, null, "", "[]"]) expect(parseAuthkeys(text)).toEqual([]);
  });

  test.each([
    [[{ ...KEY, name: "a b" }], "AUTHKEYS[0].name must be 1 to 64 of A-Z a-z 0-9 . _ -."],
    [[{ ...KEY, hash: HASH.toUpperCase() }], "AUTHKEYS[0].hash must be sha256: and 64 of 0-9 a-f."],
    [[{ ...KEY, scopes: [] }], "AUTHKEYS[0].scopes must have at least 1 element."],
    [[{ ...KEY, scopes: ["write"] }], "AUTHKEYS[0].scopes[0] must be one of read, put, receive, admin."],
    [[{ ...KEY, queues: [] }], "AUTHKEYS[0].queues must have at least 1 element."],
    [[{ ...KEY, queues: ["-"] }], "AUTHKEYS[0].queues[0] must be the beginning of a queue's name."],
    [[{ ...KEY, until: "tomorrow" }], "AUTHKEYS[0].until must be a time as 2027-01-31T00:00:00Z."],
    [[{ ...KEY, scope: "put" }], "AUTHKEYS[0] has a field that is not known; did you mean scopes?"],
    [
      [{ ...KEY, "dq_a-key": ["put"] }],
      "AUTHKEYS[0] has a field that is not known; its fields are name, hash, scopes, queues, until.",
    ],
    [[{ ...KEY, "dq_a]key": ["put"], name: 1 }], "AUTHKEYS[0].name must be a string."],
    [[KEY, { ...KEY, name: "other" }], "AUTHKEYS must have no two keys of one hash."],
    [[KEY, { ...KEY, hash: OTHER_HASH }], "AUTHKEYS must have no two keys of one name."],
    [Array(101).fill(KEY), "AUTHKEYS must have at most 100 elements."],
  ])("is refused with a sentence that holds no hash: %#", (keys, sentence) => {
    expect(faultOf(...keys)).toBe(`${sentence} durable-queue keys new prints right ones.`);
  });

  test("is refused if it is no list, or no JSON", () => {
    expect(authkeysFault("{}")).toBe("AUTHKEYS must be an array. durable-queue keys new prints right ones.");
    for (const text of ["secret", " ", '[{"name":'])
      expect(authkeysFault(text)).toBe("AUTHKEYS must be JSON: a list of keys, as durable-queue keys new prints them.");
  });
});

describe("a key that is presented", () => {
  test("is one of AUTHKEYS or AUTHKEY, which grants everything", async () => {
    const AUTHKEYS = JSON.stringify([{ ...KEY, hash: await hashOf("worker-key"), queues: ["mail."] }]);
    const variables = { AUTHKEY: "owner-key", AUTHKEYS };

    expect(await new KnownKeys().principalOf(variables, "worker-key", NOW)).toMatchObject({
      name: "mail-worker",
      queues: ["mail."],
    });
    expect(await new KnownKeys().principalOf(variables, "owner-key", NOW)).toMatchObject({
      name: "owner",
      queues: [""],
    });
    expect(await new KnownKeys().principalOf({ AUTHKEYS }, "worker-key", NOW)).toMatchObject({ name: "mail-worker" });
    for (const wrong of ["", "worker-ke", "worker-keyx", "x".repeat(10_000)]) {
      await expect(new KnownKeys().principalOf(variables, wrong, NOW)).rejects.toMatchObject({
        code: "unauthorized",
        message: "The authkey is wrong; send one of those that the server has.",
      });
    }
  });

  test("is found among keys that are parsed again only when their text has changed", async () => {
    const keys = new KnownKeys();
    const AUTHKEYS = JSON.stringify([{ ...KEY, hash: await hashOf("worker-key") }]);
    const key = await keys.principalOf({ AUTHKEYS }, "worker-key", NOW);

    expect(await keys.principalOf({ AUTHKEYS }, "worker-key", NOW)).toBe(key);
    expect(keys.hasKeys({ AUTHKEYS: "[]" })).toBe(false);
    const again = await keys.principalOf({ AUTHKEYS }, "worker-key", NOW);
    expect(again).toEqual(key);
    expect(await new KnownKeys().principalOf({ AUTHKEYS }, "worker-key", NOW)).not.toBe(again);
  });

  test("is refused from its end on", async () => {
    const until = "2027-01-01T00:00:00Z";
    const AUTHKEYS = JSON.stringify([{ ...KEY, hash: await hashOf("worker-key"), until }]);

    expect(await new KnownKeys().principalOf({ AUTHKEYS }, "worker-key", NOW - 1)).toMatchObject({ endsAt: NOW });
    await expect(new KnownKeys().principalOf({ AUTHKEYS }, "worker-key", NOW)).rejects.toMatchObject({
      code: "unauthorized",
      message: "The key mail-worker ended at 2027-01-01T00:00:00.000Z; use a newer one.",
    });
  });

  test("counts for open connections as long as the server has it unchanged, and it has not ended", async () => {
    const entry = { ...KEY, hash: await hashOf("worker-key"), until: "2027-01-01T00:00:00Z" };
    const AUTHKEYS = JSON.stringify([entry]);
    const principal = await new KnownKeys().principalOf({ AUTHKEYS }, "worker-key", NOW - 1);
    const counts = async (keys: object[], now = NOW - 1) =>
      (await new KnownKeys().grants({ AUTHKEYS: JSON.stringify(keys) }, "mail.in", now))({
        ...principal,
        queues: [],
      }) !== undefined;

    expect(await counts([entry])).toBe(true);
    expect(await counts([entry], NOW)).toBe(false);
    expect(await counts([])).toBe(false);
    expect(await counts([{ ...entry, scopes: ["put"] }])).toBe(false);
    expect(await counts([{ ...entry, queues: ["other.", "mail."] }])).toBe(true);
    expect(await counts([{ ...entry, queues: ["other."] }])).toBe(false);
    expect(await counts([{ ...entry, until: "2026-12-31T00:00:00Z" }])).toBe(false);
  });
});

describe("a grant", () => {
  const principal: Principal = { name: "mail-worker", scopes: ["receive", "read"], queues: ["mail.", "thumbs"] };

  test("is for scopes and for the beginnings of names", () => {
    for (const queue of ["mail.in", "mail.", "thumbs", "thumbs2"]) assertGranted(principal, "receive", queue);
    assertGranted(principal, "any", "thumbs");

    expect(() => assertGranted(principal, "put", "mail.in")).toThrow(
      "The key mail-worker does not grant put, which this call needs. It grants receive, read. Use a key that grants put.",
    );
    for (const queue of ["mail", "email.", "Thumbs"]) {
      expect(() => assertGranted(principal, "any", queue)).toThrow(
        `The key mail-worker is not for the queue ${queue}, but for queues whose names begin with mail., thumbs. Use a key that is for it.`,
      );
    }
    expect(() => assertScope({ ...principal, scopes: [] }, "read")).toThrow("It grants nothing.");
  });

  test("shows of a list exactly the names that it is for, each once and in order, on pages of any size", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 4 });
    const size = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 6 }),
        text,
        fc.array(text),
        size,
        (queues, prefix, names, most) => {
          const all = [...new Set(names)].filter((name) => name !== "").sort();
          const listed: string[] = [];
          for (let page = [""]; page.length > 0; listed.push(...page)) {
            const cursor = listed.at(-1) ?? "";
            page = listedPrefixes({ ...principal, queues }, prefix, cursor)
              .flatMap((own) => all.filter((name) => name.startsWith(own) && name > cursor))
              .slice(0, most);
          }
          const expected = all.filter((name) => name.startsWith(prefix) && queues.some((own) => name.startsWith(own)));
          expect(listed).toEqual(expected);
        },
      ),
    );
  });

  test("asks for no names that come before the cursor", () => {
    expect(listedPrefixes(principal, "", "")).toEqual(["mail.", "thumbs"]);
    expect(listedPrefixes(principal, "", "mail.in")).toEqual(["mail.", "thumbs"]);
    expect(listedPrefixes(principal, "", "thumbs")).toEqual(["thumbs"]);
    expect(listedPrefixes(principal, "", "uploads")).toEqual([]);
    expect(listedPrefixes(principal, "mail.in", "")).toEqual(["mail.in"]);
  });
});
