import type { Message } from "../../src/index.ts";
import { bodyCell, bodyJson } from "../base/bodies.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { shownDate } from "../base/durations.ts";
import { Failure } from "../base/exit.ts";
import { numberFlag } from "../base/flags.ts";
import { headersJson } from "../views/message-lines.ts";

interface ReceiveFlags {
  max?: number;
  leaseSeconds?: number;
  timeoutSeconds?: number;
  ack?: boolean;
}

type Received = Message<unknown>;

/** `receive`: takes messages under leases. */
export function addReceive(program: CliCommand, act: Act): void {
  program
    .command("receive")
    .summary("Take messages under leases, and print them with their receipts.")
    .description(
      "Take messages under leases, and print them with their receipts. Finish each with durable-queue leases ack before its lease ends: else it is handed out again, and counts an attempt. With --ack they are finished once they are printed. Fails with status 1 if none becomes visible in time.",
    )
    .argument("<queue>")
    .addOption(numberFlag("--max <count>", "the most messages, up to 1,000 (default 1)", RULE_OF_MAX))
    .addOption(
      numberFlag("--lease-seconds <seconds>", "how long the leases last (default: the queue's)", RULE_OF_LEASE),
    )
    .addOption(numberFlag("--timeout-seconds <seconds>", "how long to wait for one (default: without end)", { min: 0 }))
    .option("--ack", "finish the messages once they are printed")
    .example("durable-queue receive emails --max 10 --lease-seconds 60 --timeout-seconds 5")
    .action(act<ReceiveFlags, [string]>(receive));
}

const RULE_OF_MAX = { min: 1, max: 1_000, isInteger: true };
const RULE_OF_LEASE = { min: 1, max: 43_200 };

async function receive(context: Context, flags: ReceiveFlags, name: string): Promise<void> {
  const { output, signal } = context;
  const { max, leaseSeconds, timeoutSeconds, ack = false } = flags;
  // Over a socket, so that what arrives after Ctrl-C is given back.
  const queue = (await context.manager({ transport: "websocket" })).queue(name);
  const messages = await queue.receive({ max, leaseSeconds, timeoutSeconds, signal });
  if (messages.length === 0) throw new Failure(`No message became visible in ${name} in time.`, "empty");
  try {
    await output.list(COLUMNS, messages, { none: "", jsonOf });
    await output.flushed();
  } catch (error) {
    await Promise.all(messages.map((message) => message.release()));
    throw error;
  }
  if (ack) await Promise.all(messages.map((message) => message.ack()));
}

const COLUMNS = [
  { title: "RECEIPT", cell: ({ receipt }: Received) => receipt },
  { title: "ATTEMPT", cell: ({ attempt }: Received) => attempt, isNumber: true as const },
  { title: "LEASE ENDS", cell: ({ leaseEndsAt }: Received) => shownDate(leaseEndsAt) },
  { title: "BODY", cell: ({ item }: Received) => bodyCell(item), isLong: true as const },
];

function jsonOf(message: Received): unknown {
  const { id, receipt, item, attempt, priority, group, headers, putAt, at, leaseEndsAt } = message;
  const { lastError, deadLetter } = message;
  return {
    ...{ id, receipt, ...bodyJson(item), attempt, priority, group, ...headersJson(headers), putAt, at, leaseEndsAt },
    ...{ lastError, deadLetter },
  };
}
