import type { ListedQueue, QueueDescription, QueueError, QueueManager } from "../../src/index.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { counted, shownCount, shownDate, shownSeconds } from "../base/durations.ts";
import { numberFlag } from "../base/flags.ts";
import { type Column, tableLines } from "../base/table.ts";
import { cutText, shownText } from "../base/text.ts";
import { waited } from "../base/waiting.ts";
import { Screen } from "../views/screen.ts";

interface TopFlags {
  intervalSeconds?: number;
  once?: boolean;
}

/** How often the queues are asked if the user does not say, in seconds. */
const INTERVAL_SECONDS = 1;

/** The least of that, in seconds: each picture is a request to each queue. */
const INTERVAL_SECONDS_MIN = 0.2;

/** How many queues are shown where none are named: each of them is asked, and woken if it sleeps. */
const QUEUES_MAX = 20;

/** How often these are chosen again, in seconds. */
const CHOICE_SECONDS = 10;

/** Errors that do not pass by themselves. */
const FINAL_CODES: readonly unknown[] = ["unauthorized", "forbidden"];

/** One queue in the picture. */
interface Row {
  queue: string;
  visible: number;
  delayed: number;
  leased: number;
  dead: number;
  /** Messages put in a second since the last picture; undefined in the first one. */
  putsPerSecond: number | undefined;
  /** Messages done in a second since the last picture. */
  donesPerSecond: number | undefined;
  oldestSeconds: number;
  consumers: number;
  /** Results and errors of jobs that are kept. */
  results: number;
}

interface Picture {
  rows: Row[];
  /** For people: queues that are not shown. */
  note: string | undefined;
}

/** `top`: what happens in the queues now. */
export function addTop(program: CliCommand, act: Act): void {
  program
    .command("top")
    .summary("Watch rates, backlog, oldest message, dead letters and consumers.")
    .description(
      `Watch queues, until Ctrl-C: what waits, what is put and done in a second, the age of the oldest message, dead letters and consumers. Without names it is the ${QUEUES_MAX} queues with the most unfinished messages. Each queue is asked every second, which wakes it. In a pipe: a JSON line for each queue and picture. Needs a key with the scope read.`,
    )
    .argument("[queue...]")
    .addOption(
      numberFlag("--interval-seconds <seconds>", `the time between two pictures (default ${INTERVAL_SECONDS})`, {
        min: INTERVAL_SECONDS_MIN,
      }),
    )
    .option("--once", "print one picture, without rates, and end")
    .example("durable-queue top emails orders")
    .action(act<TopFlags, [string[]]>(top));
}

async function top(context: Context, flags: TopFlags, names: string[]): Promise<void> {
  const { output, io, signal } = context;
  const { intervalSeconds = INTERVAL_SECONDS, once = false } = flags;
  const manager = await context.manager();
  // Wrong names are refused before the screen is taken.
  for (const name of names) manager.queue(name);
  const watch = new Watch(manager, names, signal);
  if (once) return printed(context, await watch.picture());
  if (output.isJson) {
    do await printed(context, await watch.picture());
    while (await waited(intervalSeconds, signal));
    return;
  }
  // An address or key that is wrong is said like by every other command.
  let lines = linesOf(context, await watch.picture());
  const screen = new Screen(io);
  try {
    screen.show(lines);
    while (await waited(intervalSeconds, signal)) {
      try {
        lines = linesOf(context, await watch.picture());
        screen.show(lines);
      } catch (error) {
        if (signal.aborted || FINAL_CODES.includes((error as Partial<QueueError>).code)) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        screen.show([output.style("red", cutText(shownText(reason), output.width)), ...lines.slice(1)]);
      }
    }
  } finally {
    screen.close();
  }
}

async function printed(context: Context, picture: Picture): Promise<void> {
  const { output } = context;
  if (!output.isJson) for (const line of linesOf(context, picture).slice(2)) await output.line(line);
  else for (const row of picture.rows) await output.json(row);
}

