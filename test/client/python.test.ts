import { afterAll, beforeAll, expect, test } from "vitest";
import { DoneTooOften, Empty, Full, type Queue } from "../../worker-client/src/index.ts";
import { clientTime } from "../support/client-time.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

function freshQueue<Item = unknown>(): Queue<Item> {
  return server.manager().queue<Item>(freshName());
}

/** A queue whose only slot is taken by the item "first". */
async function fullQueue(): Promise<Queue<string>> {
  const queue = freshQueue<string>();
  await queue.configure({ maxSize: 1 });
  await queue.put("first");
  return queue;
}

test("items come out in the order in which they were put", async () => {
  const queue = freshQueue<number>();

  for (let n = 0; n < 20; n += 1) await queue.put(n);
  const items: number[] = [];
  for (let n = 0; n < 20; n += 1) items.push(await queue.get());

  expect(items).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test("a put answers with an id of its own for every item", async () => {
  const queue = freshQueue<string>();

  const ids = [await queue.put("same"), await queue.put("same"), await queue.put("same")];

  expect(new Set(ids).size).toBe(3);
});

test.each([
  ["an object", { name: "n", nested: { list: [1, { deep: true }] } }],
  ["a string", 'text with "quotes", \n and ☃ 😀 \u2028'],
  ["the empty string", ""],
  ["null", null],
  ["false", false],
  ["an integer", 42],
  ["zero", 0],
  ["a fraction", -1.5e-7],
  ["an array", [1, "two", null]],
  ["an empty object", {}],
])("%s comes out as it was put", async (_, item) => {
  const queue = freshQueue();

  await queue.put(item);
  const got = await queue.get();

  expect(got).toStrictEqual(item);
});

test.each([0, 1, 2, 3, 256])("%i bytes come out as they were put", async (length) => {
  const queue = freshQueue<Uint8Array>();
  const bytes = Uint8Array.from({ length }, (_, index) => 255 - index);

  await queue.put(bytes);
  const got = await queue.get();

  expect(got).toStrictEqual(bytes);
});

test("a part of a larger buffer is put without what surrounds it", async () => {
  const queue = freshQueue<Uint8Array>();

  await queue.put(new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 4));
  const got = await queue.get();

  expect(got).toStrictEqual(new Uint8Array([2, 3, 4]));
});

test.each([
  ["undefined", undefined],
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
  ["a bigint", 1n],
  ["an object that holds a bigint", { n: 1n }],
])("%s has no JSON form, so nothing is put", async (_, item) => {
  const queue = freshQueue();

  await expect(queue.put(item)).rejects.toThrow(TypeError);
  await expect(queue.putMany(["fine", item])).rejects.toThrow(TypeError);

  await expect(queue.getNowait()).rejects.toThrow(Empty);
});

test("a put into a full queue that does not wait throws Full", async () => {
  const queue = await fullQueue();

  await expect(queue.putNowait("second")).rejects.toThrow(Full);
  await expect(queue.put("second", { block: false })).rejects.toThrow(Full);
  await expect(queue.put("second", { timeoutSeconds: 0 })).rejects.toThrow(Full);

  expect(await queue.qsize()).toBe(1);
});

test("a put into a full queue throws Full when its wait is over", async () => {
  const queue = await fullQueue();

  const ended = await clientTime.waited(0.1, () => queue.put("second", { timeoutSeconds: 0.1 }));

  expect(ended).toMatchObject({ status: "rejected", reason: expect.any(Full) });
  expect(await queue.qsize()).toBe(1);
});

test("a put into a full queue waits and goes in when a get makes room", async () => {
  const queue = await fullQueue();

  const putting = queue.put("second");
  await expect(queue.putNowait("third")).rejects.toThrow(Full);
  const first = await queue.get();
  await putting;

  expect(first).toBe("first");
  expect(await queue.getNowait()).toBe("second");
  await expect(queue.getNowait()).rejects.toThrow(Empty);
});

test("a get waits for the item that is put after it", async () => {
  const queue = freshQueue<string>();

  const getting = queue.get();
  await queue.put("late");

  expect(await getting).toBe("late");
});

test("a get from an empty queue that does not wait throws Empty", async () => {
  const queue = freshQueue();

  await expect(queue.getNowait()).rejects.toThrow(Empty);
  await expect(queue.get({ block: false })).rejects.toThrow(Empty);
  await expect(queue.get({ timeoutSeconds: 0 })).rejects.toThrow(Empty);
});

test("a get throws Empty when its wait is over", async () => {
  const queue = freshQueue();

  const ended = await clientTime.waited(0.1, () => queue.get({ timeoutSeconds: 0.1 }));

  expect(ended).toMatchObject({ status: "rejected", reason: expect.any(Empty) });
});

test.each([-1, -0.001, Number.NEGATIVE_INFINITY, Number.NaN])("a timeout of %d is a RangeError", async (seconds) => {
  const queue = freshQueue();
  const options = { timeoutSeconds: seconds };

  await expect(queue.put("item", options)).rejects.toThrow(RangeError);
  await expect(queue.putMany(["item"], options)).rejects.toThrow(RangeError);
  await expect(queue.get(options)).rejects.toThrow(RangeError);
  await expect(queue.receive(options)).rejects.toThrow(RangeError);
  await expect(queue.join(options)).rejects.toThrow(RangeError);

  expect(await queue.qsize()).toBe(0);
});

test("a timeout of zero means now", async () => {
  const queue = await fullQueue();

  await expect(queue.put("second", { timeoutSeconds: 0 })).rejects.toThrow(Full);
  expect(await queue.get({ timeoutSeconds: 0 })).toBe("first");
  await expect(queue.get({ timeoutSeconds: 0 })).rejects.toThrow(Empty);
  expect(await queue.join({ timeoutSeconds: 0 })).toBe(false);
});

test("a timeout is not looked at by a call that does not wait", async () => {
  const queue = freshQueue<string>();
  const options = { block: false, timeoutSeconds: -1 };

  await queue.put("item", options);
  const item = await queue.get(options);
  const received = await queue.receive(options);

  expect(item).toBe("item");
  expect(received).toEqual([]);
});

test("taskDone counts items up to as many as were put, then throws DoneTooOften", async () => {
  const queue = freshQueue<number>();
  await queue.putMany([1, 2, 3]);

  await queue.taskDone(2);
  await expect(queue.taskDone(2)).rejects.toThrow(DoneTooOften);
  await queue.taskDone();

  await expect(queue.taskDone()).rejects.toThrow(DoneTooOften);
});

test("taskDone on a queue that never existed throws DoneTooOften", async () => {
  const queue = freshQueue();

  await expect(queue.taskDone()).rejects.toMatchObject({ name: "DoneTooOften", code: "done_too_often" });
});

test("an item that was taken stays unfinished until taskDone", async () => {
  const queue = freshQueue<string>();
  await queue.put("item");

  await queue.get();
  const before = await queue.join({ timeoutSeconds: 0 });
  await queue.taskDone();
  const after = await queue.join({ timeoutSeconds: 0 });

  expect(before).toBe(false);
  expect(after).toBe(true);
});

test("join waits until the last item is done", async () => {
  const queue = freshQueue<number>();
  await queue.putMany([1, 2]);

  const joining = queue.join();
  await queue.taskDone();
  await queue.taskDone();

  expect(await joining).toBe(true);
});

test("join answers false when its time is over", async () => {
  const queue = freshQueue<number>();
  await queue.put(1);

  const ended = await clientTime.waited(0.1, () => queue.join({ timeoutSeconds: 0.1 }));

  expect(ended).toEqual({ status: "fulfilled", value: false });
});

test("to a queue that does not exist, join answers true at once", async () => {
  const queue = freshQueue();

  const isFinished = await queue.join();

  expect(isFinished).toBe(true);
});

test("a queue that does not exist looks like an empty one without a bound, and still does not exist", async () => {
  const queue = freshQueue();

  const looks = [await queue.qsize(), await queue.empty(), await queue.full()];

  expect(looks).toEqual([0, true, false]);
  await expect(queue.describe()).rejects.toMatchObject({ name: "UnknownQueue" });
});

test("qsize, empty and full tell how many items can be taken", async () => {
  const queue = freshQueue<number>();
  await queue.configure({ maxSize: 2 });

  const looks: [number, boolean, boolean][] = [];
  const peek = async () => looks.push([await queue.qsize(), await queue.empty(), await queue.full()]);
  await peek();
  await queue.put(1);
  await peek();
  await queue.put(2);
  await peek();
  await queue.get();
  await peek();

  expect(looks).toEqual([
    [0, true, false],
    [1, false, false],
    [2, false, true],
    [1, false, false],
  ]);
});
