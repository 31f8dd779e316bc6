import * as z from "zod";
import { newGeneration } from "../../forms/generation.ts";
import { emptyRequest } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";

export const deleteQueue = verb({
  summary: "Deletes the queue with all its messages.",
  scope: "admin",
  request: emptyRequest,
  reply: z.strictObject({ deleted: z.boolean() }),
  command: () => ({ verb: "delete", nextGeneration: newGeneration() }),
  format: () => ({ deleted: true }),
});
