/** Holds the replies of the server to the schemas of their verbs. */
import { receivedMessage } from "../../src/api/schema/messages.ts";
import { queuesReply } from "../../src/api/schema/queues.ts";
import { putsReply } from "../../src/api/schema/socket-operation.ts";
import { CALL_VERBS, isVerb, VERBS, type Verb } from "../../src/api/verbs/index.ts";
import { endpointOf } from "../../src/contract/endpoints.ts";

const QUEUE = "/v1/queues/[^/?]+";
const LIST = /^\/v1\/queues(\?.*)?$/;

/** The paths of the verbs over HTTP. */
const PATHS = CALL_VERBS.map((verb) => {
  const { method, path } = endpointOf(verb);
  return { verb, method, pattern: new RegExp(`^${QUEUE}${path.replace(":id", "[^/?]+")}(\\?.*)?$`) };
});

/** The reply, as it is. Throws if it breaks the schema of its verb. */
export function repliedTo<Reply>(verb: Verb, reply: Reply): Reply {
  VERBS[verb].reply.parse(reply);
  return reply;
}

/** Throws if the body of a reply over HTTP breaks the schema of its verb, or that of the list of queues. */
export function checkReply(method: string, path: string, body: unknown): void {
  const verb = PATHS.find((known) => known.method === method && known.pattern.test(path))?.verb;
  if (verb !== undefined) repliedTo(verb, body);
  else if (method === "GET" && LIST.test(path)) queuesReply.parse(body);
}

/** Checks the lines that come over a socket by the operations that were sent on it. */
export class SocketReplies {
  /** The verbs of operations by their ids, and whether puts share them. */
  readonly #sent = new Map<number, { verb: Verb; isShared: boolean }>();

  /** Notes the operations of a frame. What the server cannot read is left out. */
  sent(frame: string): void {
    for (let lines = frame.split("\n"); lines.length > 0; ) {
      const operation = operationOf(lines[0] ?? "");
      if (operation === undefined) return;
      const { id, verb, keys, lines: contents = 0 } = operation;
      if (isVerb(verb)) this.#sent.set(id, { verb, isShared: keys !== undefined });
      lines = lines.slice(1 + contents);
    }
  }

  /** Throws if the line is a reply or a push that breaks its schema. */
  check(line: { id?: number; reply?: unknown; push?: unknown }): void {
    if (line.push !== undefined) receivedMessage.array().parse(line.push);
    const sent = line.id === undefined || line.reply === undefined ? undefined : this.#sent.get(line.id);
    if (sent?.isShared === true) putsReply.parse(line.reply);
    else if (sent !== undefined) repliedTo(sent.verb, line.reply);
  }
}

interface SentOperation {
  id: number;
  verb: string;
  keys?: unknown;
  lines?: number;
}

function operationOf(line: string): SentOperation | undefined {
  try {
    const operation = JSON.parse(line) as Partial<SentOperation> | null;
    const isOperation = typeof operation?.id === "number" && typeof operation.verb === "string";
    const { lines = 0 } = operation ?? {};
    return isOperation && Number.isInteger(lines) && lines >= 0 ? (operation as SentOperation) : undefined;
  } catch {
    return undefined;
  }
}
