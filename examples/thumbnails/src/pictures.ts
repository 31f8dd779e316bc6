import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { type Job, JobFailed, type QueueManager } from "durable-queue";
import type { Progress, tasks } from "./tasks.ts";

const WIDTHS = [1_600, 800, 400, 200];

const PICTURE_NAME_PATTERN = /\.(avif|gif|jpe?g|png|tiff?|webp)$/i;

/** What thumbnails are submitted to: a `QueueManager`, or queues in memory. */
export type Submitter = Pick<QueueManager, "tasks">;

/** What became of a picture: the paths of its thumbnails, or why there are none. */
export interface Outcome {
  picture: string;
  thumbnails?: string[];
  error?: string;
}

/** What is told while the thumbnails are made. */
export type Told = (picture: string, progress: Progress) => void;

/**
 * Has thumbnails made of all pictures in a folder, and waits until they are there.
 *
 * @param retryDelaySeconds how long after a first failure a picture is tried again. Default: what the task says
 */
export async function makeThumbnails(
  submitter: Submitter,
  folder: string,
  target: string,
  told: Told,
  retryDelaySeconds?: number,
): Promise<Outcome[]> {
  const sources = (await readdir(folder)).filter((name) => PICTURE_NAME_PATTERN.test(name)).sort();
  // By type alone: the producer does not load sharp.
  const client = submitter.tasks<typeof tasks>("pictures");
  const jobs = await client.thumbnails.submitMany(
    sources.map((name) => ({ source: resolve(folder, name), folder: resolve(target), widths: WIDTHS })),
    { retryDelaySeconds },
  );
  return Promise.all(jobs.map((job, index) => follow(job, sources[index] ?? "", told)));
}

/** Tells each progress of a job, until it has ended. */
async function follow(job: Job<string[]>, picture: string, told: Told): Promise<Outcome> {
  for await (const { progress } of job) {
    if (progress !== undefined) told(picture, progress as Progress);
  }
  try {
    return { picture, thumbnails: await job.result() };
  } catch (error) {
    if (!(error instanceof JobFailed)) throw error;
    return { picture, error: `${error.remoteName}: ${error.remoteMessage}` };
  }
}
