import * as z from "zod";
import { verb } from "../base/descriptor.ts";

export const purge = verb({
  summary: "Removes every message, also those that are leased, or only the dead ones.",
  scope: "admin",
  request: z.strictObject({ only: z.literal("dead").optional() }),
  reply: z.strictObject({ purged: z.int() }),
  command: ({ only }) => ({ verb: "purge", only }),
  format: ({ purged }) => ({ purged }),
});
