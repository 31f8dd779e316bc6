/** Loads the handler of `work` from a module. */
import { pathToFileURL } from "node:url";
import type { Message } from "../../../src/index.ts";

/** What a handler is given beside the message. */
interface HandlerContext {
  /** Aborted when the lease is over, or the message was taken away: see `Message.signal`. */
  readonly signal: AbortSignal;
}

/** The default export of the module. */
export type ModuleHandler = (message: Message<unknown>, context: HandlerContext) => unknown;

/** A module that is no handler. Its message is a sentence; `status` is that of the command. */
export class UnusableHandler extends Error {
  readonly status: 1 | 2;

  constructor(message: string, status: 1 | 2) {
    super(message);
    this.status = status;
  }
}

/**
 * Loads a handler: the function that the module exports by default.
 *
 * @param file how the user calls the module
 * @throws {UnusableHandler} if it cannot be loaded, or exports no function
 */
export async function loadHandler(path: string, file: string): Promise<ModuleHandler> {
  let exported: { default?: unknown };
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new UnusableHandler(`The handler ${file} cannot be loaded: ${reasonOf(error, path)}`, 1);
  }
  const handler = defaultOf(exported);
  if (typeof handler === "function") return handler as ModuleHandler;
  const what = handler === undefined ? "has no default export" : `exports ${kindOf(handler)} by default`;
  throw new UnusableHandler(
    `The handler ${file} ${what}, and not a function: export default async function (message, { signal }) { … }`,
    2,
  );
}

/** That of a module that was compiled to CommonJS is in the one that Node makes of all its exports. */
function defaultOf({ default: exported }: { default?: unknown }): unknown {
  if (typeof exported !== "object" || exported === null || !("__esModule" in exported)) return exported;
  return (exported as { default?: unknown }).default;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The message of an error, and the first line of the module, or of one that it imports, that its stack names. */
function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}.`;
  const message = error.message.replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  const place = /(?:file:\/\/)?(\/(?!.*node:)[^\s()]*:\d+(?::\d+)?)/.exec(error.stack ?? "")?.[1] ?? path;
  return `${error.name}: ${message} (${decodeURI(place)}).`;
}
