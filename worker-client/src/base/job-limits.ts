/** How long a result may be kept. */
export const RESULT_SECONDS_MAX = 2_592_000;

/** How long a handler may take: the least and the most that can be set. */
export const TIMEOUT_SECONDS_MIN = 0.001;
export const TIMEOUT_SECONDS_MAX = 31_622_400;
