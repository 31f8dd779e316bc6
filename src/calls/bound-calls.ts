import * as z from "zod";
import type { AskOptions, BindingCalls, ListRequest } from "../api/binding-calls.ts";
import { check } from "../api/check/check.ts";
import { invalid, ProblemError, tooLarge } from "../api/check/problem-error.ts";
import { assertGranted, assertQueue } from "../api/keys/authorize.ts";
import type { Principal } from "../api/keys/principal.ts";
import { type Reply, refusalOf } from "../api/reply.ts";
import { idempotencyKey, queueName } from "../api/schema/fields.ts";
import { CALL_VERBS, type CallVerb, VERBS } from "../api/verbs/index.ts";
import { REQUEST_BYTES_MAX } from "../contract/limits.ts";
import { queueOf, type ServerEnv } from "../env.ts";
import { listQueues } from "./list-queues.ts";
import { isKnown, performRequest } from "./perform.ts";
import { faultOfSetup } from "./setup-fault.ts";

const waitId = z.string().regex(/^[0-9a-f-]{36}$/, { error: "must be a random UUID" });

const askOptions = z.strictObject({ idempotencyKey: idempotencyKey.optional(), waitId: waitId.optional() });

/**
 * Takes the calls of a Worker by binding. Everything in them is checked, because another Worker may have sent it; who asks
 * is no part of a call.
 */
export class BoundCalls implements BindingCalls {
  readonly #env: ServerEnv;
  readonly #principal: () => Principal;

  /** @param principal says who asks, or throws a `ProblemError` */
  constructor(env: ServerEnv, principal: () => Principal) {
    this.#env = env;
    this.#principal = principal;
  }

  ask(queue: string, verb: string, request: string, options: AskOptions = {}): Promise<Reply> {
    return this.#answer(async (principal) => {
      const name = check(queueName, queue, "queue");
      if (!isCallVerb(verb)) throw invalid("verb", `must be one of ${CALL_VERBS.join(", ")}`);
      assertGranted(principal, VERBS[verb].scope, name);
      if (typeof request !== "string") throw invalid("request", "must be JSON text");
      if (request.length > REQUEST_BYTES_MAX)
        throw tooLarge("request", `has more than ${REQUEST_BYTES_MAX} characters`);
      const context = { principal, ...check(askOptions, options, "options") };
      return performRequest(this.#env, { queue: name, verb, request, context });
    });
  }

  async abandon(queue: string, id: string): Promise<void> {
    await this.#answer(async (principal) => {
      const name = check(queueName, queue, "queue");
      assertQueue(principal, name);
      check(waitId, id, "waitId");
      // A receive alone may wait for a queue that does not exist: for others an object would be made in vain.
      const mayWait = principal.scopes.includes("receive") || (await isKnown(this.#env, name));
      if (mayWait) await queueOf(this.#env, name).abandon(id);
      return { ok: true, json: "{}" };
    });
  }

  list(request: ListRequest): Promise<Reply> {
    return this.#answer(async (principal) => {
      return { ok: true, json: JSON.stringify(await listQueues(this.#env, principal, request)) };
    });
  }

  async #answer(answer: (principal: Principal) => Promise<Reply>): Promise<Reply> {
    try {
      const principal = this.#principal();
      const fault = faultOfSetup(this.#env);
      if (fault !== undefined) throw fault;
      return await answer(principal);
    } catch (error) {
      if (error instanceof ProblemError) return refusalOf(error);
      const message = "a call by binding failed unexpectedly.";
      this.#env.server.log({ level: "error", source: "binding", code: "internal", message, error });
      return { ok: false, code: "internal", detail: "The server failed on this call; its log has the error." };
    }
  }
}

function isCallVerb(verb: unknown): verb is CallVerb {
  return CALL_VERBS.includes(verb as CallVerb);
}
