import { type ErrorDetails, QueueError } from "./errors.ts";

/** The thread or process that ran the handler of a message ended before the handler did. The attempt counts. */
export class ProcessDied extends QueueError {
  override readonly name = "ProcessDied";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { ...details, code: details.code ?? "process_died" });
  }
}
