import type { MessageView, Queue, QueueError } from "../../src/index.ts";
import { bodyCell } from "../base/bodies.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { counted, shownCount } from "../base/durations.ts";
import { numberFlag } from "../base/flags.ts";
import { cutText, shownText } from "../base/text.ts";
import { waited } from "../base/waiting.ts";
import { messageJson } from "../views/message-lines.ts";

interface TailFlags {
  intervalSeconds?: number;
  after?: string;
}

type View = MessageView<unknown>;

/** How often the queue is asked if the user does not say, in seconds. */
const INTERVAL_SECONDS = 1;

/** The least of that, in seconds: each look is a request to the queue. */
const INTERVAL_SECONDS_MIN = 0.1;

/**
 * How many of the last messages are listed again at each look: those that are put into their midst, as with a priority,
 * are found.
 */
const WINDOW_MESSAGES = 1_000;

/** For how long the server may be away once it has answered, in seconds, unless the user says longer. */
const OUTAGE_SECONDS = 60;

/** How many messages are asked for at a time. */
const PAGE_MESSAGES = 1_000;

/** `tail`: follows new messages without taking them. */
export function addTail(program: CliCommand, act: Act): void {
  program
    .command("tail")
    .summary("Follow new messages without taking them, until Ctrl-C.")
    .description(
      `Follow new messages without taking them, until Ctrl-C: the queue is asked every second, and listed if there is something new. It misses messages that are put and done between two looks, says how many on a terminal, and those that are listed before the last ${WINDOW_MESSAGES.toLocaleString("en-US")}, as with a high priority in a long queue. It first reads all messages to find the end: in a long queue give --after the id of a message, as put prints it. Needs a key with the scope read.`,
    )
    .argument("<queue>")
    .addOption(
      numberFlag("--interval-seconds <seconds>", `the time between two looks (default ${INTERVAL_SECONDS})`, {
        min: INTERVAL_SECONDS_MIN,
      }),
    )
    .option("--after <id>", "begin behind this message, and print what is behind it already")
    .example("durable-queue tail emails")
    .action(act<TailFlags, [string]>(tail));
}

async function tail(context: Context, flags: TailFlags, name: string): Promise<void> {
  const { output, signal, settings } = context;
  const { intervalSeconds = INTERVAL_SECONDS, after } = flags;
  // A wrong address or key is said soon; a restart of the server does not end what has begun.
  await (await context.manager()).queue(name).qsize({ signal });
  const retrySeconds = Math.max(OUTAGE_SECONDS, settings.retrySeconds);
  const follower = new Follower((await context.manager({ retrySeconds })).queue(name), signal, after);
  if (after === undefined) {
    await follower.skip((count) => output.note(`Messages that are there already: ${shownCount(count)}.`));
    output.note(`Following ${name}, until Ctrl-C.`);
  }
  do {
    const missed = await follower.look((view) => print(context, view));
    if (missed > 0) output.note(`${counted(missed, "message")} came and went between two looks.`);
  } while (await waited(intervalSeconds, signal));
}

async function print({ output }: Context, view: View): Promise<void> {
  if (output.isJson) return output.json(messageJson(view));
  const { id, state, item, putAt } = view;
  const line = `${putAt.toISOString()}  ${id}  ${state}  ${shownText(bodyCell(item))}`;
  await output.line(cutText(line, output.width));
}

/** Knows which messages of a queue were seen, as far back as its window. */
class Follower {
  readonly #queue: Queue;
  readonly #signal: AbortSignal;
  /** The last messages in the order in which they were seen, by the cursors of the list. */
  readonly #window = new Set<string>();
  /** The list is read behind this one; undefined for the beginning. */
  #from: string | undefined;
  #accepted: number | undefined;

  constructor(queue: Queue, signal: AbortSignal, after: string | undefined) {
    this.#queue = queue;
    this.#signal = signal;
    this.#from = after;
  }

  /** Sees all messages that there are. */
  async skip(heard: (count: number) => void): Promise<void> {
    this.#accepted = await this.#count();
    let count = 0;
    for await (const view of this.#list()) {
      count += 1;
      this.#see(view);
    }
    if (count > 0) heard(count);
  }

  /**
   * Finds what is new.
   *
   * @returns how many messages were put since the last look and are not there any more
   */
  async look(found: (view: View) => Promise<void>): Promise<number> {
    const accepted = await this.#count();
    const before = this.#accepted;
    if (accepted === before) return 0;
    // It was deleted, and is another queue now.
    if (before !== undefined && accepted < before) this.#forget();
    this.#accepted = accepted;
    let count = 0;
    for await (const view of this.#list()) {
      if (this.#window.has(cursorOf(view))) continue;
      this.#see(view);
      count += 1;
      await found(view);
    }
    return before === undefined ? 0 : Math.max(0, accepted - before - count);
  }

  /** How many messages were ever put: 0 for a queue that does not exist yet. */
  async #count(): Promise<number> {
    try {
      return (await this.#queue.describe({ signal: this.#signal })).accepted;
    } catch (error) {
      if ((error as Partial<QueueError>).code === "unknown_queue") return 0;
      throw error;
    }
  }

  #list(): AsyncIterable<View> {
    return this.#queue.messages({ after: this.#from, pageSize: PAGE_MESSAGES, signal: this.#signal });
  }

  #see(view: View): void {
    this.#window.add(cursorOf(view));
    if (this.#window.size <= WINDOW_MESSAGES) return;
    const [oldest] = this.#window;
    if (oldest === undefined) return;
    this.#window.delete(oldest);
    this.#from = oldest;
  }

  #forget(): void {
    this.#window.clear();
    this.#from = undefined;
  }
}

function cursorOf({ cursor, id }: View): string {
  return cursor ?? id;
}
