/**
 * For how long a test waits until something is so, in milliseconds. It bounds only a test that fails: it is more than what
 * a busy machine takes, and less than what a test may take.
 */
export const PATIENCE_MS = 40_000;
