import { expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";

test("a queue in memory refuses a webhook with a sentence, and takes null for none", async () => {
  await using manager = new MemoryManager();
  const queue = manager.queue("emails");

  await expect(queue.configure({ maxSize: 5, push: { url: "https://example.com/hook" } })).rejects.toThrow(
    /^push names a webhook, but a queue in memory pushes to none\. Leave push out here, and take the messages with work\(\) or receive\(\); a server of startServer\(\) pushes to webhooks/,
  );
  expect(await queue.configure({ maxSize: 7, push: null })).toMatchObject({ maxSize: 7, push: null });
});
