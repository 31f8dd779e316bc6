import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An instruction of a Dockerfile, as `RUN`, and what follows it. */
interface Instruction {
  name: string;
  text: string;
}

/** The instructions of the service's Dockerfile, each on one line. */
const instructions: readonly Instruction[] = readFileSync(
  join(import.meta.dirname, "../../examples/service/Dockerfile"),
  "utf8",
)
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [, name = "", text = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return { name, text };
  });

/** What follows the instructions of a name. */
export function textsOf(name: string): string[] {
  return instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

/** The variables that `ENV` sets. */
export function environmentOfImage(): Record<string, string> {
  const pairs = textsOf("ENV").flatMap((text) => text.split(" "));
  return Object.fromEntries(pairs.map((pair) => pair.split("=", 2) as [string, string]));
}

/** A command in the form of a list. */
export function commandOf(name: string): string[] {
  const [text = "[]"] = textsOf(name);
  return JSON.parse(text.slice(text.indexOf("["))) as string[];
}
