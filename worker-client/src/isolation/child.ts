import type { ToRunner } from "./protocol.ts";

/** How a thread or process ended. */
export interface ChildEnd {
  /** In words, as "was ended by SIGKILL". */
  how: string;
  /** Whether it could be that what it was given to load has ended it: it ended by itself. */
  isOwnDoing: boolean;
}

/** What is told of a thread or process. */
export interface ChildEvents {
  /** @param messages a list of `FromRunner`, unless the module has sent it by itself */
  heard(messages: unknown): void;
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

/** What is started. */
export interface ChildOptions {
  /** The program of the runners. */
  program: URL;
  /** Default: those of this process. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where what a process prints goes: to a descriptor of this process. Default: where that of this one goes. */
  output?: number | undefined;
}

/** Options of Node that are not for the threads and processes that a program starts. */
const OWN_OPTIONS = /^--(inspect|watch|test|cpu-prof|heap-prof|input-type)/;

/** Further ones. */
const OWN = new Set(["-e", "--eval", "-p", "--print", "-pe"]);

/** The options of Node with which others are started: those of this process, without those that are for it alone. */
export function inheritedOptions(options: readonly string[]): string[] {
  return options.filter((option, index) => {
    const before = options[index - 1];
    if (before !== undefined && OWN.has(before)) return false;
    // What is no option is the value of the one before.
    return !isOwn(option.startsWith("-") ? option : (before ?? ""));
  });
}

function isOwn(option: string): boolean {
  return OWN_OPTIONS.test(option) || OWN.has(option);
}
