import { readFileSync } from "node:fs";

/** A unit file of systemd: the values of each key of each section, in their order. */
export type Unit = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads a unit file as systemd.syntax(7) describes it, as far as ours use it. */
export function parseUnit(text: string): Unit {
  const unit = new Map<string, Map<string, string[]>>();
  let section = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const header = /^\[(\w+)\]$/.exec(line);
    if (header !== null) {
      section = new Map();
      unit.set(header[1] as string, section);
      continue;
    }
    const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === "") throw new Error(`This is no line of a unit: ${line}`);
    section.set(key, [...(section.get(key) ?? []), value]);
  }
  return unit;
}

/** The last value of a key of the section Service. */
export function serviceSetting(unit: Unit, key: string): string {
  const value = unit.get("Service")?.get(key)?.at(-1);
  if (value === undefined) throw new Error(`The unit has no ${key}.`);
  return value;
}

/** The variables of an environment file, as systemd.exec(5) describes it: quotes count only at the beginning of a value. */
export function environmentOf(path: string): Record<string, string> {
  const lines = readFileSync(path, "utf8").split("\n");
  const variables = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    variables.map((line) => {
      const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return [name, /^(['"]).*\1$/.test(value) ? value.slice(1, -1) : value];
    }),
  );
}

/** The same file as `docker run --env-file` reads it: quotes are a part of the value. */
export function containerEnvironmentOf(path: string): Record<string, string> {
  const lines = readFileSync(path, "utf8").split("\n");
  const variables = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    variables.map((line) => [line.split("=", 1)[0] as string, line.slice(line.indexOf("=") + 1)]),
  );
}
