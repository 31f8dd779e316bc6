import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";

/** `queues`: the queues of the server and what can be done with each as a whole. */
export function addQueues(program: CliCommand, act: Act): void {
  const queues = program.command("queues").description("List, describe, configure, pause, purge and remove queues.");
  queues
    .command("ls")
    .alias("list")
    .description("List the queues, in the order of their names.")
    .argument("[prefix]", "only names that begin with this")
    .example("durable-queue queues ls mail.")
    .action(act<object, [string | undefined]>(list));
}

async function list(context: Context, _: object, prefix: string | undefined): Promise<void> {
  const { output, signal } = context;
  const manager = await context.manager();
  const names = manager.queueNames({ prefix, signal });
  const none = prefix === undefined ? "There are no queues." : `No queue's name begins with ${prefix}.`;
  await output.list([{ title: "QUEUE", cell: (name: string) => name, isLong: true }], names, {
    none,
    jsonOf: (name) => ({ name }),
  });
}
