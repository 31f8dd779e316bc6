import { runInDurableObject } from "cloudflare:test";
import type { QueueObject } from "../../src/object/queue-object.ts";

/**
 * Runs something inside an object while its next commit is under way: what is committed was written and is not yet
 * durable. It goes with the object's memory.
 */
export function duringNextCommit(
  stub: DurableObjectStub<QueueObject>,
  run: (object: QueueObject, state: DurableObjectState) => void,
): Promise<void> {
  return runInDurableObject(stub, (object, state) => {
    const { storage } = state;
    const sync = storage.sync.bind(storage);
    storage.sync = () => {
      storage.sync = sync;
      run(object, state);
      return sync();
    };
  });
}

/**
 * Makes each commit of an object take some turns of the event loop longer, so that more arrives while one is under way.
 * It goes with the object's memory.
 *
 * @param turns asked before each commit
 */
export function lengthenCommits(stub: DurableObjectStub<QueueObject>, turns: () => number): Promise<void> {
  return runInDurableObject(stub, (_, { storage }) => {
    const sync = storage.sync.bind(storage);
    storage.sync = async () => {
      await sync();
      for (let turn = turns(); turn > 0; turn -= 1) await scheduler.wait(0);
    };
  });
}
