/**
 * Loaded before an example, whose pauses stand for work: they take a fifth of what they say. The clients that the example
 * uses have timers of another kind, which stay as they are.
 */
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";

const SHARE = 1 / 5;

const pause = timers.setTimeout;
timers.setTimeout = (ms, ...rest) => pause(ms * SHARE, ...rest);
syncBuiltinESMExports();
