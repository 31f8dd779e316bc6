import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkTypedProgram } from "../package/typed-program.ts";

const CLIENT = `${import.meta.dirname}/../../worker-client`;

/** The modules that are there when a program runs: imports of types are not. */
function importsOf(path: string): string[] {
  const source = readFileSync(path, "utf8");
  const statements = source.matchAll(/^(?:import|export)(?! type)[^;]*? from "([^"]+)";$/gm);
  // `typeof import("…")` is a type.
  const expressions = source.matchAll(/(?<!typeof )\bimport\("([^"]+)"\)/g);
  return [...statements, ...expressions].map(([, specifier]) => specifier as string);
}

/** The packages that a module and all that it imports need. */
function packagesOf(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return new Set();
  seen.add(path);
  const packages = new Set<string>();
  for (const specifier of importsOf(path)) {
    const isFile = specifier.startsWith(".");
    const needed = isFile ? packagesOf(resolve(path, "..", specifier), seen) : [specifier];
    for (const name of needed) if (!name.startsWith("node:")) packages.add(name);
  }
  return packages;
}

test("the client needs no other packages than those that it brings", () => {
  const { dependencies } = JSON.parse(readFileSync(`${CLIENT}/package.json`, "utf8"));
  expect([...packagesOf(`${CLIENT}/src/index.ts`)]).toEqual(Object.keys(dependencies));
});

/** What a declaration needs and the package does not have: files that are not in it, and other packages. */
function missingIn(declaration: string): string[] {
  const specifiers = [...readFileSync(declaration, "utf8").matchAll(/(?:from |import\()"([^"]+)"/g)];
  return specifiers.flatMap(([, specifier = ""]) => {
    const file = resolve(declaration, "..", specifier.replace(/\.ts$/, ".d.ts"));
    return specifier.startsWith(".") && existsSync(file) ? [] : [`${specifier} of ${declaration}`];
  });
}

test("a program is checked against the declarations as they are published, which need nothing else", {
  timeout: 60_000,
}, () => {
  const project = mkdtempSync(`${tmpdir()}/durable-queue-declarations-`);
  onTestFinished(() => rmSync(project, { recursive: true }));
  execFileSync("npm", ["pack", "--pack-destination", project, "--loglevel=error"], { cwd: CLIENT, stdio: "pipe" });
  const [tarball = ""] = readdirSync(project);
  const home = `${project}/node_modules/durable-queue`;
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", `${project}/${tarball}`, "-C", home, "--strip-components=1"]);

  const files = readdirSync(home, { recursive: true, encoding: "utf8" });
  const declarations = files.filter((file) => file.endsWith(".d.ts"));
  expect(declarations.flatMap((file) => missingIn(`${home}/${file}`))).toEqual([]);
  expect(files.filter((file) => /src\/(api|queue)\//.test(file))).toEqual([]);
  checkTypedProgram(project);
});
