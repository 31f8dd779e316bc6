import { gather, type QueueManager } from "durable-queue";
import type { tasks } from "./tasks.ts";

const WIDTHS = [100, 300];

/** The keys of a picture's thumbnails, once workers have made them. */
export async function thumbnailsOf(manager: QueueManager, file: string): Promise<string[]> {
  const client = manager.tasks<typeof tasks>("pictures");
  const jobs = await client.resize.submitMany(WIDTHS.map((width) => ({ file, width })));
  return (await gather(jobs, { timeoutSeconds: 30 })).map(({ key }) => key);
}
