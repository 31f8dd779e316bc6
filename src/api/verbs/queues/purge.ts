import * as z from "zod";
import { verb } from "../base/descriptor.ts";

export const purge = verb({
  summary: "Removes every message, also those that are leased, or only the dead ones, or only outcomes of jobs.",
  scope: "admin",
  request: z.strictObject({
    /** `finished`: what is kept of jobs that have ended. */
    only: z.enum(["dead", "finished"]).optional(),
  }),
  reply: z.strictObject({ purged: z.int() }),
  command: ({ only }) => ({ verb: "purge", only }),
  format: ({ purged }) => ({ purged }),
});
