/** What is deployed and what is served on this machine are the same Worker. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
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

/** What workerd says is the newest date that it accepts, when it is asked for one far in the future. */
function newestDate(): string | undefined {
  const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };
  const directory = mkdtempSync(join(tmpdir(), "durable-queue-date-"));
  const config = join(directory, "workerd.capnp");
  writeFileSync(
    config,
    capnp.replaceAll(/embed ".*"/g, '""').replace(/compatibilityDate = ".*"/, 'compatibilityDate = "2999-12-31"'),
  );
  const { stderr } = spawnSync(workerd, ["serve", config], { encoding: "utf8", timeout: 20_000 });
  rmSync(directory, { recursive: true });
  return /newest date supported by this server binary is "(.*?)"/.exec(stderr)?.[1];
}

test("the compatibility date is the latest that the installed workerd accepts", () => {
  expect(/compatibility_date = "(.*)"/.exec(toml)?.[1]).toBe(newestDate());
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
