import { API_VERSION } from "../contract/version.ts";
import type { Command } from "../queue/base/commands.ts";
import { HTTP_DEPTH, parseRequest } from "./check/parse-json.ts";
import { invalid, ProblemError } from "./check/problem-error.ts";
import { assertGranted } from "./keys/authorize.ts";
import type { Descriptor, RequestContext } from "./verbs/base/descriptor.ts";
import { isVerb, VERB_NAMES, VERBS } from "./verbs/index.ts";

/**
 * The verb of this name, if the principal may use it with the queue.
 *
 * @throws {ProblemError} `invalid` if there is no such verb, `forbidden`
 */
export function grantedVerb(name: string, { principal, queue }: RequestContext): Descriptor {
  if (!isVerb(name)) throw invalid("verb", `must be one of ${VERB_NAMES.join(", ")}`);
  const descriptor: Descriptor = VERBS[name];
  assertGranted(principal, descriptor.scope, queue);
  return descriptor;
}

/**
 * Checks a request, whichever way it came, and makes a command of it.
 *
 * @param request an object, or its JSON text
 * @param version that of the caller, where it is another part of the server
 * @throws {ProblemError} `invalid` or `too_large` for a request that breaks a rule; `forbidden`; `version_mismatch` if
 * only the other version knows the verb or the field
 */
export function commandOf(name: string, request: unknown, context: RequestContext, version = API_VERSION): Command {
  if (version !== API_VERSION && !isVerb(name)) throw versionMismatch(version, `the verb ${name}`);
  const verb = grantedVerb(name, context);
  try {
    return verb.toCommand(typeof request === "string" ? parsedRequest(request) : request, context);
  } catch (error) {
    const isUnknown = error instanceof ProblemError && error.hasUnknownFields;
    throw version !== API_VERSION && isUnknown ? versionMismatch(version, error.message) : error;
  }
}

/** @param what the other part sent that this one does not know */
function versionMismatch(version: number, what: string): ProblemError {
  const parts = `one part of the server has version ${version} of the interface, the queue's object version ${API_VERSION}`;
  const detail = `A deployment is under way: ${parts}, which does not know ${what.replace(/\.$/, "")}.`;
  return new ProblemError("version_mismatch", `${detail} This was not applied; try again in a moment.`);
}

/**
 * Parses the text of a request. An empty text stands for `{}`.
 *
 * @throws {ProblemError} `invalid` or `too_large`
 */
export function parsedRequest(text: string): unknown {
  try {
    return text === "" ? {} : parseRequest(text, HTTP_DEPTH);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw invalid("", `must be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
