import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";

/**
 * The path of a module that this Node can load.
 *
 * @param file how the user calls it
 * @param what what it is, as "The handler"
 * @throws {UsageError} if it cannot be read, or is TypeScript for which this Node is too old
 */
export function modulePath({ io }: Context, file: string, what: string): string {
  const path = resolve(io.folder, file);
  try {
    if (!statSync(path).isFile()) throw new UsageError(`${what} ${file} is a directory: give a file.`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
  if (/\.[mc]?ts$/.test(file) && !process.features.typescript) {
    const version = process.version.slice(1);
    throw new UsageError(
      `Node ${version} cannot load ${file}, which is TypeScript: use Node 22.18 or newer, or compile it to JavaScript.`,
    );
  }
  return path;
}
