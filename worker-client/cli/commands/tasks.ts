import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { AnnouncedTask } from "../../src/index.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { exactJson } from "../base/exact-json.ts";
import { UsageError } from "../base/exit.ts";
import { numberFlag } from "../base/flags.ts";
import { addItemFlags } from "../base/item-flags.ts";
import type { Column } from "../base/table.ts";
import type { CallFlags } from "../bulk/tasks/call-flags.ts";
import { schemaText } from "../views/schema-text.ts";

/** `tasks`: the tasks that workers serve. */
export function addTasks(program: CliCommand, act: Act): void {
  const tasks = program.command("tasks").description("List the tasks that workers of a queue serve, and call them.");
  tasks
    .command("ls")
    .alias("list")
    .description(
      "List the tasks that workers of a queue have announced, with the form of their input where it is known. The queue keeps the names: its workers may be away.",
    )
    .argument("<queue>")
    .example("durable-queue tasks ls images")
    .action(act<object, [string]>(list));
  addCall(tasks, act);
}

function addCall(tasks: CliCommand, act: Act): void {
  addItemFlags(tasks.command("call"))
    .summary("Submit a job of a task, and print its result.")
    .description(
      "Submit a job of a task, wait for it, and print its result as one line of JSON. Fails with status 1 and the job's error if it fails. Name and input are checked before: by the tasks of the file, or by what the workers of the queue have announced. Ctrl-C ends the wait; the job goes on.",
    )
    .argument("<queue-or-file>", "the queue; or the file that exports its tasks, with a slash, as ./tasks.ts")
    .argument("<task>", "the name of the task")
    .argument("[input]", "one JSON value (default: none)")
    .option("--file <path>", "the input is in this file")
    .option("--no-wait", "print the id of the job, and end: durable-queue jobs result waits for it")
    .addOption(
      numberFlag("--timeout-seconds <seconds>", "how long to wait for the result (default: without end)", {
        min: 0.001,
      }),
    )
    .option("--cancel-on-interrupt", "Ctrl-C cancels the job")
    .option("--force", "submit it unchecked")
    .option("--idempotency-key <key>", "calls under one key within 300 seconds are one job: for scripts that repeat it")
    .example(
      `durable-queue tasks call images resize '{"url": "https://example.com/a.png"}'\ndurable-queue tasks call ./tasks.ts resize --file input.json --no-wait`,
    )
    .action(
      act<CallFlags, [string, string, string | undefined]>(async (context, flags, queueOrFile, name, json) => {
        const input = inputIn(context, flags, json);
        const { callTask } = await import("../bulk/tasks/call-command.ts");
        await callTask(context, flags, queueOrFile, name, input);
      }),
    );
}

/** The shell takes away one pair of quotes. */
const QUOTING = `Quote it for the shell: '{"n": 1}', and a text as '"text"'.`;

async function list(context: Context, _: object, name: string): Promise<void> {
  const { output, signal } = context;
  const tasks = await (await context.manager()).queue(name).tasks({ signal });
  await output.list(TASK_COLUMNS, tasks, {
    none: `No worker has announced tasks of ${name}: workers do when they begin, as durable-queue work ./tasks.ts.`,
  });
}

const TASK_COLUMNS: readonly Column<AnnouncedTask>[] = [
  { title: "TASK", cell: ({ name }) => name },
  { title: "INPUT", cell: ({ input }) => (input === undefined ? "no schema" : schemaText(input)), isLong: true },
];

function inputIn({ io }: Context, { file }: CallFlags, json: string | undefined): unknown {
  if (json !== undefined && file !== undefined) throw new UsageError("Give either an input or --file, not both.");
  if (file === undefined) return json === undefined ? undefined : exactJson(json, "The input", QUOTING);
  try {
    const text = readFileSync(resolve(io.folder, file), "utf8");
    return exactJson(text.replace(/^\ufeff/, ""), `The file ${file}`, "It must have one JSON value.");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
}
