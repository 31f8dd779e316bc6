import { Pump } from "../../../src/push/pump.ts";
import type { Delivered, PushTarget } from "../../../src/push/target.ts";
import type { Command, Delivery, Result } from "../../../src/queue/base/commands.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/queue/base/configuration.ts";

type Submitted = Parameters<ConstructorParameters<typeof Pump>[0]["submit"]>[0][number];

const SETTINGS = { batchSize: 10, batchWaitSeconds: 0, concurrency: 2, timeoutSeconds: 60 };

/** A target that works, and notes the batches that it is given. */
export class TestTarget implements PushTarget {
  readonly kind = "worker";
  readonly batches: (readonly string[])[] = [];
  asked = 0;
  settings: PushTarget["settings"] = () => {
    this.asked += 1;
    return Promise.resolve(SETTINGS);
  };
  answer: (receipts: readonly string[]) => Promise<Delivered> = (receipts) =>
    Promise.resolve({ verdicts: receipts.map(() => ({ verb: "ack" })) });

  deliver({ receipts }: Parameters<PushTarget["deliver"]>[0]): Promise<Delivered> {
    this.batches.push(receipts);
    return this.answer(receipts);
  }
}

/** A pump whose queue is the test, which sets the time too. */
export class TestPump {
  now = 1_700_000_000_000;
  target: PushTarget | undefined;
  readonly queue = { exists: true, configuration: DEFAULT_CONFIGURATION, waiting: 1 };
  readonly pump: Pump;
  readonly logged: string[] = [];
  #requestId = 0;
  #timers: { at: number; callback: () => void }[] = [];
  readonly #submitted = new Map<number, Submitted>();

  constructor(target?: PushTarget) {
    this.target = target;
    const after = (ms: number, callback: () => void) => {
      const timer = { at: this.now + ms, callback };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    };
    this.pump = new Pump(
      {
        ...{ name: "emails", storageBytes: 0 },
        targetOf: () => this.target,
        submit: (commands) => commands.map((command) => this.#submit(command)),
        keepAlive: (work) => void work,
        log: (message) => this.logged.push(message),
      },
      { now: () => this.now, after },
    );
  }

  #submit(submitted: Submitted): number {
    this.#requestId += 1;
    this.#submitted.set(this.#requestId, submitted);
    const { command } = submitted;
    if (command.verb === "cancel_wait") for (const requestId of command.requestIds) this.#submitted.delete(requestId);
    return this.#requestId;
  }

  /** The commands that are not answered yet. */
  get commands(): Command[] {
    return [...this.#submitted.values()].map(({ command }) => command);
  }

  /** How many receives wait. */
  get receives(): number {
    return this.commands.filter(({ verb }) => verb === "receive").length;
  }

  /** Lets the pump look at its queue, as after a commit batch. */
  async look(): Promise<void> {
    this.pump.look(this.queue);
    await settled();
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const timer of this.#timers.filter(({ at }) => at <= this.now)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.callback();
    }
    await settled();
  }

  /** Answers the oldest receive. */
  async answer(result: Result): Promise<void> {
    const oldest = [...this.#submitted].find(([, { command }]) => command.verb === "receive");
    if (oldest === undefined) throw new Error("No receive waits.");
    const [requestId, { answer }] = oldest;
    this.#submitted.delete(requestId);
    answer(requestId, result, undefined as never);
    await settled();
  }

  /** Hands out a message with this receipt to the oldest receive. */
  handOut(receipt: string): Promise<void> {
    const delivery = { payload: "{}", lease: { receipt, endsAt: this.now + 65_000 } };
    return this.answer({ verb: "receive", deliveries: [delivery as unknown as Delivery] });
  }
}

/** Lets everything happen that needs no time. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
