import type { Command, Result } from "./base/commands.ts";
import type { Messages } from "./messages.ts";
import { unknownMessage } from "./refusals.ts";

/** The commands that are about messages alone, need nobody to wait and are answered at once. */
export type Operation = Extract<
  Command,
  { verb: "begin" | "ack" | "retry" | "extend" | "messages" | "peek" | "cancel" | "purge" }
>;

const OPERATIONS: ReadonlySet<Command["verb"]> = new Set<Operation["verb"]>([
  ...(["begin", "ack", "retry", "extend", "messages", "peek", "cancel", "purge"] as const),
]);

export function isOperation(command: Command): command is Operation {
  return OPERATIONS.has(command.verb);
}

export function operate(messages: Messages, command: Operation, now: number): Result {
  switch (command.verb) {
    case "begin":
      return { verb: "begin", stale: messages.leases.begin(command.receipts, now) };
    case "ack": {
      const stale = messages.leases.ack(command.receipts, command.finish);
      return { verb: "ack", acked: command.receipts.length - stale.length, stale };
    }
    case "retry": {
      const stale = messages.leases.retry(command, messages.redelivery, now);
      return { verb: "retry", retried: command.receipts.length - stale.length, stale };
    }
    case "extend": {
      const leaseEndsAt = now + command.leaseMs;
      const stale = messages.leases.extend(command.receipts, leaseEndsAt);
      return { verb: "extend", extended: command.receipts.length - stale.length, stale, leaseEndsAt };
    }
    case "messages":
      return { verb: "messages", ...messages.viewer.list(command.state, command.cursor, command.limit) };
    case "peek": {
      const place = messages.viewer.find(command.id);
      return place === undefined ? unknownMessage() : { verb: "peek", view: messages.viewer.view(place) };
    }
    case "cancel":
      return messages.cancel(command.id) ? { verb: "cancel" } : unknownMessage();
    case "purge":
      return { verb: "purge", purged: command.only === "dead" ? messages.purgeDead() : messages.purge() };
    default:
      return command satisfies never;
  }
}
