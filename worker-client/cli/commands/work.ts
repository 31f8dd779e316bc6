import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { addWorkFlags, type WorkFlags } from "../bulk/work/work-flags.ts";

/** `work`: works through a queue with a handler from a file. */
export function addWork(program: CliCommand, act: Act): void {
  addWorkFlags(program.command("work"))
    .summary("Work through a queue with the function of a file.")
    .description(
      "Work through a queue with the function that a file exports by default: export default async function (message, { signal }) { … }. When it resolves, the message is acked; when it throws, it is tried again later. With --json one line for each finished message.",
    )
    .argument("<queue>")
    .argument("<file>", "a JavaScript module, or TypeScript as Node 22.18 and newer load it")
    .example("durable-queue work emails ./send-email.ts --concurrency 10 --processes 2")
    .action(
      act<WorkFlags, [string, string]>(async (context: Context, flags: WorkFlags, name: string, file: string) => {
        const { work } = await import("../bulk/work/work-command.ts");
        await work(context, flags, name, file);
      }),
    );
}
