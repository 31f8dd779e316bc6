import type { ListedQueue, Queue, QueueError } from "../../src/index.ts";
import type { Act, CliCommand } from "../base/command.ts";
import { confirm } from "../base/confirm.ts";
import type { Context } from "../base/context.ts";
import { counted, shownAge, shownCount } from "../base/durations.ts";
import { Failure, UsageError } from "../base/exit.ts";
import { choiceFlag } from "../base/flags.ts";
import { addPushFlags, type PushFlags, pushIn } from "../base/push-flags.ts";
import { addSettingFlags, type SettingFlags, settingsIn } from "../base/setting-flags.ts";
import type { Column } from "../base/table.ts";
import { describeQueue } from "../views/describe.ts";

/** The states that the list shows: messages are seldom on their way to another queue. */
const STATE_COLUMNS = ["visible", "delayed", "leased", "dead"] as const;

interface OnlyFlags {
  only?: "puts" | "receives";
}

/** `queues`: the queues of the server and what can be done with each as a whole. */
export function addQueues(program: CliCommand, act: Act): void {
  const queues = program.command("queues").description("List, describe, configure, pause, purge and remove queues.");
  addReading(queues, act);
  addChanging(queues, act);
  addRemoving(queues, act);
}

function addReading(queues: CliCommand, act: Act): void {
  queues
    .command("ls")
    .alias("list")
    .summary("List the queues, with the counts that they last reported.")
    .description(
      "List the queues in the order of their names, with the counts that each last reported: about once a minute while it is in use. COUNTED says how old they are. No queue is woken; durable-queue queues describe has what is so now.",
    )
    .argument("[prefix]", "only names that begin with this")
    .example("durable-queue queues ls mail.")
    .action(act<object, [string | undefined]>(list));
  queues
    .command("describe")
    .description("Show the counts, settings and consumers of a queue.")
    .argument("<queue>")
    .example("durable-queue queues describe emails")
    .action(act<object, [string]>(describe));
}

function addChanging(queues: CliCommand, act: Act): void {
  addPushFlags(addSettingFlags(queues.command("configure")))
    .summary("Change settings; creates the queue if there is none.")
    .description("Change the settings that are given, and create the queue if there is none.")
    .argument("<queue>")
    .example(
      "durable-queue queues configure emails --max-attempts 5 --lease-seconds 60\ndurable-queue queues configure emails --push-url https://example.com/hook",
    )
    .action(act<SettingFlags & PushFlags, [string]>(configure));
  queues
    .command("pause")
    .summary("Let puts, receives or both wait.")
    .description("Let puts, receives or both wait until the queue is resumed. Handlers that run go on.")
    .argument("<queue>")
    .addOption(choiceFlag("--only <calls>", "pause one of both", ["puts", "receives"]))
    .example("durable-queue queues pause emails --only receives")
    .action(act<OnlyFlags, [string]>((context, { only }, name) => pause(context, name, only)));
  queues
    .command("resume")
    .description("End a pause of puts, of receives, or of both.")
    .argument("<queue>")
    .addOption(choiceFlag("--only <calls>", "resume one of both", ["puts", "receives"]))
    .example("durable-queue queues resume emails")
    .action(act<OnlyFlags, [string]>((context, { only }, name) => resume(context, name, only)));
}

function addRemoving(queues: CliCommand, act: Act): void {
  queues
    .command("shutdown")
    .summary("Refuse puts from now on, for good.")
    .description(
      "Refuse puts from now on, and receives once nothing is left. Only removing the queue undoes it. Asks before it does so.",
    )
    .argument("<queue>")
    .option("--immediate", "discard the messages that no consumer works on")
    .example("durable-queue queues shutdown emails --yes")
    .action(act<{ immediate?: boolean }, [string]>(shutdown));
  queues
    .command("purge")
    .summary("Remove every message of a queue.")
    .description("Remove every message of a queue, also those that are worked on. Asks before it does so.")
    .argument("<queue>")
    .example("durable-queue queues purge emails --yes")
    .action(act<object, [string]>(purge));
  queues
    .command("rm")
    .alias("delete")
    .summary("Remove a queue with all its messages.")
    .description("Remove a queue with its settings and all its messages. Asks before it does so.")
    .argument("<queue>")
    .example("durable-queue queues rm emails --yes")
    .action(act<object, [string]>(remove));
}

