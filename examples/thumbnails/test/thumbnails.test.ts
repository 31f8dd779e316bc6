import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QueueManager } from "durable-queue";
import { startServer, type TestServer } from "durable-queue/testing";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { makeThumbnails } from "../src/pictures.ts";
import { type Progress, tasks } from "../src/tasks.ts";
import { makePictures, pictureOf } from "./make-pictures.ts";

let server: TestServer;
let manager: QueueManager;
let folder: string;
let pictures: string;
let target: string;

beforeAll(async () => {
  server = await startServer();
  manager = server.manager();
  manager.work(tasks, { processes: 2, onError: () => undefined });
});

afterAll(() => server.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "thumbnails-"));
  [pictures, target] = [join(folder, "pictures"), join(folder, "thumbnails")];
});

afterEach(() => rm(folder, { recursive: true }));

test("thumbnails are made, with progress, and broken pictures are rejected", async () => {
  await makePictures(pictures, 3);
  const told: [string, Progress][] = [];

  const outcomes = await makeThumbnails(manager, pictures, target, (...each) => told.push(each));

  const paths = (name: string) => [1600, 800, 400, 200].map((width) => join(target, `${name}-${width}.webp`));
  expect(outcomes).toEqual([
    { picture: "cut-off.jpg", error: expect.stringMatching(/^BrokenPicture: ./) },
    { picture: "no-picture.jpg", error: expect.stringMatching(/^BrokenPicture: .*unsupported image format/) },
    ...[0, 1, 2].map((index) => ({ picture: `picture-${index}.jpg`, thumbnails: paths(`picture-${index}`) })),
  ]);
  const { width, height, format } = await sharp(join(target, "picture-2-400.webp")).metadata();
  expect({ width, height, format }).toEqual({ width: 400, height: 267, format: "webp" });
  expect(new Set(told.map(([picture]) => picture)).size).toBeGreaterThan(0);
  expect(told.every(([, { done, of }]) => done <= of && of === 4)).toBe(true);
  expect((await readdir(target)).filter((name) => !name.endsWith(".webp"))).toEqual([]);

  const dead = await Array.fromAsync(manager.queue("pictures").messages({ state: "dead" }));
  expect(dead.map(({ attempts, reason }) => ({ attempts, reason }))).toEqual([
    { attempts: 1, reason: "rejected" },
    { attempts: 1, reason: "rejected" },
  ]);
});

test("a picture that cannot be read now is tried again", async () => {
  await makePictures(pictures, 0);
  const source = join(pictures, "late.jpg");
  const input = { source, folder: target, widths: [100] };
  const job = await manager.tasks(tasks).thumbnails.submit(input, { retryDelaySeconds: 0.2, maxAttempts: 0 });
  await expect.poll(async () => (await job.status()).attempts, { timeout: 30_000 }).toBeGreaterThan(0);

  await writeFile(source, await pictureOf(300, 200, 0));

  expect(await job.result({ timeoutSeconds: 30 })).toEqual([join(target, "late-100.webp")]);
});
