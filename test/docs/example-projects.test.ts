/** The examples that are projects of their own, as their users have them: by themselves, with the packed package. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { installProject, manifestOf, printedBy, versionsOf } from "../support/projects/user-project.ts";

const ROOT = join(import.meta.dirname, "../..");

const PROJECTS = ["crawler", "logs", "mail", "queens", "thumbnails"];

describe.each(PROJECTS)("examples/%s", (name) => {
  const folder = `examples/${name}`;

  test("compiles, and its tests pass", async () => {
    const project = installProject(folder);

    expect(await printedBy("npm run --silent check", project)).toBe("");
    expect(await printedBy("npm test", project)).toMatch(/Tests {2}\d+ passed \(\d+\)/);
  }, 300_000);

  test("has the versions of this repository, and is private", () => {
    const { needed, here } = versionsOf(folder);

    expect(needed).toEqual(here);
    expect(manifestOf(join(ROOT, folder))).toMatchObject({ name: `example-${name}`, private: true });
  });

  test("uses of durable-queue what it exports", () => {
    const exported = Object.keys(manifestOf(ROOT).exports ?? {}).map((path) => `durable-queue${path.slice(1)}`);
    const imports = globSync(`${folder}/{src,test}/*.ts`, { cwd: ROOT }).flatMap((file) =>
      [
        ...readFileSync(join(ROOT, file), "utf8").matchAll(
          /(?:from|import\() ?"(\.\.\/\.\.[^"]*|durable-queue[^"]*)"/g,
        ),
      ].map((match) => match[1]),
    );

    expect(imports.length).toBeGreaterThan(0);
    expect(imports.filter((each) => !exported.includes(each ?? ""))).toEqual([]);
  });

  test("has a README that names only scripts and files that there are", () => {
    const text = readFileSync(join(ROOT, folder, "README.md"), "utf8");
    const scripts = [...text.matchAll(/^npm (?:run )?(\w+)/gm)].map((match) => match[1] ?? "");
    const files = [...text.matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map((match) => match[1] ?? "");

    expect(
      scripts.filter((script) => script !== "install" && !(script in (manifestOf(join(ROOT, folder)).scripts ?? {}))),
    ).toEqual([]);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => globSync(file, { cwd: join(ROOT, folder) }).length === 0)).toEqual([]);
  });
});
