import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import sharp from "sharp";

/** The most pixels of a picture: a small file may hold a picture that fills the memory. */
const PIXELS_MAX = 100_000_000;

// A process makes one thumbnail at a time: as many processes as there are processors keep all of them busy.
sharp.concurrency(1);
sharp.cache(false);

/** The picture cannot be read as one, today or later. */
export class BrokenPicture extends Error {
  override readonly name = "BrokenPicture";
}

/**
 * Makes a thumbnail, upright and without the data of the camera. A picture that is narrower keeps its width.
 *
 * @param picture the bytes of the picture's file
 * @throws {BrokenPicture} if it is none, is cut off, or has more than 100 million pixels
 */
export async function thumbnailOf(picture: Uint8Array, width: number): Promise<Uint8Array> {
  try {
    return await sharp(picture, { failOn: "error", limitInputPixels: PIXELS_MAX })
      .autoOrient()
      .resize({ width, withoutEnlargement: true })
      .webp()
      .toBuffer();
  } catch (error) {
    throw new BrokenPicture(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Writes a file so that it is there as a whole or not at all, also if the process is killed meanwhile. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
