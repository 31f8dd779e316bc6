/** The sizes of files and folders, and what the core may not use: what the linter cannot say. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** What a reader can survey. */
const FILES_PER_FOLDER_MAX = 24;

/** The files of git in these folders, those that are not added yet too. */
function filesIn(...folders: string[]): string[] {
  const options = ["ls-files", "--cached", "--others", "--exclude-standard", ...folders];
  return execFileSync("git", options, { cwd: ROOT, encoding: "utf8" }).trimEnd().split("\n");
}

/** Folders that have more files of their own than a reader can survey. */
function largeFolders(files: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > FILES_PER_FOLDER_MAX)
    .map(([folder, count]) => `${folder}: ${count}`);
}

/**
 * The modules with state of their own, which two servers in one Worker would share. What cannot be changed is none, nor are
 * routes, nor what a module remembers of single objects, as a `WeakMap` does.
 */
function withState(source: string): string[] {
  const declared = source.matchAll(/^(?:export )?(?:(?:let|var) .*|const \w+(?:: [^=]+)? = new .*)/gm);
  return [...declared].flatMap(([line]) => (/: Readonly(Set|Map)<|= new (Hono|WeakMap)</.test(line) ? [] : [line]));
}

describe("the sources", () => {
  test(`have at most ${FILES_PER_FOLDER_MAX} files in a folder`, () => {
    expect(largeFolders(filesIn("src", "worker-client", "test", "bench", "examples", ":(glob)docs/*.md"))).toEqual([]);
    expect(largeFolders(Array.from({ length: 25 }, (_, index) => `src/many/${index}.ts`))).toEqual(["src/many: 25"]);
  });

  test("of the core use no chance", () => {
    const withChance = filesIn("src/queue").filter((file) =>
      /Math\.random|\brandomUUID\b/.test(readFileSync(join(ROOT, file), "utf8")),
    );

    expect(withChance).toEqual([]);
  });

  test("of the server have no state in modules", () => {
    const files = filesIn("src").filter((file) => file.endsWith(".ts") && !file.startsWith("src/local/"));

    expect(files.flatMap((file) => withState(readFileSync(join(ROOT, file), "utf8")))).toEqual([]);
    expect(withState("let a = 1;\nexport const b: B = new B();\nconst c: ReadonlySet<string> = new Set();\n")).toEqual([
      ...["let a = 1;", "export const b: B = new B();"],
    ]);
  });
});
