/** A subscriber hears of a server that has been away for so long, in milliseconds, and then again every so often. */
export const AWAY_MS = 5_000;
export const AWAY_AGAIN_MS = 60_000;
