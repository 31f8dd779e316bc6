import { createRequire } from "node:module";
import { join } from "node:path";

/** There is no workerd to run, or none for this machine. Its message is a sentence for the operator. */
export class NoWorkerd extends Error {}

/**
 * The path of workerd's binary: of the package `workerd` that is installed beside this one, or in the project in which the
 * program runs.
 *
 * @throws {NoWorkerd} if there is none, or none for this machine
 */
export function workerdPath(): string {
  const places = [import.meta.url, join(process.cwd(), "package.json")];
  const reasons: unknown[] = [];
  for (const place of places) {
    try {
      // Its declarations do not say that it exports the path.
      return (createRequire(place)("workerd") as { default: string }).default;
    } catch (error) {
      reasons.push(error);
    }
  }
  const other = reasons.find((reason) => (reason as { code?: unknown }).code !== "MODULE_NOT_FOUND");
  if (other !== undefined)
    throw new NoWorkerd(`workerd is installed, and does not run on this machine: ${messageOf(other)}`);
  throw new NoWorkerd(
    "A server runs on workerd, which is not installed: npm install workerd, in the folder of your package.json.",
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
