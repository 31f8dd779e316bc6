/** What is deployed and what is served on this machine are the same Worker. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const capnp = readFileSync(join(ROOT, "src/local/workerd.capnp"), "utf8");
const toml = readFileSync(join(ROOT, "wrangler.toml"), "utf8");

function all(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)].map((match) => match.slice(1));
}

test("both have the same compatibility date and no flags", () => {
  const dates = [/compatibility_date = "(.*)"/.exec(toml)?.[1], /compatibilityDate = "(.*)"/.exec(capnp)?.[1]];

  expect(dates[0]).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(dates[1]).toBe(dates[0]);
  expect(toml + capnp).not.toMatch(/compatibility_?flags/i);
});

test("both bind the same names to the same classes", () => {
  const deployed = all(toml, /\nname = "(.*)"\nclass_name = "(.*)"/g);
  const local = all(capnp, /name = "(.*)", durableObjectNamespace = "(.*)"/g);

  expect(deployed.length).toBeGreaterThan(0);
  expect(local).toEqual(deployed);
});

test("both keep each class in SQLite", () => {
  const deployed = /new_sqlite_classes = \[(.*)\]/.exec(toml)?.[1]?.replaceAll('"', "").split(", ");
  const local = all(capnp, /className = "(.*)", uniqueKey = ".*", enableSql = true/g).flat();

  expect(local).toEqual(deployed);
});

test("what is served has no clock that can be moved: only the Worker of the tests has", () => {
  const bundles = ["dist/worker", "dist/movable-worker"].map((bundle) =>
    readFileSync(join(ROOT, bundle, "index.js"), "utf8"),
  );

  expect(bundles.map((code) => /movable/i.test(code))).toEqual([false, true]);
});
