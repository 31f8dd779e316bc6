import { readFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { defineTasks, type TaskContext, task } from "durable-queue/tasks";
import { BrokenPicture, thumbnailOf, writeWhole } from "./thumbnail.ts";

/** A picture of which thumbnails are to be made. Paths are absolute: workers may run in other folders. */
export interface Picture {
  source: string;
  /** Where the thumbnails are to be written. */
  folder: string;
  /** In pixels. */
  widths: number[];
}

/** How far the work on a picture is. */
export interface Progress {
  done: number;
  of: number;
}

/** Makes the thumbnails of a picture, and answers with their paths. A second run writes the same files again. */
async function thumbnails({ source, folder, widths }: Picture, context: TaskContext): Promise<string[]> {
  const { signal, message } = context;
  const picture = await readFile(source, { signal });
  const progress: Progress = { done: 0, of: widths.length };
  const paths: string[] = [];
  for (const width of widths) {
    context.progress(progress);
    signal.throwIfAborted();
    const path = join(folder, `${parse(source).name}-${width}.webp`);
    try {
      await writeWhole(path, await thumbnailOf(picture, width));
    } catch (error) {
      // Whereas a disk that is full, or a file that is not there yet, may be better at the next attempt.
      if (error instanceof BrokenPicture) await message.reject({ error });
      throw error;
    }
    paths.push(path);
    progress.done += 1;
  }
  context.progress(progress);
  return paths;
}

/** What producers submit, and what `durable-queue work ./src/tasks.ts --processes 2` does. */
export const tasks = defineTasks(
  "pictures",
  { thumbnails: task({ maxAttempts: 4, retryDelaySeconds: 5, timeoutSeconds: 120, run: thumbnails }) },
  { module: import.meta.url },
);
