/** What may come next on a command line, found in the commands themselves. */
import type { Command, Option } from "commander";

/**
 * What is to be completed: words of the command line itself, names of queues or profiles, the tasks of a queue, or what the
 * shell knows.
 */
export type Candidates =
  | { kind: "words"; words: string[] }
  | { kind: "queues" | "profiles" | "files" }
  | { kind: "tasks"; queue: string };

/** The placeholders of flags and arguments that are the name, or the beginning of the name, of a queue. */
const QUEUE_PLACES = ["queue", "queue-or-file", "prefix"];

/** The placeholder of those that are the name of a task; the queue is the first argument. */
const TASK_PLACE = "task";

/**
 * What may stand in the place of the last word.
 *
 * @param words the words behind the name of the program, the last of them perhaps empty, or not whole
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  let command = program;
  const given: string[] = [];
  let open: Option | undefined;
  let isPlain = false;
  for (const word of words.slice(0, -1)) {
    if (open !== undefined) open = undefined;
    else if (isPlain) given.push(word);
    else if (word === "--") isPlain = true;
    else if (word.startsWith("-")) open = optionWithValue(command, word);
    else {
      const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (next === undefined) given.push(word);
      else command = next;
    }
  }
  const last = words.at(-1) ?? "";
  if (open !== undefined) return valuesOf(open, given);
  if (last.startsWith("-") && !isPlain) return { kind: "words", words: flagsOf(command) };
  if (command.commands.length > 0) return { kind: "words", words: commandsOf(command) };
  const argument = command.registeredArguments[given.length] ?? variadicOf(command);
  if (argument === undefined) return { kind: "words", words: [] };
  if (argument.argChoices !== undefined) return { kind: "words", words: argument.argChoices };
  return namesFor(argument.name(), given);
}

/** What may stand in the place of this name, behind these arguments. */
function namesFor(place: string, [queue]: readonly string[]): Candidates {
  if (QUEUE_PLACES.includes(place)) return { kind: "queues" };
  if (place === TASK_PLACE && queue !== undefined) return { kind: "tasks", queue };
  return { kind: "words", words: [] };
}

function variadicOf(command: Command) {
  return command.registeredArguments.find(({ variadic }) => variadic);
}

/** The flag of this name, if its value is the next word. */
function optionWithValue(command: Command, word: string): Option | undefined {
  const option = optionsOf(command).find(({ long, short }) => long === word || short === word);
  return option?.required === true ? option : undefined;
}

function valuesOf({ argChoices, flags, long }: Option, given: readonly string[]): Candidates {
  if (argChoices !== undefined) return { kind: "words", words: argChoices };
  if (long === "--profile") return { kind: "profiles" };
  const place = /<(.*)>/.exec(flags)?.[1] ?? "";
  return place === "path" ? { kind: "files" } : namesFor(place, given);
}

/** The flags of a command and of those above it. */
function optionsOf(command: Command): readonly Option[] {
  const own = command.options.filter(({ hidden }) => !hidden);
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)];
}

function flagsOf(command: Command): string[] {
  return [...optionsOf(command).map(({ long, flags }) => long ?? flags), "--help"];
}

function commandsOf(command: Command): string[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((each) => each.name());
}