async function list(context: Context, _: object, prefix: string | undefined): Promise<void> {
  const { output, signal } = context;
  const manager = await context.manager();
  const queues = manager.queues({ prefix, signal });
  const none = prefix === undefined ? "There are no queues." : `No queue's name begins with ${prefix}.`;
  await output.list(QUEUE_COLUMNS, queues, { none });
}

const QUEUE_COLUMNS: readonly Column<ListedQueue>[] = [
  { title: "QUEUE", cell: ({ name }) => name, isLong: true },
  ...STATE_COLUMNS.map(
    (state): Column<ListedQueue> => ({
      title: state.toUpperCase(),
      cell: ({ counts }) => (counts === undefined ? "-" : shownCount(counts[state])),
      isNumber: true,
    }),
  ),
  { title: "OLDEST", cell: ({ oldestAt }) => (oldestAt === undefined ? "-" : shownAge(oldestAt)) },
  { title: "COUNTED", cell: ({ countedAt }) => (countedAt === undefined ? "-" : `${shownAge(countedAt)} ago`) },
];

async function describe(context: Context, _: object, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  await describeQueue(output, await queue.describe({ signal }));
}

async function configure(context: Context, flags: SettingFlags & PushFlags, name: string): Promise<void> {
  const { output, signal } = context;
  const push = pushIn(flags, context.io.folder);
  const settings = { ...settingsIn(flags), ...(push === undefined ? {} : { push }) };
  const names = Object.keys(settings) as (keyof typeof settings)[];
  if (names.length === 0)
    throw new UsageError("No setting is given: durable-queue queues configure --help lists them.");
  const queue = (await context.manager()).queue(name);
  const description = await queue.configure(settings, { signal });
  const { secret, ...shown } = description.push ?? {};
  const described = { ...description, push: description.push && shown };
  const changed = names.map((setting) => `${setting} ${JSON.stringify(described[setting])}`).join(", ");
  await output.result(description, `${name} has ${changed}.`);
  if (!output.isJson && secret !== undefined) {
    await output.line(`The secret of the webhook is ${secret} and is not shown again: give it to the receiver.`);
  }
}

async function pause(context: Context, name: string, only: OnlyFlags["only"]): Promise<void> {
  const { output, signal } = context;
  await (await context.manager()).queue(name).pause({ only, signal });
  await output.result(
    { paused: only ?? "both" },
    `Of ${name} ${only ?? "puts and receives"} wait until it is resumed.`,
  );
}

async function resume(context: Context, name: string, only: OnlyFlags["only"]): Promise<void> {
  const { output, signal } = context;
  await (await context.manager()).queue(name).resume({ only, signal });
  await output.result({ resumed: only ?? "both" }, `Of ${name} ${only ?? "puts and receives"} go on.`);
}

async function shutdown(context: Context, { immediate }: { immediate?: boolean }, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  const discard = immediate === true ? ", and discard what waits" : "";
  await confirm(context, "shutdown", () => `Shut down ${name} for good${discard}?`);
  await queue.shutdown({ immediate, signal });
  await output.result({ shutdown: name }, `${name} takes no puts any more.`);
}

async function purge(context: Context, _: object, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  await confirm(context, "purge", async () => `Remove ${await held(queue, signal)} from ${name}?`);
  const purged = await queue.purge({ signal });
  await output.result({ purged }, `${counted(purged, "message")} of ${name} removed.`);
}

async function remove(context: Context, _: object, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  await confirm(context, "rm", async () => `Remove the queue ${name} with ${await held(queue, signal)}?`);
  if (!(await queue.delete({ signal }))) throw new Failure(`There is no queue ${name}.`, "unknown_queue");
  await output.result({ deleted: name }, `The queue ${name} is removed.`);
}

/** What a queue holds, in a question; nothing for one that cannot be described. */
async function held(queue: Queue, signal: AbortSignal): Promise<string> {
  try {
    const { visible, delayed, leased, dead, transferring } = await queue.describe({ signal });
    return counted(visible + delayed + leased + dead + transferring, "message");
  } catch (error) {
    if ((error as Partial<QueueError>).code === "unauthorized") throw error;
    return "an unknown number of messages";
  }
}
