/**
 * Every limit of the interface, named with its unit. The server, the client and the documents read them from here.
 */

/** A message's body, as JSON text in UTF-8 (or the decoded size of `bytes`). One row of SQLite holds at most 2 MB. */
export const BODY_BYTES_MAX = 1024 * 1024;

/** Messages in one put, and the most that one receive may ask for. */
export const BATCH_MESSAGES_MAX = 1_000;

/** All bodies of one put together, and about the most that one receive hands out (always at least one message). */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/** About the most that one page of a list has (always at least one message), so that a page delays other calls little. */
export const LIST_BYTES_MAX = 1024 * 1024;

/**
 * A whole HTTP request body: a full batch, as bytes in base64, and its envelope. Bounds the memory that a request can
 * take, of 128 MB.
 */
export const REQUEST_BYTES_MAX = 12 * 1024 * 1024;

/**
 * Puts are refused from this size of a queue's database on, unless the variable of this name sets another: 90 % of the
 * 1 GB that a Durable Object can hold on the free plan. The paid plan has 10 GB.
 */
export const STORAGE_BYTES_MAX = 900_000_000;

/** Operations in one frame of the socket. */
export const FRAME_OPERATIONS_MAX = 1_000;

/** Lines in one frame of the socket: operations, and the payloads that they put. */
export const FRAME_LINES_MAX = 16_384;

/** Waits of one socket at a time: receives, puts, joins and redrives. They are stored with the socket, which has little room. */
export const SOCKET_WAITS_MAX = 250;

/** The most credit of one subscription: messages that may be pushed. */
export const CREDIT_MAX = 10_000;

/** Receipts in one ack, retry or extend. */
export const RECEIPTS_MAX = 1_000;

/** More than any receipt has. */
export const RECEIPT_CHARACTERS_MAX = 128;

/** Queue names are the names of Durable Objects, so they are checked before one is touched: 1 to 128 characters. */
export const QUEUE_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** How long one HTTP call may wait. Less than the 30 seconds that a runtime update leaves to requests. */
export const WAIT_SECONDS_MAX = 25;

/** How long a lease lasts if neither the receive nor the queue sets it. */
export const LEASE_SECONDS_DEFAULT = 30;
export const LEASE_SECONDS_MIN = 1;
/** 12 hours. */
export const LEASE_SECONDS_MAX = 43_200;

/**
 * Attempts after which a message is dead; 0 means no limit. With the delays below, ten attempts take four to nine
 * minutes, so that an ordinary restart of a service that handlers need kills no message.
 */
export const MAX_ATTEMPTS_DEFAULT = 10;
export const MAX_ATTEMPTS_MAX = 1_000_000;

/** How long a message is not visible after its first attempt, in seconds, unless it is configured. */
export const RETRY_DELAY_SECONDS_DEFAULT = 1;
/** The factor by which the delay grows after each further attempt, unless it is configured. */
export const RETRY_DELAY_FACTOR_DEFAULT = 2;
/** The longest delay, in seconds, unless it is configured. */
export const RETRY_DELAY_SECONDS_MAX_DEFAULT = 300;
/**
 * How much of the delay may be left out by chance, unless it is configured. Half: messages that failed together come back
 * spread over half of the delay, and none comes back much too early.
 */
export const RETRY_DELAY_JITTER_DEFAULT = 0.5;

/** The most dead messages that one call redrives. */
export const REDRIVE_MAX = 10_000;

/** 366 days. */
export const DELAY_SECONDS_MAX = 31_622_400;

/** Keys of one server in `AUTHKEYS`. */
export const AUTHKEYS_MAX = 100;
export const KEY_NAME_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;
/** The beginning of a queue's name, or nothing. */
export const KEY_PREFIX_PATTERN = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127})?$/;
/** Beginnings of names of queues that one key is for. */
export const KEY_PREFIXES_MAX = 100;
/** The same of one grant. A connection stores them, and has little room. */
export const GRANT_PREFIXES_MAX = 10;
/** More than any key has. */
export const KEY_CHARACTERS_MAX = 1_024;

