import { STATE_NAMES } from "../../../src/contract/states.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { choiceFlag } from "../base/flags.ts";
import type { ExportFlags } from "../bulk/export/export-flags.ts";
import type { ImportFlags } from "../bulk/put/import-command.ts";
import { addLinesFlags } from "../bulk/put/lines-flags.ts";

/** `export`: the messages of a queue as lines. */
export function addExport(program: CliCommand, act: Act): void {
  program
    .command("export")
    .summary("Write the messages of a queue as JSON lines, and take none.")
    .description(
      "Write the messages of a queue as JSON lines, with all that is needed to put them again. None is taken. Of a paused queue the export is complete and exact; in another one, what is put, done or given another priority meanwhile may be in it or not.",
    )
    .argument("<queue>")
    .addOption(choiceFlag("--state <state>", "only messages in this state", STATE_NAMES))
    .option("--resume <path>", "write into this file, behind the messages that it has already")
    .example(
      "durable-queue queues pause emails\ndurable-queue export emails --resume emails.jsonl\ndurable-queue export emails --state dead | wc -l",
    )
    .action(
      act<ExportFlags, [string]>(async (context: Context, flags: ExportFlags, name: string) => {
        const { exportMessages } = await import("../bulk/export/export-command.ts");
        await exportMessages(context, flags, name);
      }),
    );
}

/** `import`: puts what `export` wrote. */
export function addImport(program: CliCommand, act: Act): void {
  addLinesFlags(program.command("import"))
    .summary("Put the messages of an export.")
    .description(
      "Put the messages of an export, from a file or standard input. They are new messages: ids, attempts and errors are not kept, and what was leased or dead is visible. A delayed message is visible when it would have been.",
    )
    .argument("<queue>")
    .argument("[file]", "a file that export wrote (default: standard input)")
    .addOption(choiceFlag("--state <state>", "only messages that were in this state", STATE_NAMES))
    .example("durable-queue import emails emails.jsonl --checkpoint emails.progress")
    .action(
      act<ImportFlags, [string, string | undefined]>(
        async (context: Context, flags: ImportFlags, name: string, file: string | undefined) => {
          const { importMessages } = await import("../bulk/put/import-command.ts");
          await importMessages(context, flags, name, file);
        },
      ),
    );
}
