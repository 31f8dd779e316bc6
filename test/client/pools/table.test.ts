/** The table of Python's documentation names the test of each of its lines. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

/** The names of the tests of pools. */
const tests = readdirSync(import.meta.dirname)
  .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
  .flatMap((source) => [...source.matchAll(/^\s*(?:test|\]\)|\w.*\))(?:\.each\(.*\))?\(\s*"([^"]+)"/gm)])
  .map(([, name]) => name as string);

test("each line of the table of Python's documentation names a test", () => {
  const lines = readFileSync(join(ROOT, "docs/pools/python.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| ---") && !line.startsWith("| Python |"));
  const named = lines.map((line) => line.split(" | ").at(-1)?.replace(/ \|$/, "") as string);

  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});
