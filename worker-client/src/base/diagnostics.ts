import type { DeathReason } from "../../../src/contract/states.ts";
import { type DiagnosticsChannel, diagnosticsChannel } from "./platform.ts";

/** What all that is published about one message has. */
export interface MessageDiagnostics {
  queue: string;
  id: string;
  attempt: number;
  /** Of a job: the name of its task. */
  task: string | undefined;
}

/** What is published on each channel of `node:diagnostics_channel`. */
export interface Diagnostics {
  /** A call has put messages: they are stored, or their dedupe keys were known. */
  "durable-queue:put": { queue: string; count: number };
  "durable-queue:started": MessageDiagnostics;
  "durable-queue:completed": MessageDiagnostics & { seconds: number };
  "durable-queue:failed": MessageDiagnostics & { error: unknown; seconds: number };
  "durable-queue:retrying": MessageDiagnostics & { error: unknown };
  "durable-queue:dead": MessageDiagnostics & { error: unknown; reason: DeathReason };
  "durable-queue:lost": MessageDiagnostics & { error: unknown; cancelled: boolean };
  /** A thread or process that ran handlers has ended without being told to. `id` is that of the process or thread. */
  "durable-queue:crashed": {
    queue: string;
    kind: "process" | "thread";
    id: number;
    reason: string;
    restartSeconds: number | undefined;
  };
  /** Anything else that went wrong, and that a server that was away is back. With the message if it is about one. */
  "durable-queue:error": Partial<MessageDiagnostics> & { queue: string; error: unknown };
  /** A connection was cut. */
  "durable-queue:disconnected": { queue: string | undefined; error: Error };
  /** The server answers again after an outage, or at last after the first tries. */
  "durable-queue:reconnect": { queue: string | undefined };
}

const channels = new Map<keyof Diagnostics, DiagnosticsChannel | undefined>();

/** Whether a program subscribes to the channel. False where the runtime has no such channels. */
export function isHeard(name: keyof Diagnostics): boolean {
  return channelOf(name)?.hasSubscribers === true;
}

/** Publishes on a channel. For speed what is published is made only if `isHeard`. */
export function publish<Name extends keyof Diagnostics>(name: Name, message: Diagnostics[Name]): void {
  channelOf(name)?.publish(message);
}

/** Kept for good: a channel without subscribers would be collected, and another one made in its place. */
function channelOf(name: keyof Diagnostics): DiagnosticsChannel | undefined {
  const known = channels.get(name);
  if (known !== undefined || channels.has(name)) return known;
  const channel = diagnosticsChannel(name);
  channels.set(name, channel);
  return channel;
}
