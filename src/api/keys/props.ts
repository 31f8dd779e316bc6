/** What the props of a service binding to a `QueueService` grant to the Worker that has the binding. */
import * as z from "zod";
import { GRANT_PREFIXES_MAX } from "../../contract/limits.ts";
import { SCOPES } from "../../contract/scopes.ts";
import { check } from "../check/check.ts";
import { ProblemError } from "../check/problem-error.ts";
import { keyPrefix } from "./grant.ts";
import type { Principal } from "./principal.ts";

/** Both are needed, and no other: what is misspelt must not grant more than was meant. */
const props = z.strictObject({
  /** The beginnings of the names of its queues; an empty text stands for all queues. */
  queues: z.array(keyPrefix).min(1).max(GRANT_PREFIXES_MAX),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
});

/** Between two commands of wrangler there is no way for them. */
const LOCALLY =
  "Locally both Workers must be started by one command, wrangler dev with -c for each, or the props are lost.";

const HOW = `Write in its entry under services, in the wrangler.jsonc of the Worker that has it: "props": { "queues": ["emails"], "scopes": ["put"] }. queues are beginnings of the names of queues, "" for all; scopes are some of ${SCOPES.join(", ")}.`;

/**
 * The principal of a service binding. Its props are set where the binding is configured, and no caller can change them.
 *
 * @param given `ctx.props` of the entrypoint
 * @throws {ProblemError} `forbidden` if they are missing or wrong
 */
export function principalOfProps(given: unknown): Principal {
  if (isMissing(given)) {
    throw new ProblemError(
      "forbidden",
      `The service binding has no props, so that it grants nothing. ${HOW} ${LOCALLY}`,
    );
  }
  try {
    return { ...check(props, given, "props"), name: "service", isService: true };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const detail = `The service binding grants nothing, because its props are wrong: ${error.message} ${HOW}`;
    throw new ProblemError("forbidden", detail);
  }
}

function isMissing(given: unknown): boolean {
  if (given === undefined || given === null) return true;
  return typeof given === "object" && Object.keys(given).length === 0;
}
