import type { Context } from "hono";
import { ProblemError } from "../api/problem-error.ts";
import { SOCKET_PROTOCOL } from "../contract/socket-constants.ts";
import type { Env } from "../env.ts";
import { callObject } from "./call-object.ts";

/** Opens a WebSocket to the queue's object. From then on the frames go there without passing through here. */
export async function openSocket(c: Context<{ Bindings: Env }>, queue: string): Promise<Response> {
  // A HEAD comes here too, and could not be answered with a socket.
  if (c.req.raw.method !== "GET" || c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    throw new ProblemError("upgrade_required", "Ask for this with the headers of a WebSocket (RFC 6455).");
  }
  const offered = (c.req.header("Sec-WebSocket-Protocol") ?? "").split(",").map((protocol) => protocol.trim());
  if (!offered.includes(SOCKET_PROTOCOL)) {
    const path = "Sec-WebSocket-Protocol";
    const message = `must offer ${SOCKET_PROTOCOL}`;
    throw new ProblemError("invalid", `${path} ${message}.`, [{ path, message }]);
  }
  // Only what the object needs: the authkey stays here, and compression, which would cost more than it saves.
  const upgrade = new Request("https://queue/socket", { headers: { Upgrade: "websocket" } });
  const { webSocket } = await callObject(c.env, queue, () => c.env.QUEUE.getByName(queue).fetch(upgrade));
  return new Response(null, { status: 101, webSocket, headers: { "Sec-WebSocket-Protocol": SOCKET_PROTOCOL } });
}
