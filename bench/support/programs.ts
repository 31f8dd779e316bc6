import { execFile } from "node:child_process";
import { accessSync, constants, globSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** Where Debian keeps servers. RabbitMQ's own scripts come before those of /usr/sbin, which change the user. */
const SERVER_DIRECTORIES = ["/usr/lib/rabbitmq/bin", "/usr/sbin", ...globSync("/usr/lib/postgresql/*/bin")];

/** The path of a program, undefined if this machine does not have it. */
export function findProgram(name: string): string | undefined {
  const directories = [...SERVER_DIRECTORIES, ...(process.env.PATH ?? "").split(":")];
  return directories.map((directory) => `${directory}/${name}`).find(isExecutable);
}

/** The path of a program that is known to be there. */
export function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`This machine has no ${name}.`);
  return path;
}

/** What a program writes when it is asked for its version, without its name. */
export async function versionOf(name: string, ...options: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program(name), options);
  const [version] = /\d+(\.\d+)+/.exec(stdout + stderr) ?? [];
  return version ?? "of an unknown version";
}

/** The version of a peer's client, from the package that was installed. */
export function clientVersion(name: string): string {
  const file = `${import.meta.dirname}/../peers/node_modules/${name}/package.json`;
  return `${name} ${(JSON.parse(readFileSync(file, "utf8")) as { version: string }).version}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
