/** What the hook `authorize` of a Worker may grant to a request, in place of a key of the server. */
import * as z from "zod";
import { GRANT_PREFIXES_MAX, KEY_NAME_PATTERN, KEY_PREFIX_PATTERN } from "../../contract/limits.ts";
import { SCOPES, type Scope } from "../../contract/scopes.ts";
import { check } from "../check/check.ts";
import { ProblemError } from "../check/problem-error.ts";
import type { Principal } from "./principal.ts";

export const keyName = z.string().regex(KEY_NAME_PATTERN, { error: "must be 1 to 64 of A-Z a-z 0-9 . _ -" });

export const keyPrefix = z.string().regex(KEY_PREFIX_PATTERN, { error: "must be the beginning of a queue's name" });

/** What a request may do. A WebSocket that it opens may do the same until it is closed. */
export interface Grant {
  /** Of the client, for operators and refusals: 1 to 64 of `A-Z a-z 0-9 . _ -`. It is no secret. */
  name: string;
  /** What is granted. What is not listed is refused. */
  scopes: readonly Scope[];
  /** The beginnings of the names of the queues for which it is granted, at most 10. Default: all queues. */
  queues?: readonly string[] | undefined;
}

const grant = z.object({
  name: keyName,
  scopes: z.array(z.enum(SCOPES)).max(SCOPES.length),
  queues: z.array(keyPrefix).max(GRANT_PREFIXES_MAX).default([""]),
});

/**
 * The principal of a request that the hook has authorized.
 *
 * @param answer what the hook has answered with
 * @throws {ProblemError} `misconfigured` if that is no grant
 */
export function principalOfGrant(answer: unknown): Principal {
  try {
    return check(grant, answer, "grant");
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const rule = "The Worker's authorize must answer with a grant, a Response or undefined";
    throw new ProblemError("misconfigured", `${rule}: ${error.message}`);
  }
}
