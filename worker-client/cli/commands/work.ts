import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { addWorkFlags, type WorkFlags } from "../bulk/work/work-flags.ts";

/** `work`: works through a queue with a handler, or the tasks, of a file. */
export function addWork(program: CliCommand, act: Act): void {
  addWorkFlags(program.command("work"))
    .summary("Work through a queue with the function, or the tasks, of a file.")
    .description(
      "Work through a queue with the function that a file exports by default: export default async function (message, { signal }) { … }. When it resolves, the message is acked; when it throws, it is tried again later. The function runs in processes, or threads, and may block: the command itself holds the messages and keeps their leases. A file that exports tasks, made by defineTasks() of durable-queue/tasks, serves these: give the file alone, because the tasks say their queue. With --json one line for each finished message.",
    )
    .argument("<queue-or-file>", "the queue; or, alone, the file of its tasks")
    .argument("[file]", "a JavaScript module, or TypeScript as Node 22.18 and newer load it")
    .example(
      "durable-queue work emails ./send-email.ts --concurrency 10 --processes 2\ndurable-queue work ./tasks.ts --concurrency 10",
    )
    .action(
      act<WorkFlags, [string, string | undefined]>(
        async (context: Context, flags: WorkFlags, first: string, second: string | undefined) => {
          const { work } = await import("../bulk/work/work-command.ts");
          await (second === undefined ? work(context, flags, undefined, first) : work(context, flags, first, second));
        },
      ),
    );
}
