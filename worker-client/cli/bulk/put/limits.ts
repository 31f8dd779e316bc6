/** The bounds of a put of many lines. */

/** Lines in one batch: the most messages that one put takes. */
export const BATCH_LINES = 1_000;

/** Characters of the lines in one batch, unless one line alone has more. */
export const BATCH_CHARACTERS = 512 * 1024;

/** Batches that may be under way, unless the command says otherwise. */
export const IN_FLIGHT_DEFAULT = 4;
export const IN_FLIGHT_MAX = 32;

/** Characters of the lines that are under way. A batch that is larger goes alone. */
export const IN_FLIGHT_CHARACTERS = 8 * 1024 * 1024;

/** How long lines wait for more of them, in milliseconds, where the input pauses. */
export const BATCH_WAIT_MS = 50;

/** How long batches that are under way are waited for after Ctrl-C, in milliseconds, before they are taken back. */
export const STOP_MS = 1_000;

/** Lines that were left out are reported one by one up to this number. */
export const FAULTS_SHOWN_MAX = 20;
