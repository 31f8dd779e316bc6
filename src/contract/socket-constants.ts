/** Constants of the socket protocol. They are apart from the schemas so that the client does not depend on zod. */

/** The subprotocol: the name and the version of the format. */
export const SOCKET_PROTOCOL = "durable-queue.v2";

/** The server answers `PING` with `PONG` at any time, without waking the queue. */
export const PING = "ping";
export const PONG = "pong";
