/** The messages of commands: those that are put, that another queue sends, and changes of those that wait. */
import type { DeathReason } from "../../contract/states.ts";

/** A message of a put. */
export interface NewMessage {
  /** The member of the JSON object that carries the content, as text: `"body":…` or `"bytes":"…"`. */
  content: string;
  priority: number;
  /** How long it is delayed. */
  delayMs: number;
  /** When it is visible, in milliseconds since 1970. If it is given, `delayMs` is ignored. */
  visibleAt?: number | undefined;
  /** The message is not stored if the queue remembers another one with this key. */
  dedupeKey?: string | undefined;
  /** At most `maxLeasedPerGroup` messages of a group are leased at a time. */
  group?: string | undefined;
  /** Present if it died in another queue and was transferred here for that. */
  deadLetter?: (DeadLetter & { queue: string }) | undefined;
  /** The headers, as the text of a JSON object; undefined if it has none. */
  headers?: string | undefined;
  /** Its own limits, over those of the queue. */
  rules?: MessageRules | undefined;
  /** Whether it has the name of a task: its outcome is kept, for the time of the queue unless it has its own. */
  isJob?: boolean | undefined;
  /** Whether its dedupe key counts until the message is done, cancelled, purged or dead, instead of `dedupeMs`. */
  isDedupedUntilDone?: boolean | undefined;
}

/** What a message may have of its own, over the settings of its queue. At least one field. */
export interface MessageRules {
  maxAttempts?: number | undefined;
  retryDelayMs?: number | undefined;
  retentionMs?: number | undefined;
  /** How long its outcome is kept; 0: not at all. A message with more than 0 is a job. */
  resultMs?: number | undefined;
}

/** Changes of a message that waits. What is undefined stays as it is. */
export interface MessageChanges {
  /** As in `NewMessage`. */
  content?: string | undefined;
  /** The text of a JSON object; null removes all headers. */
  headers?: string | null | undefined;
  priority?: number | undefined;
  /** From now; 0 makes it visible. */
  delayMs?: number | undefined;
  /** In milliseconds since 1970. Not together with `delayMs`. */
  visibleAt?: number | undefined;
}

/** How a message died in another queue. Times are in seconds, because this is handed out unchanged. */
interface DeadLetter {
  /** Its id there. */
  id: string;
  reason: DeathReason;
  attempts: number;
  firstPutAt: number;
  diedAt: number;
  lastError?: string | undefined;
}

/** A message that another queue sends. */
export interface TransferredMessage extends Pick<NewMessage, "content" | "priority" | "group" | "headers" | "rules"> {
  deadLetter?: DeadLetter | undefined;
}
