import type { Child, ChildEnd, ChildEvents } from "../../../worker-client/src/isolation/child.ts";
import type { FromRunner, ToRunner } from "../../../worker-client/src/isolation/protocol.ts";

/** A process that a test plays. */
export class FakeChild implements Child {
  readonly kind = "process";
  readonly id: number;
  /** What it was sent. */
  readonly heard: ToRunner[] = [];
  wasKilled = false;
  readonly #events: ChildEvents;

  constructor(id: number, events: ChildEvents) {
    this.id = id;
    this.#events = events;
  }

  send(messages: readonly ToRunner[]): void {
    this.heard.push(...messages);
  }

  kill(): void {
    this.wasKilled = true;
  }

  say(...messages: FromRunner[]): void {
    this.#events.heard(messages);
  }

  /** Has loaded its module. */
  ready(): void {
    this.say({ kind: "ready", ready: { queue: "images", tasks: ["resize"], announced: [], timeouts: {} } });
  }

  end(how = "was ended by SIGKILL", isOwnDoing: ChildEnd["isOwnDoing"] = false): void {
    this.#events.ended({ how, isOwnDoing });
  }

  /** The numbers of the runs that it was given. */
  get runs(): number[] {
    return this.heard.flatMap((message) => (message.kind === "run" ? [message.run] : []));
  }
}
