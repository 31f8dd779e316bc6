/** How long a result may be kept. */
export const RESULT_SECONDS_MAX = 2_592_000;

/** A result, or an input, as JSON text in UTF-8. */
export const RESULT_BYTES_MAX = 1024 * 1024;

/** Jobs in one operation that watches them. */
export const WATCHED_JOBS_MAX = 1_000;

/** What a handler tells of its progress, as JSON text in UTF-8. */
export const PROGRESS_BYTES_MAX = 8 * 1024;

/** Tasks that the workers of one queue announce, and all of that as JSON text in UTF-8. */
export const ANNOUNCED_TASKS_MAX = 256;
export const ANNOUNCED_BYTES_MAX = 64 * 1024;

/** The parts of an error, in characters. */
export const ERROR_NAME_CHARACTERS_MAX = 128;
export const ERROR_MESSAGE_CHARACTERS_MAX = 1_024;
export const ERROR_STACK_CHARACTERS_MAX = 8_192;

/** The header in which a job has the name of its task. */
export const TASK_HEADER = "dq-task";

/** How long a handler may take: the least and the most that can be set. */
export const TIMEOUT_SECONDS_MIN = 0.001;
export const TIMEOUT_SECONDS_MAX = 31_622_400;