/** Headers of one message. */
export const HEADERS_MAX = 32;
export const HEADER_NAME_PATTERN = /^[a-z0-9-]{1,64}$/;
/** Names that begin so are those of durable-queue itself. */
export const HEADER_NAME_RESERVED = "dq-";
/** Names and values of all headers of one message together, in UTF-8. */
export const HEADERS_BYTES_MAX = 8 * 1024;

/** The name that a client gives itself, which `describe` shows. */
export const CONSUMER_NAME_CHARACTERS_MAX = 128;

/** The connections that one description shows, the oldest first. `connected` counts all of them. */
export const CONSUMERS_SHOWN_MAX = 100;

/** Messages of one group that may be leased at the same time. */
export const MAX_LEASED_PER_GROUP_MAX = 1_000_000;
export const GROUP_CHARACTERS_MAX = 128;

/** 366 days. */
export const RETENTION_SECONDS_MAX = 31_622_400;

/** Priorities are integers from 0 to 255. The default is 100. */
export const PRIORITY_MAX = 255;
export const PRIORITY_DEFAULT = 100;

/** The largest `maxSize`; 0 means no bound. */
export const MAX_SIZE_MAX = 1_000_000_000;

/** For how long a queue remembers the `Idempotency-Key` of a put: the least, and the default. */
export const IDEMPOTENCY_SECONDS = 300;
/** For how long a queue suppresses messages with the same `dedupeKey`, unless it is configured. */
export const DEDUPE_SECONDS_DEFAULT = 300;
/** 24 hours, for both. Each key takes a little memory for that long. */
export const KEY_SECONDS_MAX = 86_400;
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

/** The error text of a retry, which the next delivery carries; and the message of a job's error. */
export const ERROR_CHARACTERS_MAX = 1_024;

/** For how long the outcome of a job is kept, unless the queue or the job sets it. */
export const RESULT_SECONDS_DEFAULT = 3_600;
/** 30 days. */
export const RESULT_SECONDS_MAX = 2_592_000;

/** Results and errors of jobs that one queue keeps, and their size together. Beyond it the oldest are dropped before their time. */
export const OUTCOMES_MAX = 1_000_000;
export const OUTCOMES_BYTES_MAX = 256 * 1024 * 1024;
/** The same while its storage is nearly full, so that they do not fill what is left. */
export const OUTCOMES_BYTES_MAX_IF_FULL = 64 * 1024 * 1024;

/** A result, as JSON text in UTF-8. The results of one ack have at most `BATCH_BYTES_MAX` together. */
export const RESULT_BYTES_MAX = 1024 * 1024;

/** The progress of a running job, as JSON text in UTF-8. */
export const PROGRESS_BYTES_MAX = 8 * 1024;

/** The parts of a job's error, in characters. */
export const ERROR_NAME_CHARACTERS_MAX = 128;
export const ERROR_STACK_CHARACTERS_MAX = 8_192;

/** The name of a task: the header in which a message has it, and what it may be. */
export const TASK_HEADER = "dq-task";
export const TASK_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** How many inputs of its task a message has: the header in which a chunk has it. Its body is a JSON array of them. */
export const CHUNK_HEADER = "dq-chunk";
/** 1 to 999,999,999: more than fit into a body. */
export const CHUNK_PATTERN = /^[1-9][0-9]{0,8}$/;

/** Tasks that the workers of one queue announce, and the size of their names and schemas together, as JSON text in UTF-8. */
export const TASKS_MAX = 256;
export const TASKS_BYTES_MAX = 64 * 1024;

/** Ids in one `watch`. */
export const WATCH_IDS_MAX = 1_000;
/** Jobs of one queue that connections watch at a time, each counted once for each connection. */
export const WATCHES_MAX = 100_000;
/** A larger result is not sent to those who watch its job: they ask for it. In characters. */
export const WATCHED_RESULT_CHARACTERS_MAX = 256 * 1024;

/** Names in one page of the list of queues. */
export const LIST_LIMIT_DEFAULT = 100;
export const LIST_LIMIT_MAX = 1_000;
