import { candidatesFor } from "../base/candidates.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { profileNames } from "../base/profiles.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

type Shell = (typeof SHELLS)[number];

/** The hidden command that the scripts of the shells call, with the words of the command line. */
const COMPLETE = "__complete";

/** The most names of queues that are offered. */
const QUEUES_MAX = 200;

/** How long the server may take to list names, in milliseconds: the user waits for them. */
const NAMES_MS = 1_500;

/** `completion`: scripts for shells, which ask this program what may come next. */
export function addCompletion(program: CliCommand, act: Act): void {
  const completion = program
    .command("completion")
    .summary("Print the script with which a shell completes commands.")
    .description(
      "Print the script with which a shell completes commands, flags and names of queues and tasks. It asks the program itself, so that it need not be made again after an upgrade.",
    );
  for (const shell of SHELLS) {
    completion
      .command(shell)
      .description(`Print the script for ${shell}.`)
      .example(EXAMPLES[shell])
      .action(act((context) => context.output.raw(SCRIPTS[shell])));
  }
  program
    .command(COMPLETE, { hidden: true })
    .argument("[words...]")
    .action(act<object, [string[]]>((context, _, words) => complete(program, context, words)));
}

const EXAMPLES: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(durable-queue completion bash)"    # in ~/.bashrc',
  zsh: 'eval "$(durable-queue completion zsh)"     # in ~/.zshrc, after compinit',
  fish: "durable-queue completion fish > ~/.config/fish/completions/durable-queue.fish",
};

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_durable_queue() {
  local IFS=$'\\n'
  COMPREPLY=($(durable-queue ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _durable_queue durable-queue
`,
  zsh: `#compdef durable-queue
_durable_queue() {
  local -a found
  found=(\${(f)"$(durable-queue ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _durable_queue durable-queue
`,
  fish: `complete -c durable-queue -f -a '(durable-queue ${COMPLETE} -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c durable-queue -l file -r -F
complete -c durable-queue -l data-dir -r -F
`,
};

/** Prints what may stand in the place of the last word, one a line. */
async function complete(program: CliCommand, context: Context, words: string[]): Promise<void> {
  const last = words.at(-1) ?? "";
  for (const word of await candidates(program, context, words)) {
    if (word.startsWith(last)) await context.output.line(word);
  }
}

async function candidates(program: CliCommand, context: Context, words: string[]): Promise<string[]> {
  const found = candidatesFor(program, words);
  switch (found.kind) {
    case "words":
      return found.words;
    case "profiles":
      return profileNames(context.io);
    case "queues":
      return queueNames(context, words.at(-1) ?? "");
    case "tasks":
      return taskNames(context, found.queue);
    case "files":
      return [];
  }
}

/** The names of queues that begin so; none where they cannot be listed soon: a completion says nothing of errors. */
async function queueNames(context: Context, prefix: string): Promise<string[]> {
  const names: string[] = [];
  try {
    const manager = await context.manager({ retrySeconds: 0 });
    for await (const name of manager.queueNames({ prefix, signal: AbortSignal.timeout(NAMES_MS) })) {
      names.push(name);
      if (names.length === QUEUES_MAX) break;
    }
  } catch {
    // What was listed until then is better than nothing.
  }
  return names;
}

/** The tasks that workers of a queue have announced. A file of tasks is not run for a completion. */
async function taskNames(context: Context, queue: string): Promise<string[]> {
  if (queue.includes("/")) return [];
  try {
    const manager = await context.manager({ retrySeconds: 0 });
    const tasks = await manager.queue(queue).tasks({ signal: AbortSignal.timeout(NAMES_MS) });
    return tasks.map(({ name }) => name);
  } catch {
    return [];
  }
}
