import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CliCommand } from "../../worker-client/cli/base/command.ts";
import { programOf } from "../../worker-client/cli/program.ts";
import { ioOf, runCli } from "../cli/in-process.ts";
import { documents } from "../support/code-blocks.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The help of all commands, each in 80 columns. The flags of all are shown once. */
async function reference(): Promise<string> {
  return [
    "# Reference of the command line",
    "",
    "Made from the program's own help by `npm run docs`. [command-line.md](command-line.md) says how the commands are used. The flags",
    "of `durable-queue` itself are flags of every command.",
    "",
    ...(await sectionsOf(programOf(ioOf({})), [])),
  ].join("\n");
}

async function sectionsOf(command: CliCommand, words: string[]): Promise<string[]> {
  const { output } = await runCli([...words, "--help"], { columns: 80, home: "~" });
  const own = output.replace(/Global Options:\n(.+\n)+\n/, "").trimEnd();
  const children = command.createHelp().visibleCommands(command) as CliCommand[];
  const below: string[] = [];
  for (const child of children) {
    if (child.name() !== "help") below.push(...(await sectionsOf(child, [...words, child.name()])));
  }
  return [`## ${command.path}`, "", "```text", own, "```", "", ...below];
}

test("the reference of the command line is what its help says; npm run docs writes it", async () => {
  await expect(await reference()).toMatchFileSnapshot("../../docs/command-line-reference.md");
});

/** The words of each command: `queues describe`. */
function commandsBelow(command: CliCommand): string[] {
  return command.commands.flatMap((child) => {
    const below = commandsBelow(child as CliCommand);
    return below.length === 0 ? [child.name()] : below.map((words) => `${child.name()} ${words}`);
  });
}

test("the pages name only commands that there are", () => {
  const commands = commandsBelow(programOf(ioOf({})));
  const groups = new Set(commands.filter((words) => words.includes(" ")).map((words) => words.split(" ")[0]));
  const named = documents.flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(/(?:`|npx |\n)durable-queue ([a-z]+)(?: ([a-z]+))?/g)].map(
      ([, first = "", second = ""]) => (groups.has(first) ? `${first} ${second}` : first),
    ),
  );

  expect(named).not.toEqual([]);
  expect(named.filter((words) => !commands.includes(words) && words !== "help")).toEqual([]);
});
