import type { PushSettings } from "../contract/push-settings.ts";
import type { ReceiveCommand } from "../queue/base/commands.ts";

/** How much longer than a handler's time its messages are leased, in milliseconds: for the way there and back. */
const LEASE_MARGIN_MS = 5_000;

/** All messages that handlers have at a time, in bytes: beyond, no further batch is taken. */
export const IN_FLIGHT_BYTES_MAX = 24 * 1024 * 1024;

/** After how many bytes no further message is added to a batch: between these, the less the more batches are handled at a time. */
const BATCH_BYTES_MIN = 256 * 1024;
const BATCH_BYTES_MAX = 2 * 1024 * 1024;

/** The receive of one batch, which waits for as long as it takes. */
export function receiveCommand({
  batchSize,
  batchWaitSeconds,
  concurrency,
  timeoutSeconds,
}: PushSettings): ReceiveCommand {
  const share = Math.floor(IN_FLIGHT_BYTES_MAX / concurrency);
  return {
    ...{ verb: "receive", max: batchSize, timeoutMs: Number.POSITIVE_INFINITY, autoAck: false },
    leaseMs: timeoutSeconds * 1_000 + LEASE_MARGIN_MS,
    fillMs: batchWaitSeconds * 1_000,
    bytesMax: Math.min(Math.max(share, BATCH_BYTES_MIN), BATCH_BYTES_MAX),
  };
}
