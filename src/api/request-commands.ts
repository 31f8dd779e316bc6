/** Converts checked requests, in seconds, to the commands of a queue, in milliseconds. */
import type * as z from "zod";
import type { pauseRequest } from "../contract/schema/administration.ts";
import type {
  ackRequest,
  doneRequest,
  extendRequest,
  joinRequest,
  receiveRequest,
  retryRequest,
} from "../contract/schema/leases.ts";
import type { configureRequest } from "../contract/schema/queues.ts";
import type { SettingValues } from "../contract/settings.ts";
import type { Command } from "../queue/base/commands.ts";
import { settingsOf } from "../queue/base/configuration.ts";
import { milliseconds, orMilliseconds } from "./milliseconds.ts";

export function receiveCommand(request: z.output<typeof receiveRequest>): Command {
  const { max, leaseSeconds, timeoutSeconds, autoAck } = request;
  return {
    verb: "receive",
    max,
    leaseMs: orMilliseconds(leaseSeconds),
    timeoutMs: milliseconds(timeoutSeconds),
    autoAck,
  };
}

export function ackCommand({ receipts, finish }: z.output<typeof ackRequest>): Command {
  return { verb: "ack", receipts, finish };
}

export function retryCommand({ receipts, delaySeconds, error, dead, begun }: z.output<typeof retryRequest>): Command {
  if (!begun) return { verb: "release", receipts };
  return dead
    ? { verb: "reject", receipts, error }
    : { verb: "retry", receipts, delayMs: orMilliseconds(delaySeconds), error };
}

export function extendCommand({ receipts, leaseSeconds }: z.output<typeof extendRequest>): Command {
  return { verb: "extend", receipts, leaseMs: milliseconds(leaseSeconds) };
}

export function doneCommand({ count }: z.output<typeof doneRequest>, idempotencyKey: string | undefined): Command {
  return { verb: "done", count, idempotencyKey };
}

export function joinCommand({ timeoutSeconds }: z.output<typeof joinRequest>): Command {
  return { verb: "join", timeoutMs: milliseconds(timeoutSeconds) };
}

export function configureCommand(request: z.output<typeof configureRequest>): Command {
  return { verb: "configure", changes: settingsOf(request as Partial<SettingValues>) };
}

/** @param isPaused true to pause, false to resume */
export function pauseCommand({ only }: z.output<typeof pauseRequest>, isPaused: boolean): Command {
  return { verb: "pause", paused: only === undefined ? { puts: isPaused, receives: isPaused } : { [only]: isPaused } };
}
