import { STATE_NAMES } from "../../../src/contract/states.ts";
import type { MessageState, MessageView } from "../../src/index.ts";
import { bodyCell } from "../base/bodies.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { eachOf } from "../base/each-of.ts";
import { Failure } from "../base/exit.ts";
import { choiceFlag, numberFlag } from "../base/flags.ts";
import { shownText } from "../base/text.ts";
import { limited } from "../views/limited.ts";
import { MESSAGE_COLUMNS, messageJson } from "../views/message-lines.ts";

interface ListFlags {
  state?: MessageState;
  limit?: number;
}

/** `messages`: single messages, without taking them. */
export function addMessages(program: CliCommand, act: Act): void {
  const messages = program
    .command("messages")
    .description("List, look at, cancel and promote messages, without taking them.");
  messages
    .command("ls")
    .alias("list")
    .description(
      "List the messages of a queue in the order of their puts. On a terminal the first 100, unless --limit says otherwise; in a pipe all of them.",
    )
    .argument("<queue>")
    .addOption(choiceFlag("--state <state>", "only those in this state", STATE_NAMES))
    .addOption(numberFlag("--limit <count>", "at most so many; 0 for all", { min: 0, isInteger: true }))
    .example("durable-queue messages ls emails --state delayed --limit 10")
    .action(act<ListFlags, [string]>(list));
  messages
    .command("peek")
    .description("Show one message.")
    .argument("<queue>")
    .argument("<id>", "as put has printed it")
    .example("durable-queue messages peek emails 0.k2f9b2gi-1-0")
    .action(act<object, [string, string]>(peek));
  messages
    .command("cancel")
    .summary("Remove messages, also while they are worked on.")
    .description("Remove messages, also while a consumer works on them. Fails if one of them is not in the queue.")
    .argument("<queue>")
    .argument("<id...>")
    .example("durable-queue messages cancel emails 0.k2f9b2gi-1-0 0.k2f9b2gi-1-1")
    .action(act<object, [string, string[]]>(cancel));
  messages
    .command("promote")
    .summary("Make delayed messages visible now.")
    .description("Make delayed messages visible now, also those that wait for their next attempt.")
    .argument("<queue>")
    .argument("<id...>")
    .example("durable-queue messages promote emails 0.k2f9b2gi-1-0")
    .action(act<object, [string, string[]]>(promote));
}

async function list(context: Context, { state, limit }: ListFlags, name: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  const views = limited(output, queue.messages({ state, signal }), limit);
  const none = state === undefined ? `There are no messages in ${name}.` : `No message of ${name} is ${state}.`;
  await output.list(MESSAGE_COLUMNS, views, { none, jsonOf: messageJson });
}

async function peek(context: Context, _: object, name: string, id: string): Promise<void> {
  const { output, signal } = context;
  const queue = (await context.manager()).queue(name);
  const view = await queue.peek(id, { signal });
  await output.result(messageJson(view), linesOf(view));
}

/** One message for people: a line for each of its fields, and the body last, in full. */
function linesOf({ item, headers, deadLetter, ...view }: MessageView<unknown>): string {
  const fields = Object.entries({ ...view, headers, deadLetter }).filter(([, value]) => value !== undefined);
  const lines = fields.map(([name, value]) => `  ${name.padEnd(18)}${shownText(plain(value))}`);
  return [...lines, `  ${"body".padEnd(18)}${shownText(bodyCell(item))}`].join("\n");
}

function plain(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

async function cancel(context: Context, _: object, name: string, ids: string[]): Promise<void> {
  const queue = (await context.manager()).queue(name);
  const unknown: string[] = [];
  await eachOf(context, ids, async (id, signal) => {
    const cancelled = await queue.cancel(id, { signal });
    if (cancelled) return [{ id, cancelled }, `${id} is removed.`];
    unknown.push(id);
    return undefined;
  });
  if (unknown.length > 0)
    throw new Failure(`Not in ${name}, or done already: ${unknown.join(", ")}.`, "unknown_message");
}

async function promote(context: Context, _: object, name: string, ids: string[]): Promise<void> {
  const queue = (await context.manager()).queue(name);
  await eachOf(context, ids, async (id, signal) => {
    const view = await queue.promote(id, { signal });
    return [messageJson(view), `${id} is ${view.state}.`];
  });
}
