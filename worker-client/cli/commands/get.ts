import { bodyJson } from "../base/bodies.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { Failure } from "../base/exit.ts";
import { numberFlag } from "../base/flags.ts";

interface GetFlags {
  timeoutSeconds?: number;
  raw?: boolean;
}

/** `get`: takes one message for good. */
export function addGet(program: CliCommand, act: Act): void {
  program
    .command("get")
    .summary("Take the next message for good, and print its body.")
    .description(
      "Take the next message for good, and print its body as one line of JSON. It is removed once it is printed. Fails with status 1 if none becomes visible in time.",
    )
    .argument("<queue>")
    .addOption(
      numberFlag("--timeout-seconds <seconds>", "how long to wait for one, 0 not at all (default: without end)", {
        min: 0,
      }),
    )
    .option("--raw", "print a text without its quotes and bytes as they are, not as JSON")
    .example("durable-queue get emails --timeout-seconds 5")
    .action(act<GetFlags, [string]>(get));
}

async function get(context: Context, { timeoutSeconds, raw = false }: GetFlags, name: string): Promise<void> {
  const { output, signal } = context;
  // Over a socket, so that what arrives after Ctrl-C is given back.
  const queue = (await context.manager({ transport: "websocket" })).queue(name);
  const [message] = await queue.receive({ timeoutSeconds, signal });
  if (message === undefined) throw new Failure(`No message became visible in ${name} in time.`, "empty");
  await print(context, message.item, raw);
  // A message that could not be printed, as to a full disk, is handed out again.
  await output.flushed();
  await message.ack();
}

async function print({ output }: Context, item: unknown, isRaw: boolean): Promise<void> {
  if (isRaw && item instanceof Uint8Array) return output.raw(item);
  if (isRaw && typeof item === "string") return output.line(item);
  await output.json(item instanceof Uint8Array ? bodyJson(item) : item);
}
