import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A registry on this machine that has one package, as it is installed in this repository, for tests without network. */
export class PackageRegistry {
  readonly address: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  /** Serves the package that is in this folder. */
  static async serve(folder: string): Promise<PackageRegistry> {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      version: string;
    };
    const tarball = packed(folder);
    const server = createServer((request, response) => {
      if (request.url?.endsWith(".tgz")) return response.end(tarball);
      if (request.url !== `/${manifest.name}`) return response.writeHead(404).end("{}");
      const version = { ...manifest, dist: { tarball: `http://${request.headers.host}/package.tgz` } };
      const answer = { name: manifest.name, "dist-tags": {}, versions: { [manifest.version]: version } };
      return response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new PackageRegistry(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function packed(folder: string): Buffer {
  const to = mkdtempSync(join(tmpdir(), "durable-queue-registry-"));
  try {
    execFileSync("npm", ["pack", folder, "--ignore-scripts", "--silent", "--pack-destination", to]);
    return readFileSync(join(to, readdirSync(to)[0] as string));
  } finally {
    rmSync(to, { recursive: true });
  }
}
