/**
 * The words of the socket that are no schemas. They are apart from these so that the client, which has them, need not
 * bring the package of the schemas.
 */

/** The subprotocol: the name and the version of the format. */
export const SOCKET_PROTOCOL = "durable-queue.v2";

/** What the server answers with the other at any time, without waking the queue. */
export const PING = "ping";
export const PONG = "pong";
