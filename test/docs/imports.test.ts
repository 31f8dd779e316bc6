/** The import graph of the sources has no circles, neither between files nor between folders. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** A file directly in one of these belongs to no folder: entry points and what all folders share. */
const ROOTS = [
  "src",
  ...["src", "memory", "binding", "push", "testing", "webhooks", "cli"].map((folder) => `worker-client/${folder}`),
];

/** Modules that import nothing, not even a type. */
const LEAVES = ["limits", "problems", "endpoints", "scopes", "states", "version"].map(
  (name) => `src/contract/${name}.ts`,
);

/** What the rooms of objects and of HTTP share. */
const SHARED = ["env", "isolate", "log", "byte-ledger", "machine-clock", "options"].map((name) => `src/${name}.ts`);

/** What each room of the server may import from, beside itself: only what is below it. The linter holds the others. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  "src/hono.ts": ["src/server.ts"],
  "src/server.ts": [
    ...["src/factory.ts", "src/entrypoints", "src/api", "worker-client/binding", "worker-client/push", ...SHARED],
  ],
  "src/factory.ts": ["src/http", "src/entrypoints", "src/calls", "src/object", "src/api", ...SHARED],
  "src/http": ["src/calls", "src/object", "src/api", "src/contract", ...SHARED],
  "src/entrypoints": ["src/calls", "src/api", "src/contract", "src/env.ts", "worker-client/push"],
  "src/calls": ["src/object", "src/api", "src/contract", "src/queue/base", ...SHARED],
  "src/push": ["src/api", "src/contract", "src/queue/base", ...SHARED],
  "src/object": ["src/push", "src/socket", "src/api", "src/contract", "src/queue", ...SHARED],
  "src/socket": ["src/api", "src/contract", "src/queue", "src/machine-clock.ts"],
  "src/api": ["src/contract", "src/queue/base"],
  "src/contract": [],
  "src/local": ["src/contract", "src/api/keys"],
  "src/env.ts": ["src/api", "src/namespaces.ts", "src/options.ts"],
  "src/namespaces.ts": ["src/api/push.ts"],
  "src/options.ts": ["src/api", "src/contract", "src/isolate.ts", "src/log.ts"],
  "src/isolate.ts": ["src/api/keys", "src/byte-ledger.ts", "src/idle-collection.ts"],
  "src/log.ts": ["src/contract"],
  "src/byte-ledger.ts": [],
  "src/idle-collection.ts": [],
  "src/machine-clock.ts": [],
  "worker-client/src": ["src/contract", "src/api/types.ts"],
  "worker-client/binding": ["worker-client/src", "src/api", "src/contract"],
  "worker-client/push": [
    ...["worker-client/src", "src/contract", "src/api/types.ts", "src/api/push.ts", "src/api/reply.ts"],
    "src/api/check/problem-error.ts",
  ],
  "worker-client/memory": [
    "worker-client/src",
    "worker-client/push",
    "src/api",
    "src/queue",
    "src/contract",
    "src/push",
  ],
  "worker-client/webhooks": ["src/contract"],
  "worker-client/testing": ["worker-client/src", "src/local"],
  // The command line has of the client what its users have.
  "worker-client/cli": [
    ...["worker-client/src/index.ts", "worker-client/src/tasks/index.ts", "worker-client/src/isolation"],
    ...["src/local", "src/contract"],
  ],
  "worker-client/cli/commands": [
    ...["worker-client/cli/base", "worker-client/cli/views", "worker-client/cli/bulk", "worker-client/src/index.ts"],
    ...["src/local", "src/contract"],
  ],
  "worker-client/cli/views": ["worker-client/cli/base", "worker-client/src/index.ts", "src/contract"],
  "worker-client/cli/bulk": [
    ...["worker-client/cli/base", "worker-client/src/index.ts", "worker-client/src/tasks/index.ts", "src/contract"],
    "worker-client/src/isolation",
  ],
  "worker-client/cli/base": ["worker-client/src/index.ts", "src/contract"],
};

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Finds `import … from "…"`, `export … from "…"`, `import "…"` and `import("…")`, types included. */
const IMPORT = /(?:^(?:import|export)\s[^;"]*?from\s+|^import\s+|\bimport\()"(\.[^"]+)"/gm;

/** The relative paths that a module imports, as they are written. */
function importsIn(source: string): string[] {
  return [...source.matchAll(IMPORT)].map(([, path]) => path as string);
}

function graphOfFiles(): Graph {
  const graph = new Map<string, Set<string>>();
  for (const root of ROOTS) {
    for (const entry of readdirSync(join(ROOT, root), { recursive: true, encoding: "utf8" })) {
      if (!/\.(ts|mjs)$/.test(entry)) continue;
      const file = join(root, entry);
      const imports = importsIn(readFileSync(join(ROOT, file), "utf8"));
      graph.set(file, new Set(imports.map((path) => relative(".", join(dirname(file), path)))));
    }
  }
  return graph;
}

function folderOf(file: string): string {
  const folder = dirname(file);
  return ROOTS.includes(folder) ? file : folder;
}

function graphOfFolders(files: Graph): Graph {
  const folders = new Map<string, Set<string>>();
  for (const [file, imports] of files) {
    const folder = folderOf(file);
    const others = folders.get(folder) ?? new Set();
    folders.set(folder, others);
    for (const path of imports) if (folderOf(path) !== folder) others.add(folderOf(path));
  }
  return folders;
}

/** The first circle that is found, as a path that ends where it begins; undefined if there is none. */
function circleIn(graph: Graph): string[] | undefined {
  const finished = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    const begin = path.indexOf(node);
    if (begin >= 0) return [...path.slice(begin), node];
    if (finished.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle !== undefined) return circle;
    }
    finished.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function graphOf(edges: Record<string, string[]>): Graph {
  return new Map(Object.entries(edges).map(([node, next]) => [node, new Set(next)]));
}

test("a circle in a graph is found and named", () => {
  expect(circleIn(graphOf({ a: ["b"], b: ["c", "d"], c: [], d: ["b"] }))).toEqual(["b", "d", "b"]);
  expect(circleIn(graphOf({ a: ["a"] }))).toEqual(["a", "a"]);
  expect(circleIn(graphOf({ a: ["b", "c"], b: ["c"], c: [] }))).toBeUndefined();
});

test("imports of values and of types, exports and dynamic imports are all found", () => {
  const source = `
import * as z from "zod";
import type { A } from "./a.ts";
import {
  b,
  type C,
} from "../b.ts";
export { d } from "./d.ts";
import "./e.ts";
const f = await import("./f.ts");
`;
  expect(importsIn(source)).toEqual(["./a.ts", "../b.ts", "./d.ts", "./e.ts", "./f.ts"]);
});

test("a circle between folders is found, though there is none between files", () => {
  const files = graphOf({
    "src/object/a.ts": ["src/socket/b.ts"],
    "src/socket/b.ts": [],
    "src/socket/c.ts": ["src/object/d.ts"],
    "src/object/d.ts": ["src/env.ts"],
    "src/env.ts": [],
  });
  expect(circleIn(files)).toBeUndefined();
  expect(circleIn(graphOfFolders(files))).toEqual(["src/object", "src/socket", "src/object"]);
});

test("no files import one another in a circle", () => {
  const files = graphOfFiles();

  expect(files.size).toBeGreaterThan(150);
  expect(circleIn(files)).toBeUndefined();
});

test("no folders import one another in a circle", () => {
  expect(circleIn(graphOfFolders(graphOfFiles()))).toBeUndefined();
});

test("every import leads to a file, so that none is overlooked", () => {
  const files = graphOfFiles();
  const unknown = [...files].flatMap(([file, imports]) =>
    [...imports].filter((path) => !files.has(path)).map((path) => `${file} imports ${path}`),
  );

  expect(unknown).toEqual([]);
});

/** The imports of rooms from what is not below them. */
function againstDirection(files: Graph): string[] {
  const isIn = (path: string, rooms: readonly string[]) =>
    rooms.some((room) => path === room || path.startsWith(`${room}/`));
  return Object.entries(BELOW).flatMap(([room, below]) =>
    [...files]
      .filter(([file]) => isIn(file, [room]))
      .flatMap(([file, imports]) =>
        [...imports].filter((path) => !isIn(path, [room, ...below])).map((path) => `${file} imports ${path}`),
      ),
  );
}

test("each room imports only from those below it", () => {
  expect(againstDirection(graphOfFiles())).toEqual([]);
  expect(againstDirection(graphOf({ "src/api/a.ts": ["src/queue/puts.ts", "src/queue/base/b.ts"] }))).toEqual([
    "src/api/a.ts imports src/queue/puts.ts",
  ]);
});

test.each(LEAVES)("%s imports nothing", (leaf) => {
  expect(graphOfFiles().get(leaf)).toEqual(new Set());
});
