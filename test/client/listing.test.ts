import { afterAll, beforeAll, expect, test } from "vitest";
import { Invalid, type MessagesOptions, type MessageView, type Queue } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

function freshQueue(): Queue<number> {
  return server.manager().queue<number>(freshName());
}

async function listed(queue: Queue<number>, options: MessagesOptions = {}): Promise<MessageView<number>[]> {
  const views: MessageView<number>[] = [];
  for await (const view of queue.messages(options)) views.push(view);
  return views;
}

const items = (views: readonly MessageView<number>[]) => views.map(({ item }) => item);

test("a list goes on behind any of its messages, also one that was removed since", async () => {
  const queue = freshQueue();
  await queue.putMany([...Array(600).keys()]);
  const all = await listed(queue, { pageSize: 1_000 });
  const last = all[399] as MessageView<number>;
  await queue.cancel(last.id);

  const rest = await listed(queue, { after: last.cursor, pageSize: 7 });

  expect(items(rest)).toEqual([...Array(600).keys()].slice(400));
});

test("a list goes on behind a message that was moved to another priority, where it is then", async () => {
  const queue = freshQueue();
  await queue.configure({ order: "priority" });
  await queue.putMany([1, 2, 3], { priority: 9 });
  await queue.putMany([4, 5]);
  const [first] = await listed(queue);
  await queue.change((first as MessageView<number>).id, { priority: 100 });

  const all = await listed(queue);
  const rests = await Promise.all(all.map(async ({ cursor }) => items(await listed(queue, { after: cursor }))));

  expect(items(all)).toEqual([2, 3, 4, 5, 1]);
  expect(rests).toEqual([[3, 4, 5, 1], [4, 5, 1], [5, 1], [1], []]);
});

test("a list does not go on behind a message of another queue, or of one that was deleted", async () => {
  const queue = freshQueue();
  const other = freshQueue();
  await queue.put(1);
  await other.put(2);
  const [view] = (await listed(other)) as [MessageView<number>];

  const error = await listed(queue, { after: view.cursor }).catch((thrown) => thrown);

  expect(error).toBeInstanceOf(Invalid);
  expect(error.message).toContain("The cursor is of another list: of another queue, or of one with this name");
});

test("mistakes in the options of a list are said at once", async () => {
  const queue = freshQueue();

  await expect(listed(queue, { after: "" })).rejects.toThrow(
    'The cursor of a message must be a text without spaces, and neither . nor .., not "".',
  );
  await expect(listed(queue, { pageSize: 0 })).rejects.toThrow("pageSize must be an integer from 1 to 1000, not 0.");
});

test("messages that stay are listed once, in order, whatever is put, done, given back and cancelled meanwhile", async () => {
  const queue = freshQueue();
  const ids = await queue.putMany([...Array(900).keys()]);
  const seen: number[] = [];

  for await (const { item } of queue.messages({ pageSize: 10 })) {
    seen.push(item);
    if (item % 30 !== 0) continue;
    // Of each thirty one is cancelled, one done, one given back, and another put.
    await queue.cancel(ids[item + 7] as string);
    const [done, back] = await queue.receive({ max: 2, timeoutSeconds: 0 });
    await done?.ack();
    await back?.release();
    await queue.put(10_000 + item);
  }

  const stayed = await listed(queue, { pageSize: 1_000 });
  expect(seen.filter((item) => items(stayed).includes(item) && item < 900)).toEqual(
    items(stayed).filter((item) => item < 900),
  );
  expect(new Set(seen).size).toBe(seen.length);
});
