import type { Context } from "hono";
import { check } from "../api/check/check.ts";
import { invalid, ProblemError } from "../api/check/problem-error.ts";
import { assertGranted } from "../api/keys/authorize.ts";
import { type ConnectionInfo, socketRequest } from "../api/object-calls.ts";
import { consumerName } from "../api/schema/fields.ts";
import { callObject } from "../calls/call-object.ts";
import { SOCKET_PROTOCOL } from "../contract/socket-constants.ts";
import { queueOf } from "../env.ts";
import type { Served } from "./served.ts";

/** Opens a WebSocket to the queue's object. Frames then go to the object directly. */
export async function openSocket(c: Context<Served>, queue: string): Promise<Response> {
  assertGranted(c.get("principal"), "any", queue);
  // A HEAD is routed here too, and cannot be answered with a socket.
  if (c.req.raw.method !== "GET" || c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    throw new ProblemError(
      "upgrade_required",
      "This endpoint is a WebSocket; send a GET with the upgrade headers of RFC 6455.",
    );
  }
  const offered = (c.req.header("Sec-WebSocket-Protocol") ?? "").split(",").map((protocol) => protocol.trim());
  if (!offered.includes(SOCKET_PROTOCOL)) {
    throw invalid("Sec-WebSocket-Protocol", `must offer ${SOCKET_PROTOCOL}`);
  }
  // Without the authkey, which the object does not need, and without compression, which costs more than it saves.
  const upgrade = socketRequest(connectionOf(c));
  const { webSocket } = await callObject(c.env, queue, () => queueOf(c.env, queue).fetch(upgrade));
  return new Response(null, { status: 101, webSocket, headers: { "Sec-WebSocket-Protocol": SOCKET_PROTOCOL } });
}

/** Who connects. The address is what the platform reports: a server of one's own knows none. */
function connectionOf(c: Context<Served>): ConnectionInfo {
  const name = c.req.query("name");
  return {
    principal: c.get("principal"),
    name: name === undefined ? undefined : check(consumerName, name, "name"),
    address: c.req.header("CF-Connecting-IP")?.slice(0, ADDRESS_CHARACTERS_MAX),
  };
}

/** More than any address has. */
const ADDRESS_CHARACTERS_MAX = 64;
