/** The projects of examples/testing, as their users have them: by themselves, with the packed package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocks } from "../support/code-blocks.ts";
import { installProject, printedBy, versionsOf } from "../support/projects/user-project.ts";

const ROOT = join(import.meta.dirname, "../..");

const PROJECTS = ["memory", "server", "in-worker"];

test.each(PROJECTS)(
  "the tests of examples/testing/%s pass",
  async (name) => {
    const project = installProject(`examples/testing/${name}`);

    expect(await printedBy("npm run --silent check", project)).toBe("");
    expect(await printedBy("npm test", project)).toMatch(/Tests {2}\d+ passed \(\d+\)/);
  },
  120_000,
);

test("the blocks of the page are parts of their files", () => {
  const taken = blocks.filter(({ file, code }) => file === "docs/testing.md" && code.startsWith("// examples/"));

  expect(taken.length).toBeGreaterThan(PROJECTS.length);
  for (const { code } of taken) {
    const [label = ""] = code.split("\n");
    expect(readFileSync(join(ROOT, label.slice("// ".length)), "utf8")).toContain(code.slice(label.length + 1));
  }
});

test("their versions are those of this repository", () => {
  for (const name of PROJECTS) {
    const { needed, here } = versionsOf(`examples/testing/${name}`);
    expect(needed).toEqual(here);
  }
});
