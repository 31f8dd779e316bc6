import type { Principal } from "../api/keys/principal.ts";
import type { ConnectionInfo } from "../api/object-calls.ts";
import { GRANT_PREFIXES_MAX } from "../contract/limits.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  principal: Principal;
  name?: string | undefined;
  address?: string | undefined;
  /** When it connected, in milliseconds. */
  since: number;
}

/** The peer of a connection that is opened now. */
export function peerOf({ principal, name, address }: ConnectionInfo, now: number): Peer {
  return { principal, name, address, since: now };
}

/** A peer as it is stored. The queues of a key are looked up by its hash when the connection is restored. */
export function storedPeer({ principal, ...peer }: Peer): Peer {
  const queues = principal.hash === undefined ? principal.queues.slice(0, GRANT_PREFIXES_MAX) : [];
  return { ...peer, principal: { ...principal, queues } };
}

/** The waits of a connection, as they are stored with its socket while the object is not in memory. */
export interface Attachment {
  subscriber: number;
  peer: Peer;
  credit: number;
  leaseMs: number | undefined;
  /** The position of its subscription among all that wait for messages; 0 if it never subscribed. */
  subscribedAt: number;
  /** Nothing more is pushed to it unless it is heard before this time; undefined if nothing was pushed since it was heard. */
  hearBy?: number | undefined;
  receives: [requestId: number, id: number, max: number, leaseMs: number | undefined, autoAck: boolean][];
  /** All other operations that wait. They are too large to be stored, so the client is asked to send them again. */
  resend: number[];
  /** How many messages it holds, and until when the last of their leases lasts. */
  inHand: { count: number; until: number };
  /** Whether it watches jobs. Which ones its client tells again. Absent from attachments of an earlier build. */
  hasWatched?: boolean;
}

/** The attachment of a socket; undefined if another version of this program has stored it in another form. */
export function attachmentOf(socket: WebSocket): Attachment | undefined {
  const stored = socket.deserializeAttachment() as Partial<Attachment> | null;
  return stored?.peer === undefined || stored.inHand === undefined ? undefined : (stored as Attachment);
}
