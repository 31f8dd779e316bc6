import type { QueueError } from "../base/errors.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import type { LeasedMessages } from "./leased-messages.ts";
import type { Settlements } from "./settlements.ts";

/** Gives the messages of a worker back whose handlers still run, as if they had not been begun, and aborts their signals. */
export function giveUp(
  error: QueueError,
  leased: LeasedMessages,
  settlements: Settlements,
  reports: WorkerReports,
): void {
  const running = [...leased.running];
  leased.running.clear();
  // Before the handlers hear of it: what they do then with their messages changes nothing.
  settlements.release(running.filter(({ isSettled }) => !isSettled));
  for (const message of running) {
    reports.givenUp(message, error);
    message.abort(error);
  }
}
