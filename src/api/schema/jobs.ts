/** Jobs as they are shown, their errors, and the tasks that workers announce. */
import * as z from "zod";
import {
  ERROR_CHARACTERS_MAX,
  ERROR_NAME_CHARACTERS_MAX,
  ERROR_STACK_CHARACTERS_MAX,
  TASK_NAME_PATTERN,
  TASKS_MAX,
} from "../../contract/limits.ts";
import { DEATH_REASONS, JOB_STATE_NAMES } from "../../contract/states.ts";

/** The states of a job: the first three while it goes on, the others when it has ended. */
export const jobState = z.enum(JOB_STATE_NAMES);

export const taskName = z.string().regex(TASK_NAME_PATTERN, {
  error: "must be 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit",
});

/** Why an attempt failed: a text, or the parts of an error. */
export const errorParts = z.strictObject({
  name: z.string().min(1).max(ERROR_NAME_CHARACTERS_MAX),
  message: z.string().max(ERROR_CHARACTERS_MAX),
  /** Where it was thrown. */
  stack: z.string().max(ERROR_STACK_CHARACTERS_MAX).optional(),
});

/** A job. Which fields it has depends on its state. */
export const job = z.strictObject({
  id: z.string(),
  state: jobState,
  /** The name of its task: the header `dq-task` of its message. */
  task: z.string().optional(),
  /** How often a handler has begun with it. */
  attempts: z.int(),
  putAt: z.number(),
  visibleAt: z.number().optional(),
  leaseEndsAt: z.number().optional(),
  /** What its handler has told last. */
  progress: z.unknown().optional(),
  /** Of a job that is done. Left out where many are told at once, or where it is long: `result` has it. */
  result: z.unknown().optional(),
  /** Of a job that failed or was cancelled. */
  error: z.strictObject({ name: z.string(), message: z.string(), stack: z.string().optional() }).optional(),
  /** Why it failed: its attempts were used up, it expired, or a consumer rejected it. */
  reason: z.enum(DEATH_REASONS).optional(),
  finishedAt: z.number().optional(),
  /** Until when this is kept. */
  expiresAt: z.number().optional(),
});

/** What is answered for an id of which nothing is known. */
export const unknownJob = z.strictObject({
  id: z.string(),
  state: z.literal("unknown"),
  /** Whether the queue had a message with this id. */
  expired: z.boolean(),
});

/** A task that workers serve. */
export const announcedTask = z.strictObject({
  name: taskName,
  /** The JSON Schema of its input. */
  input: z.record(z.string(), z.unknown()).optional(),
});

export const announcedTasks = z.array(announcedTask).max(TASKS_MAX);

export type JobReply = z.output<typeof job>;
export type UnknownJobReply = z.output<typeof unknownJob>;
export type AnnouncedTask = z.output<typeof announcedTask>;
