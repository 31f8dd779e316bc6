import type * as z from "zod";
import type { Scope } from "../../../contract/scopes.ts";
import type { Command, Refusal, Result } from "../../../queue/base/commands.ts";
import { check } from "../../check/check.ts";
import type { JsonOf } from "../../forms/json-of.ts";
import type { QueueInfo } from "../../forms/queue-info.ts";
import type { Principal } from "../../keys/principal.ts";

/** The connection on which a request came. */
export interface Connection {
  /** The number under which it is subscribed. */
  readonly subscriber: number;
  /** The request id of an operation that is not answered; undefined if there is none with this id. */
  requestIdOf(id: number): number | undefined;
}

/** What belongs to a request beside its fields. */
export interface RequestContext {
  /** The queue's name. */
  queue: string;
  principal: Principal;
  idempotencyKey?: string | undefined;
  /** The time by the clock, in milliseconds. */
  now: number;
  /** Whether webhooks may have private addresses and plain HTTP. Default false. */
  allowsPrivateWebhooks?: boolean | undefined;
  /** Undefined for a request that came over HTTP or a binding. */
  connection?: Connection | undefined;
}

/** The result of a command that was applied. */
type ResultOf<Asked extends Command> = OfVerb<Exclude<Result, Refusal>, Asked["verb"]>;

type OfVerb<Each, Name> = Each extends { verb: infer Own } ? (Name extends Own ? Each : never) : never;

/** What a verb is: everything that differs between verbs, outside of the state machine. */
interface Definition<Request extends z.ZodType, Reply extends z.ZodType, Asked extends Command> {
  /** What it does, in one line, for the docs. */
  summary: string;
  /** What a key must grant for it. "any": every key that may open a connection to the queue. */
  scope: Scope | "any";
  /** Of the object of a request. Requests over sockets differ in waits and in how messages are put. */
  request: Request;
  /** Of the object of a reply. */
  reply: Reply;
  /** The status of a reply over HTTP. Default 200. */
  status?: 200 | 201;
  /** Whether the queue need not exist: the verb creates it, or waits for it. Default false. */
  mayBeFirst?: boolean;
  /** Whether it may wait: for `timeoutSeconds`, and on a socket, with `wait`, until it is served. Default false. */
  mayWait?: boolean;
  /** Whether it ends the leases of its `receipts` that are not stale. Default false. */
  endsLeases?: boolean;
  /** Recognizes requests that are certainly right, faster than the schema does. Default: none is recognized. */
  recognize?: (request: unknown) => z.output<Request> | undefined;
  /** @throws {ProblemError} for a request that breaks a rule beyond its schema */
  command(request: z.output<Request>, context: RequestContext): Asked;
  /** The reply: its object, or its text where stored text is passed on as it is. */
  format(result: ResultOf<Asked>, queueInfo: QueueInfo): z.input<Reply> | JsonOf<z.output<Reply>>;
}

/** A verb as the shells use it, whatever its requests and replies are. */
export interface Descriptor<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType>
  extends Required<Pick<Definition<Request, Reply, Command>, "status" | "mayBeFirst" | "mayWait" | "endsLeases">>,
    Pick<Definition<Request, Reply, Command>, "summary" | "scope" | "request" | "reply"> {
  /**
   * Checks a request and makes a command of it.
   *
   * @throws {ProblemError} for a request that breaks a rule
   */
  toCommand(request: unknown, context: RequestContext): Command;
  /** The same for a request that its schema has checked. */
  commandOf(request: z.output<Request>, context: RequestContext): Command;
  /** The text of the reply. */
  toJson(result: Exclude<Result, Refusal>, queueInfo: QueueInfo): string;
}

/** Describes a verb. */
export function verb<Request extends z.ZodType, Reply extends z.ZodType, const Asked extends Command>(
  definition: Definition<Request, Reply, Asked>,
): Descriptor<Request, Reply> {
  const { summary, scope, request, reply, recognize, command, format } = definition;
  const { status = 200, mayBeFirst = false, mayWait = false, endsLeases = false } = definition;
  return {
    ...{ summary, scope, request, reply, status, mayBeFirst, mayWait, endsLeases },
    toCommand: (asked, context) => command(recognize?.(asked) ?? check(request, asked), context),
    commandOf: command,
    toJson: (result, queueInfo) => {
      // The command is that of this verb, and so is its result.
      const formatted = format(result as ResultOf<Asked>, queueInfo);
      return typeof formatted === "string" ? formatted : JSON.stringify(formatted);
    },
  };
}
