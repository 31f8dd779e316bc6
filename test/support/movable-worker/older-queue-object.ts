import { DurableObject } from "cloudflare:workers";

/** The object of a queue as builds before the first version of the interface had it: it takes commands, not requests. */
export class OlderQueueObject extends DurableObject {
  async perform(): Promise<never> {
    throw new Error("No test calls this.");
  }
}
