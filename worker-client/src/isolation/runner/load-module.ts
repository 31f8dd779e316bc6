import { fileURLToPath, pathToFileURL } from "node:url";

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/** A module that cannot be used. Its message is a sentence; `status` is that of the command. */
export class UnusableModule extends Error {
  readonly status: 1 | 2;

  constructor(message: string, status: 1 | 2) {
    super(message);
    this.status = status;
  }
}

/**
 * Loads a module of the user's.
 *
 * @param module its path, or its URL
 * @param file how the user calls the module
 * @param what what it is, as "The handler"
 * @throws {UnusableModule} if it cannot be loaded
 */
export async function loadModule(module: string, file: string, what: string): Promise<ModuleExports> {
  try {
    const exported = (await import(urlOf(module))) as ModuleExports;
    const { default: all } = exported;
    // Of a module that was compiled to CommonJS, Node makes its exports one default export.
    return typeof all === "object" && all !== null && "__esModule" in all ? (all as ModuleExports) : exported;
  } catch (error) {
    throw new UnusableModule(`${what} ${file} cannot be loaded: ${reasonOf(error, module)}`, 1);
  }
}

/** How users see a module: as its path, if it is a file. */
export function moduleName(module: string): string {
  return module.startsWith("file:") ? fileURLToPath(module) : module;
}

function urlOf(module: string): string {
  return /^[a-z]{2,}:/i.test(module) ? module : pathToFileURL(module).href;
}

/** The message of an error, and the first line of the module, or of one that it imports, that its stack names. */
function reasonOf(error: unknown, module: string): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}.`;
  const { code, url } = error as { code?: unknown; url?: unknown };
  if (code === "ERR_MODULE_NOT_FOUND" && url === urlOf(module)) return "there is no such file.";
  const message = error.message.replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  return `${error.name}: ${message} (${placeIn(error.stack ?? "") ?? moduleName(module)}).`;
}

/** The first line of a file that a stack names: by a path, or by a URL, of which parts may be encoded. */
function placeIn(stack: string): string | undefined {
  const [, url, path] = /(?:^|[\s(])(file:\/\/)?(\/[^\s()]*:\d+(?::\d+)?)/.exec(stack) ?? [];
  return url === undefined || path === undefined ? path : decodeURI(path);
}
