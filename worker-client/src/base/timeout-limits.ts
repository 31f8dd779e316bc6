/** How long a handler may take, in seconds: the least and the most that can be set. */
export const TIMEOUT_SECONDS_MIN = 0.001;
export const TIMEOUT_SECONDS_MAX = 31_622_400;
