import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

/** The bytes of a picture. */
export async function pictureOf(width: number, height: number, hue: number): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>
    <linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue},80%,60%)"/><stop offset="1" stop-color="#024"/></linearGradient>
    </defs><rect width="100%" height="100%" fill="url(#g)"/><circle cx="50%" cy="50%" r="20%" fill="#fff8"/></svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer();
}

/** Writes `count` pictures, `cut-off.jpg` and `no-picture.jpg`. */
export async function makePictures(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    await writeFile(join(folder, `picture-${index}.jpg`), await pictureOf(1_800, 1_200, index * 40));
  }
  const whole = await pictureOf(1_800, 1_200, 0);
  await writeFile(join(folder, "cut-off.jpg"), whole.subarray(0, whole.length / 2));
  await writeFile(join(folder, "no-picture.jpg"), "This is a text.");
}
