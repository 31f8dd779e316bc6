/** Writes pictures to try the example with, of which two are broken. */
import { makePictures } from "./make-pictures.ts";

const PICTURES = 8;

await makePictures(process.argv[2] ?? "pictures", PICTURES);
