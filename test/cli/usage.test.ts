import { describe, expect, test } from "vitest";
import type { CliCommand } from "../../worker-client/cli/base/command.ts";
import { programOf } from "../../worker-client/cli/program.ts";
import { ioOf, runCli } from "./in-process.ts";

/** All commands that have no commands of their own, by their words. */
function leavesOf(command: CliCommand, words: string[] = []): string[][] {
  const visible = command.createHelp().visibleCommands(command) as CliCommand[];
  if (command.commands.length === 0) return [words];
  return visible.filter((each) => each.name() !== "help").flatMap((each) => leavesOf(each, [...words, each.name()]));
}

const LEAVES = leavesOf(programOf(ioOf({})));

describe("the help", () => {
  test.each(LEAVES.map((words) => [words.join(" "), words] as const))(
    "of %s fits 80 columns, has an example that is its command, the variables and units",
    async (name, words) => {
      const { status, output, errors } = await runCli([...words, "--help"], { columns: 80 });

      expect({ status, errors }).toEqual({ status: 0, errors: "" });
      expect(output.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(/Example:\n([\s\S]*)/.exec(output)?.[1]).toContain(`durable-queue ${name}`);
      expect(output).toContain("DURABLE_QUEUE_ADDRESS");
    },
  );

  test("of the program names every command, and is shown without a command", async () => {
    const { output } = await runCli(["--help"], { columns: 80 });

    for (const [word] of LEAVES) expect(output).toMatch(new RegExp(`^  ${word}\\b`, "m"));
    expect(output.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(await runCli([], { columns: 80 })).toEqual({ status: 0, output, errors: "" });
  });
});

test("help of a command is that of its flag", async () => {
  expect(await runCli(["help", "get"])).toEqual(await runCli(["get", "--help"]));
  expect(await runCli(["queues", "help", "ls"])).toEqual(await runCli(["queues", "ls", "--help"]));
});

test.each([
  [["queue", "ls"], 'Unknown command "queue". Did you mean queues? durable-queue --help says more.'],
  [
    ["queues", "ls", "--auth-key=secret"],
    'Unknown option "--auth-key=…". A value that begins with "-" comes after "--". durable-queue queues ls --help says more.',
  ],
  [
    ["queues", "descibe", "a"],
    'Unknown command "descibe". Did you mean describe? durable-queue queues --help says more.',
  ],
  [["queues"], /^A command is missing after "durable-queue queues"\. There are: ls, describe, .*rm, help\.$/],
  [
    ["put", "a", "1", "--delay-second", "3"],
    'Unknown option "--delay-second". Did you mean --delay-seconds? A value that begins with "-" comes after "--". durable-queue put --help says more.',
  ],
  [["put"], 'Missing required argument "queue". durable-queue put --help says more.'],
  [
    ["put", "a", "1", "2"],
    'Too many arguments for "put". Expected 2 arguments but got 3: a, 1, 2. durable-queue put --help says more.',
  ],
  [
    ["put", "a", "1", "--delay-seconds", "5m"],
    'Option "--delay-seconds <seconds>" argument "5m" is invalid. It must be a number from 0 to 31622400. durable-queue put --help says more.',
  ],
  [
    ["put", "a", "1", "--at", "tomorrow"],
    'Option "--at <time>" argument "tomorrow" is invalid. It must be a time with its zone, as 2030-01-31T12:00:00Z, or a day in UTC. durable-queue put --help says more.',
  ],
  [
    ["put", "a", "1", "--at", "2030-01-31", "--delay-seconds", "1"],
    'Option "--delay-seconds <seconds>" cannot be used with option "--at <time>". durable-queue put --help says more.',
  ],
  [["put", "a", "1", "--header", "x"], '--header is "x": it must be name=value, as trace-id=4711.'],
  [
    ["queues", "configure", "a", "--order", "random"],
    'Option "--order <order>" argument "random" is invalid. Allowed choices are fifo, lifo, priority. durable-queue queues configure --help says more.',
  ],
  [["queues", "configure", "a"], "No setting is given: durable-queue queues configure --help lists them."],
  [["--profile"], 'Option "--profile <name>" argument missing. durable-queue --help says more.'],
])("a wrong command line ends with status 2 and one sentence: %j", async (args, sentence) => {
  const { status, output, errors } = await runCli(args, { environment: { DURABLE_QUEUE_AUTHKEY: "k" } });

  expect({ status, output }).toEqual({ status: 2, output: "" });
  if (typeof sentence === "string") expect(errors).toBe(`Error: ${sentence}\n`);
  else expect(errors.replace(/^Error: /, "").trimEnd()).toMatch(sentence);
});

test.each([["--json"], []])("an error is one line of JSON with --json or its variable: %j", async (...flags) => {
  const environment: Record<string, string> = flags.length === 0 ? { DURABLE_QUEUE_JSON: "1" } : {};
  const { status, output, errors } = await runCli(["que", ...flags], { environment });

  expect({ status, output }).toEqual({ status: 2, output: "" });
  expect(JSON.parse(errors)).toEqual({
    error: { code: "usage", message: 'Unknown command "que". Did you mean queues? durable-queue --help says more.' },
  });
});

test("a server that cannot be reached is a failure with one sentence, without a stack", async () => {
  const environment = { DURABLE_QUEUE_ADDRESS: "http://127.0.0.1:4", DURABLE_QUEUE_AUTHKEY: "k" };
  const { status, errors } = await runCli(["queues", "ls", "--retry-seconds", "0"], { environment });

  expect(status).toBe(1);
  expect(errors).toMatch(/^Error: http:\/\/127\.0\.0\.1:4 could not be reached.* Is the server running, .*\?\n$/);
});
