/** package-lock.json is for every machine: an npm that finds it incomplete refuses `npm ci`, or writes it anew. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Entry {
  version?: string;
  resolved?: string;
  link?: boolean;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const lockFile = readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8");
const { packages } = JSON.parse(lockFile) as { packages: Record<string, Entry> };

/** Whether Node would find the dependency from the package's folder, if all of the lock file were installed. */
function isLocked(folder: string, dependency: string): boolean {
  const parts = folder.split("/");
  return parts
    .map((_, i) => parts.slice(0, parts.length - i).join("/"))
    .concat("")
    .some((parent) => join(parent, "node_modules", dependency) in packages);
}

test("the lock file has every dependency of every package, those for other machines as well", () => {
  const missing = Object.entries(packages).flatMap(([folder, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((dependency) => !isLocked(folder, dependency))
      .map((dependency) => `${folder} needs ${dependency}`),
  );

  expect(missing).toEqual([]);
});

test("the lock file names no registry, and says what each package must be", () => {
  const installed = Object.entries(packages).filter(([folder]) => folder.startsWith("node_modules/"));

  expect(installed.filter(([, { link, resolved }]) => link !== true && resolved !== undefined)).toEqual([]);
  expect(installed.filter(([, { link, integrity }]) => link !== true && integrity === undefined)).toEqual([]);
  expect(lockFile).not.toContain("://registry");
});

test("packages that tests and server share are installed once", () => {
  const folders = ["workerd", "wrangler", "miniflare", "zod"].map((name) => [
    name,
    ...Object.keys(packages).filter((folder) => folder.endsWith(`node_modules/${name}`)),
  ]);

  expect(folders).toEqual(folders.map(([name]) => [name, `node_modules/${name}`]));
});

test("wrangler has the miniflare and the workerd that it was released with", () => {
  const { dependencies } = packages["node_modules/wrangler"] ?? {};
  const locked = (name: string): string | undefined => packages[`node_modules/${name}`]?.version;

  expect([locked("miniflare"), locked("workerd")]).toEqual([dependencies?.miniflare, dependencies?.workerd]);
});
