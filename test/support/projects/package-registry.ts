import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a package says of itself. */
interface Manifest {
  name: string;
  version: string;
}

/** A package that the registry has. */
interface Served {
  manifest: Manifest;
  tarball: Buffer;
}

/** A registry on this machine that has some packages, as they are installed in this repository, for tests without network. */
export class PackageRegistry {
  readonly address: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  /** Serves the packages that are in these folders, and no others. */
  static async serve(folders: readonly string[]): Promise<PackageRegistry> {
    const packages = new Map(folders.map((folder) => [manifestOf(folder).name, servedFrom(folder)]));
    const server = createServer((request, response) => answer(packages, request, response));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new PackageRegistry(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** `/name` is what is known of a package, `/name/package.tgz` its content. A name with a scope has its `/` encoded. */
function answer(packages: ReadonlyMap<string, Served>, request: IncomingMessage, response: ServerResponse): void {
  const [name = "", file] = (request.url ?? "").slice(1).split(/\/(?=package\.tgz$)/);
  const served = packages.get(decodeURIComponent(name));
  if (served === undefined) {
    response.writeHead(404).end("{}");
    return;
  }
  if (file !== undefined) {
    response.end(served.tarball);
    return;
  }
  const { manifest } = served;
  const version = { ...manifest, dist: { tarball: `http://${request.headers.host}/${name}/package.tgz` } };
  const known = {
    name: manifest.name,
    "dist-tags": { latest: manifest.version },
    versions: { [manifest.version]: version },
  };
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(known));
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** What is installed is what was packed, so it need not be chosen anew. */
function servedFrom(folder: string): Served {
  const to = mkdtempSync(join(tmpdir(), "durable-queue-registry-"));
  try {
    cpSync(folder, join(to, "package"), { recursive: true, dereference: true });
    execFileSync("tar", ["-czf", "package.tgz", "package"], { cwd: to });
    return { manifest: manifestOf(folder), tarball: readFileSync(join(to, "package.tgz")) };
  } finally {
    rmSync(to, { recursive: true });
  }
}

/**
 * Makes a package that stands for one with a large program, so that 150 MB need not be packed: its program starts the one
 * that is installed in this repository.
 *
 * @param folder the installed package
 * @param program the path of the program in it
 * @param to where it is made
 */
export function standIn(folder: string, program: string, to: string): string {
  mkdirSync(join(to, program, ".."), { recursive: true });
  writeFileSync(join(to, "package.json"), JSON.stringify(manifestOf(folder)));
  writeFileSync(join(to, program), `#!/bin/sh\nexec "${join(folder, program)}" "$@"\n`);
  chmodSync(join(to, program), 0o755);
  return to;
}
