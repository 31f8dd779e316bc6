import { invalid } from "../../check/problem-error.ts";
import type { Connection, RequestContext } from "../base/descriptor.ts";

/** The connection of a verb that is for sockets only. */
export function connectionOf({ connection }: RequestContext): Connection {
  if (connection === undefined) throw invalid("verb", "is only for sockets");
  return connection;
}

/** The number under which its connection is subscribed. */
export function subscriberOf(context: RequestContext): number {
  return connectionOf(context).subscriber;
}
