import { expect, test } from "vitest";
import type { CliCommand } from "../../worker-client/cli/base/command.ts";
import { programOf } from "../../worker-client/cli/program.ts";
import { ioOf, runCli } from "../cli/in-process.ts";

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
