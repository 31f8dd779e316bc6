import type { MessageView } from "../../src/index.ts";
import type { Act, CliCommand } from "../base/command.ts";
import { confirm } from "../base/confirm.ts";
import type { Context } from "../base/context.ts";
import { counted, shownCount } from "../base/durations.ts";
import { UsageError } from "../base/exit.ts";
import { numberFlag } from "../base/flags.ts";
import { limited } from "../views/limited.ts";
import { DEAD_COLUMNS, messageJson } from "../views/message-lines.ts";

interface RedriveFlags {
  max?: number;
  to?: string;
  from?: string;
}

/** `dead`: the dead letters of a queue. */
export function addDead(program: CliCommand, act: Act): void {
  const dead = program
    .command("dead")
    .description("List, redrive and purge dead letters: messages that were given up.");
  dead
    .command("ls")
    .alias("list")
    .description(
      "List dead letters with why they died. On a terminal the first 100, unless --limit says otherwise; in a pipe all of them.",
    )
    .argument("<queue>", "a queue, or the dead-letter queue of others")
    .option("--received", "those that came from other queues, in any state: reads every message of the queue")
    .addOption(numberFlag("--limit <count>", "at most so many; 0 for all", { min: 0, isInteger: true }))
    .example("durable-queue dead ls emails")
    .action(act<{ limit?: number; received?: boolean }, [string]>(list));
  dead
    .command("redrive")
    .summary("Make dead letters visible again.")
    .description(
      "Make dead letters visible again: what died here stays here, what came from another queue goes back there. Without ids and --max it is all of them, and it asks before it does so.",
    )
    .argument("<queue>")
    .argument("[id...]", "only these, at most 1,000")
    .addOption(numberFlag("--max <count>", "only the first so many", { min: 1, isInteger: true }))
    .option("--to <queue>", "to this queue, wherever they died")
    .option("--from <queue>", "only what died in this other queue")
    .example("durable-queue dead redrive emails --max 100")
    .action(act<RedriveFlags, [string, string[]]>(redrive));
  dead
    .command("purge")
    .description("Remove the dead letters of a queue. Asks before it does so.")
    .argument("<queue>")
    .example("durable-queue dead purge emails --yes")
    .action(act<object, [string]>(purge));
}

async function list(
  context: Context,
  { limit, received = false }: { limit?: number; received?: boolean },
  name: string,
): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  const views = received ? foreign(queue.messages({ signal })) : queue.messages({ state: "dead", signal });
  const hint = received ? "" : " What other queues have sent here is listed with --received.";
  await output.list(DEAD_COLUMNS, limited(output, views, limit), {
    none: `There are no dead letters in ${name}.${hint}`,
    jsonOf: messageJson,
  });
}

/** The messages that died in another queue. */
async function* foreign(views: AsyncIterable<MessageView<unknown>>): AsyncGenerator<MessageView<unknown>> {
  for await (const view of views) if (view.deadLetter !== undefined) yield view;
}

async function redrive(context: Context, flags: RedriveFlags, name: string, ids: string[]): Promise<void> {
  const { output, signal, io } = context;
  const { max, to, from } = flags;
  if (ids.length > 0 && max !== undefined) throw new UsageError("Give either ids or --max, not both.");
  const queue = (await context.manager()).queue(name);
  if (ids.length === 0 && max === undefined) {
    await confirm(context, "redrive of all dead letters", () => `Redrive all dead letters of ${name}?`);
  }
  const progress = (redriven: number, left: number) => {
    if (output.isWatched) io.stderr.write(`\r${shownCount(redriven)} redriven, ${shownCount(left)} left \u001b[K`);
  };
  try {
    const options = { max, to, from, progress, signal, ...(ids.length === 0 ? {} : { ids }) };
    const redriven = await queue.redrive(options);
    if (output.isWatched) io.stderr.write("\r\u001b[K");
    await output.result({ redriven }, `${counted(redriven, "message")} redriven.`);
  } catch (error) {
    if (output.isWatched) io.stderr.write("\n");
    throw error;
  }
}

async function purge(context: Context, _: object, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  await confirm(context, "dead purge", async () => {
    const { dead } = await queue.describe({ signal });
    return `Remove ${counted(dead, "dead letter")} of ${name}?`;
  });
  const purged = await queue.purge({ only: "dead", signal });
  await output.result({ purged }, `${counted(purged, "dead letter")} of ${name} removed.`);
}
