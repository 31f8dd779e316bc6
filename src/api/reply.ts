import type { FieldError, ProblemCode } from "../contract/problems.ts";
import type { Result } from "../queue/base/commands.ts";
import type { ProblemError } from "./check/problem-error.ts";
import type { QueueInfo } from "./forms/queue-info.ts";
import { VERBS, type Verb } from "./verbs/index.ts";

/** The reply of a queue's object: the JSON text of a success, ready to send, or why the request was refused. */
export type Reply =
  | { ok: true; json: string }
  | {
      ok: false;
      code: ProblemCode;
      detail: string;
      errors?: FieldError[] | undefined;
      /** Of an unknown message: whether the queue had it. */
      expired?: boolean | undefined;
      /** The least time before another try; undefined for that of the code. */
      retryAfterSeconds?: number | undefined;
    };

/** The reply to a request of a verb, whose command had this result. */
export function replyOf(verb: Verb, result: Result, queueInfo: QueueInfo): Reply {
  if (result.verb !== "refused") return { ok: true, json: VERBS[verb].toJson(result, queueInfo) };
  const { code, detail, path, isExpired } = result;
  const errors = path === undefined ? undefined : [{ path, message: detail }];
  return { ok: false, code, detail, errors, ...(isExpired === undefined ? {} : { expired: isExpired }) };
}

/** The reply to a request that was refused before it was a command. */
export function refusalOf({ code, message, errors, retryAfterSeconds }: ProblemError): Reply {
  return {
    ok: false,
    code,
    detail: message,
    errors,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}
