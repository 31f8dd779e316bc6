import { type Message, type Queue, type ReceiveOptions, Unavailable } from "../../worker-client/src/index.ts";

/** Which delivery of a message this is: the last number of its receipt. */
export function numberOf({ receipt }: Message<string>): number {
  return Number(receipt.slice(receipt.lastIndexOf("-") + 1));
}

/**
 * What a receive with a time limit brings. Nothing as well if there was no connection when its time was over: what the
 * server handed out to it by then comes back.
 */
export async function received(queue: Queue<string>, options: ReceiveOptions): Promise<Message<string>[]> {
  try {
    return await queue.receive(options);
  } catch (error) {
    if (error instanceof Unavailable) return [];
    throw error;
  }
}
