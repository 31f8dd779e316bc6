import type { FromRunner, Said, ToRunner } from "./protocol.ts";

/** How a thread or process ended. */
export interface ChildEnd {
  /** In words, as "was ended by SIGKILL". */
  how: string;
  /** Whether it could be that what it was given to load has ended it: it ended by itself. */
  isOwnDoing: boolean;
}

/** What is told of a thread or process. */
export interface ChildEvents {
  heard(messages: readonly FromRunner[]): void;
  /** Called once; nothing is heard any more. */
  ended(end: ChildEnd): void;
}

/** A thread or process, and the way to it. */
export interface Child {
  readonly kind: "process" | "thread";
  /** The id of the process, or of the thread in this process; 0 if it could not be started. */
  readonly id: number;
  /** Does nothing if it has ended. */
  send(messages: readonly ToRunner[]): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/** What a runner has said; nothing if its module has sent this by itself, as to a process manager. */
export function saidIn(sent: unknown): readonly FromRunner[] {
  const { durableQueue } = Object(sent) as Partial<Said>;
  return Array.isArray(durableQueue) ? durableQueue : [];
}

/** What is started. */
export interface ChildOptions {
  /** The program of the runners. */
  program: URL;
  /** Default: those of this process. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where what a process prints goes: to a descriptor of this process. Default: where that of this one goes. */
  output?: number | undefined;
}

/** Options of Node that are for the program that was started with them alone. */
const OWN_OPTIONS =
  /^(--(inspect|debug-port|watch|test|cpu-prof|heap-prof|eval|print|input-type|entry-url|check|interactive)|-([cip]|p?e)$)/;

/** Of these, those whose value is the next argument, whatever that is. */
const EVALUATED = new Set(["-e", "-p", "-pe", "--eval", "--print"]);

/** The options of Node with which others are started: those of this process, without those that are for it alone. */
export function inheritedOptions(options: readonly string[]): string[] {
  return options.filter((option, index) => {
    const before = options[index - 1] ?? "";
    // The program is not among them: what is no option is the value of the one before.
    const isValue = !option.startsWith("-") && !before.includes("=");
    return !OWN_OPTIONS.test(option) && !EVALUATED.has(before) && !(isValue && OWN_OPTIONS.test(before));
  });
}
