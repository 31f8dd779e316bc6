/**
 * What a key may do, the same words everywhere. What is not granted is refused.
 *
 * `read`: look at queues and messages. `put`: put messages. `receive`: receive messages and finish them. `admin`: all
 * else, which concerns a queue as a whole or messages that others have put.
 */
export const SCOPES = ["read", "put", "receive", "admin"] as const;

export type Scope = (typeof SCOPES)[number];
