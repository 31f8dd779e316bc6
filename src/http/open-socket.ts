import type { Context } from "hono";
import { invalid, ProblemError } from "../api/problem-error.ts";
import { SOCKET_PROTOCOL } from "../contract/socket-constants.ts";
import type { Env } from "../env.ts";
import { callObject } from "./call-object.ts";

/** Opens a WebSocket to the queue's object. Frames then go to the object directly. */
export async function openSocket(c: Context<{ Bindings: Env }>, queue: string): Promise<Response> {
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
  const upgrade = new Request("https://queue/socket", { headers: { Upgrade: "websocket" } });
  const { webSocket } = await callObject(c.env, queue, () => c.env.QUEUE.getByName(queue).fetch(upgrade));
  return new Response(null, { status: 101, webSocket, headers: { "Sec-WebSocket-Protocol": SOCKET_PROTOCOL } });
}
