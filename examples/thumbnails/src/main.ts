/** Makes thumbnails of the pictures of a folder, and shows how far it is. Ctrl-C ends this, not the work. */
import { QueueManager } from "durable-queue";
import { makeThumbnails } from "./pictures.ts";

const [folder, target = "thumbnails"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("Give the folder of the pictures, and that of the thumbnails: npm start -- pictures thumbnails");
  process.exit(2);
}

const manager = new QueueManager();
const outcomes = await makeThumbnails(manager, folder, target, (picture, { done, of }) => {
  console.log(picture.padEnd(20), "#".repeat(done) + "-".repeat(of - done), `${done} of ${of}`);
});
for (const { picture, thumbnails, error } of outcomes) console.log(picture, thumbnails?.length ?? error);
await manager.close();
