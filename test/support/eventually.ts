import { vi } from "vitest";
import { PATIENCE_MS } from "./patience.ts";

/** Tries a check again until it throws nothing, and returns what it then returns. */
export function eventually<Answer>(check: () => Answer | Promise<Answer>): Promise<Answer> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });
}
