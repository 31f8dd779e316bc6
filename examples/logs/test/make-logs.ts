import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

const ROUTES = [
  "/",
  "/articles/17?page=2",
  "/articles/18",
  "/users/0f8fad5b-d9cb-469f-a165-70867728950e/orders",
  "/login",
];

/** Line `index` of a log: five routes, 24 hours, each tenth line with status 404. */
function lineOf(index: number): string {
  const hour = `${index % 24}`.padStart(2, "0");
  const status = index % 10 === 9 ? 404 : 200;
  const time = `27/Nov/2026:${hour}:05:09 +0000`;
  return `192.0.2.1 - - [${time}] "GET ${ROUTES[index % ROUTES.length]} HTTP/1.1" ${status} 500 "-" "curl/8.5"\n`;
}

/** How many lines a block has, with which a log is filled: as often as all that differs in them. */
export const BLOCK_LINES = 1_200;

/** The lines of a block. */
export function block(): string {
  return Array.from({ length: BLOCK_LINES }, (_, index) => lineOf(index)).join("");
}

/** Writes a log of at least so many bytes, in whole blocks. Answers with the number of its lines. */
export async function makeLog(path: string, bytes: number): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const lines = Buffer.from(block());
  await using file = await open(path, "w");
  let written = 0;
  for (; written * lines.length < bytes; written += 1) await file.write(lines);
  return written * BLOCK_LINES;
}
