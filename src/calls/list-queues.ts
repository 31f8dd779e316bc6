import * as z from "zod";
import { check } from "../api/check/check.ts";
import type { ListedQueue } from "../api/directory-calls.ts";
import { assertScope, listedPrefixes } from "../api/keys/authorize.ts";
import type { Principal } from "../api/keys/principal.ts";
import { listedJson } from "../api/listed-queue.ts";
import type { QueuesReply } from "../api/types.ts";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from "../contract/limits.ts";
import { directoryOf, type ServerEnv } from "../env.ts";
import { isOfAnotherVersion } from "../object/out-of-reach.ts";
import { callObject } from "./call-object.ts";

const listRequest = z.strictObject({
  prefix: z.string().max(128).default(""),
  /** The `cursor` of the page before. */
  cursor: z.string().max(128).default(""),
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
});

/**
 * One page of the list of queues, as far as the principal may see them.
 *
 * @param request its `prefix`, `cursor` and `limit`; it is checked here
 * @throws {ProblemError} `forbidden`, `invalid`, or those of `callObject`
 */
export async function listQueues(env: ServerEnv, principal: Principal, request: unknown): Promise<QueuesReply> {
  assertScope(principal, "read");
  const { prefix, cursor, limit } = check(listRequest, request);
  const found: ListedQueue[] = [];
  for (const listed of listedPrefixes(principal, prefix, cursor)) {
    if (found.length > limit) break;
    const most = limit + 1 - found.length;
    found.push(...(await callObject(env, undefined, () => listOf(env, listed, cursor, most))));
  }
  const page = found.slice(0, limit).map(listedJson);
  const next = found.length > limit ? page.at(-1)?.name : undefined;
  return { queues: page, cursor: next ?? null };
}

async function listOf(env: ServerEnv, prefix: string, cursor: string, limit: number): Promise<ListedQueue[]> {
  try {
    return await directoryOf(env).listReports(prefix, cursor, limit);
  } catch (error) {
    // While a deployment goes on, the directory may be of a version that knows names alone.
    if (!isOfAnotherVersion(error)) throw error;
    const names = await directoryOf(env).list(prefix, cursor, limit);
    return names.map((name) => ({ name, report: null }));
  }
}
