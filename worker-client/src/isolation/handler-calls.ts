/** Makes the calls of handlers that run elsewhere about their messages, by the messages that are leased here. */
import type { ErrorParts } from "../message/error-parts.ts";
import type { Message } from "../message/message.ts";
import type { HandlerCall } from "./protocol.ts";
import type { Run } from "./run.ts";
import { receivedError } from "./sent-errors.ts";

/** The handlers that run, by the receipts of their messages. */
type Running = (receipt: string) => Run | undefined;

/** What some calls are given. */
interface Request {
  receipts?: readonly string[];
  receipt?: string;
  delaySeconds?: number;
  error?: ErrorParts;
  leaseSeconds?: number;
  progress?: unknown;
}

/**
 * Makes a call. Throws what the call throws. A message whose handler has ended is one whose lease is over.
 *
 * @returns the reply, as the server's
 */
export async function makeCall(made: HandlerCall, running: Running): Promise<unknown> {
  const { verb, retrySeconds } = made;
  const request = made.request as Request;
  const options = retrySeconds === undefined ? {} : { retrySeconds };
  if (verb === "progress") {
    const run = running(request.receipt ?? "");
    if (run === undefined) return { cancelled: false, stale: true };
    const { message } = run;
    run.progress = { value: request.progress };
    const { cancelled } = await message.progress(request.progress, options);
    return { cancelled, stale: message.isLost };
  }
  const { receipts = [] } = request;
  if (verb === "extend") return extended(running(receipts[0] ?? "")?.message, request, options);
  const calls = receipts.map(async (receipt, index) => {
    const message = running(receipt)?.message;
    return message !== undefined && (await settled(message, made, index, options)) ? [] : [receipt];
  });
  const stale = (await Promise.all(calls)).flat();
  return { stale, dead: [], acked: receipts.length - stale.length };
}

function settled(message: Message<unknown>, made: HandlerCall, index: number, options: object): Promise<boolean> {
  const { delaySeconds, error } = made.request as Request;
  const delay = delaySeconds === undefined ? {} : { delaySeconds };
  const reason = error === undefined ? {} : { error: receivedError({ parts: error }) };
  if (made.verb === "ack") {
    const result = made.results?.[index];
    return message.ack(result === undefined ? options : { ...options, result: JSON.parse(result) as unknown });
  }
  if (made.verb === "retry") return message.retry({ ...options, ...delay, ...reason });
  if (made.verb === "reject") return message.reject({ ...options, ...reason });
  if (made.verb === "release") return message.release({ ...options, ...delay });
  throw new TypeError(`A handler cannot call ${made.verb} of its message.`);
}

async function extended(message: Message<unknown> | undefined, { leaseSeconds }: Request, options: object) {
  const isExtended = message !== undefined && (await message.extend(leaseSeconds, options));
  if (!isExtended) return { extended: 0 };
  return {
    extended: 1,
    leaseSeconds: message.lease.leftMs / 1_000,
    leaseEndsAt: message.leaseEndsAt.getTime() / 1_000,
  };
}
