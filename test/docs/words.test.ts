/** The words of the code and the documents. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OLD_IDENTIFIERS, OLD_SUBJECTS, type OldWord } from "./old-words.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What keeps its words: what was decided and changed before, old forms of the tables, and the list of old words. */
const EXEMPT =
  /^(docs\/decisions\/|CHANGELOG\.md|src\/object\/migrations\.ts|src\/object\/directory-object\.ts|test\/docs\/)/;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mjs", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && !EXEMPT.test(file));

/** Where a text has one of the words: each line with the word to write instead. */
function linesWith(words: readonly OldWord[], file: string, text: string): string[] {
  const meant = words.filter(({ folders }) => folders?.some((folder) => file.startsWith(folder)) ?? true);
  return text
    .split("\n")
    .flatMap((line, index) =>
      meant
        .filter(({ word }) => word.test(line))
        .map(({ word, instead }) => `${file}:${index + 1} says ${word.exec(line)?.[0]}: write ${instead}`),
    );
}

function allWith(words: readonly OldWord[]): string[] {
  return files.flatMap((file) => linesWith(words, file, readFileSync(join(ROOT, file), "utf8")));
}

describe("the code and the documents", () => {
  test("use no identifier or word that the field has another for", () => {
    expect(allWith(OLD_IDENTIFIERS)).toEqual([]);
  });

  test("have no sentence about somebody without a name", () => {
    expect(allWith(OLD_SUBJECTS)).toEqual([]);
  });

  test("would be found if they did", () => {
    expect(linesWith(OLD_IDENTIFIERS, "src/queue/queue.ts", "a\nconst ticket = 1;")).toEqual([
      "src/queue/queue.ts:2 says ticket: write request id",
    ]);
    expect(linesWith(OLD_SUBJECTS, "docs/http.md", "Whoever waits.")).toHaveLength(1);
    expect(linesWith(OLD_IDENTIFIERS, "worker-client/src/queue.ts", "A block of time.")).toEqual([]);
  });
});