/** A picture for people: a title, an empty line, the table. */
function linesOf({ output, settings }: Context, { rows, note }: Picture): string[] {
  const title = `${settings.address}  ${shownDate(new Date())}  ${counted(rows.length, "queue")}`;
  const table = rows.length === 0 ? ["There are no queues."] : tableLines(columnsFor(rows), rows, output);
  return [cutText(title, output.width), "", ...table, ...(note === undefined ? [] : ["", output.style("dim", note)])];
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "QUEUE", cell: ({ queue }) => queue, isLong: true },
  { title: "VISIBLE", cell: ({ visible }) => shownCount(visible), isNumber: true },
  { title: "DELAYED", cell: ({ delayed }) => shownCount(delayed), isNumber: true },
  { title: "LEASED", cell: ({ leased }) => shownCount(leased), isNumber: true },
  { title: "DEAD", cell: ({ dead }) => shownCount(dead), isNumber: true },
  { title: "PUT/S", cell: ({ putsPerSecond }) => rate(putsPerSecond), isNumber: true },
  { title: "DONE/S", cell: ({ donesPerSecond }) => rate(donesPerSecond), isNumber: true },
  { title: "OLDEST", cell: ({ oldestSeconds }) => (oldestSeconds === 0 ? "-" : shownSeconds(oldestSeconds)) },
  { title: "CONS", cell: ({ consumers }) => consumers, isNumber: true },
];

/** How many results are kept is shown where any are. */
function columnsFor(rows: readonly Row[]): readonly Column<Row>[] {
  return rows.some(({ results }) => results > 0) ? [...COLUMNS, RESULTS_COLUMN] : COLUMNS;
}

const RESULTS_COLUMN: Column<Row> = {
  title: "RESULTS",
  cell: ({ results }) => shownCount(results),
  isNumber: true,
};

function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return "-";
  return perSecond >= 10 ? shownCount(Math.round(perSecond)) : String(Math.round(perSecond * 10) / 10);
}

/** The names of the queues to be asked, and a sentence for people about the others. */
interface Watched {
  names: readonly string[];
  note: string | undefined;
}

/** What was counted at the last picture, and when, in milliseconds. */
interface Counted {
  at: number;
  accepted: number;
  done: number;
}

/** Makes pictures of queues, each with the rates since the one before. */
class Watch {
  readonly #manager: QueueManager;
  readonly #names: readonly string[];
  readonly #signal: AbortSignal;
  readonly #before = new Map<string, Counted>();
  #chosen: Watched | undefined;
  #watchedAt = 0;

  constructor(manager: QueueManager, names: readonly string[], signal: AbortSignal) {
    this.#manager = manager;
    this.#names = names;
    this.#signal = signal;
  }

  async picture(): Promise<Picture> {
    const { names, note } = await this.#watched();
    const rows = await Promise.all(names.map((name) => this.#row(name)));
    return { rows: rows.filter((row) => row !== undefined), note };
  }

  /** The queues that were named, or those with the most unfinished messages, by what they last reported. */
  async #watched(): Promise<Watched> {
    if (this.#names.length > 0) return { names: this.#names, note: undefined };
    const age = (performance.now() - this.#watchedAt) / 1_000;
    if (this.#chosen !== undefined && age < CHOICE_SECONDS) return this.#chosen;
    const queues: ListedQueue[] = [];
    for await (const queue of this.#manager.queues({ signal: this.#signal })) queues.push(queue);
    const unfinished = ({ counts }: ListedQueue) => counts?.unfinished ?? 0;
    const chosen = queues.sort((a, b) => unfinished(b) - unfinished(a)).slice(0, QUEUES_MAX);
    const rest = queues.length - chosen.length;
    const note =
      rest === 0 ? undefined : `${counted(rest, "queue")} with fewer messages not shown: name those to watch.`;
    this.#watchedAt = performance.now();
    this.#chosen = { names: chosen.map(({ name }) => name).sort(), note };
    return this.#chosen;
  }

  /** Undefined for a queue that does not exist. */
  async #row(name: string): Promise<Row | undefined> {
    let description: QueueDescription;
    try {
      description = await this.#manager.queue(name).describe({ signal: this.#signal });
    } catch (error) {
      if ((error as Partial<QueueError>).code === "unknown_queue") return undefined;
      throw error;
    }
    const { visible, delayed, leased, dead, oldestSeconds, consumers, accepted, done, results } = description;
    const before = this.#before.get(name);
    const now: Counted = { at: performance.now(), accepted, done };
    this.#before.set(name, now);
    const perSecond = (count: "accepted" | "done") => {
      if (before === undefined) return undefined;
      return Math.max(0, (now[count] - before[count]) / ((now.at - before.at) / 1_000));
    };
    return {
      ...{ queue: name, visible, delayed, leased, dead },
      putsPerSecond: perSecond("accepted"),
      donesPerSecond: perSecond("done"),
      ...{ oldestSeconds, consumers: consumers.length, results },
    };
  }
}
