import { QueueError } from "../base/errors.ts";
import { isPromise, Timer } from "../base/platform.ts";
import type { Message } from "../message/message.ts";

/**
 * Handles one message. When it returns, or its promise resolves, the message is acked; when it throws, or its promise
 * rejects, the message is given back with the error for the next attempt.
 */
export type Handler<Item, Result = unknown> = (message: Message<Item>) => Promise<Result> | Result;

/**
 * Runs a handler.
 *
 * @param timeoutSeconds after which it counts as failed, also if it returns later; undefined for no limit
 * @param ended called once, with what the handler returned, or what was thrown if it failed
 */
export function run(
  handler: Handler<unknown>,
  message: Message<unknown>,
  timeoutSeconds: number | undefined,
  queue: string,
  ended: (failure: { error: unknown } | undefined, returned?: unknown) => void,
): void {
  let timer: Timer | undefined;
  let isOver = false;
  const end = (failure: { error: unknown } | undefined, returned?: unknown) => {
    if (isOver) return;
    isOver = true;
    timer?.clear();
    ended(failure, returned);
  };
  if (timeoutSeconds !== undefined) {
    timer = new Timer(timeoutSeconds * 1_000, () => {
      const text = `The handler of message ${message.id} of ${queue} took longer than timeoutSeconds: ${timeoutSeconds}.`;
      const error = new QueueError(text, { code: "timeout", queue });
      end({ error });
      message.abort(error);
    });
  }
  try {
    const result = handler(message);
    if (isPromise(result))
      result.then(
        (returned) => end(undefined, returned),
        (error: unknown) => end({ error }),
      );
    else end(undefined, result);
  } catch (error) {
    end({ error });
  }
}
