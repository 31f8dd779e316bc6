/** The files of a data directory as one file: gzip of JSON, each path with its bytes as base64. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

/** The folders of a data directory that hold what is stored. The others hold keys and locks of one server. */
const STORED_FOLDERS: readonly string[] = ["queue", "directory"];

/** Packs what is stored in a data directory. No server may be using it. */
export function packed(directory: string): Uint8Array {
  const paths = STORED_FOLDERS.flatMap((folder) =>
    readdirSync(join(directory, folder)).map((name) => `${folder}/${name}`),
  );
  const files = paths.sort().map((path) => [path, readFileSync(join(directory, path), "base64")]);
  return gzipSync(JSON.stringify(Object.fromEntries(files)), { level: 9 });
}

/** Writes the files of an archive into a directory. */
export function unpack(archive: Uint8Array, directory: string): void {
  const files = JSON.parse(gunzipSync(archive).toString("utf8")) as Record<string, string>;
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes, "base64");
  }
}
