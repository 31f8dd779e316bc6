import { Agent, type ClientRequest, request } from "node:http";
import type { Random } from "../support/random.ts";
import type { Counts } from "./heavy-connection.ts";
import { LARGE_BATCH, UNKNOWN_FIELDS } from "./heavy-frames.ts";

/** Requests of a wave. */
const WAVE = 250;
const LARGE_WAVE = 10;
const WAIT_SECONDS = 5;
/** Of so many answers one is not read while the traffic lasts. */
const UNREAD_EVERY = 25;
const UNREAD_MAX = 20;

interface Wave {
  title: string;
  method: string;
  path: string;
  body?: string;
  size: number;
}

const LARGE_PUT = `{"messages":[${LARGE_BATCH.map((body) => `{"body":${body}}`).join()}]}`;
const WAVES: readonly Wave[] = [
  { title: "list", method: "GET", path: "/messages?limit=1000", size: WAVE },
  { title: "receive", method: "POST", path: "/receive", body: `{"max":1000,"leaseSeconds":1}`, size: WAVE },
  {
    title: "waiting receive",
    method: "POST",
    path: "/receive",
    body: `{"max":1000,"leaseSeconds":1,"timeoutSeconds":${WAIT_SECONDS}}`,
    size: WAVE,
  },
  { title: "put", method: "POST", path: "/messages", body: LARGE_PUT, size: LARGE_WAVE },
  { title: "unknown fields", method: "POST", path: "/messages", body: UNKNOWN_FIELDS, size: LARGE_WAVE },
];

/** Plain HTTP, many requests at a time. */
export class HttpWaves {
  readonly #address: string;
  readonly #authkey: string;
  readonly #random: Random;
  readonly #counts: Counts;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: WAVE + UNREAD_MAX });
  readonly #unread: ClientRequest[] = [];
  #answers = 0;

  constructor(address: string, authkey: string, random: Random, counts: Counts) {
    this.#address = address;
    this.#authkey = authkey;
    this.#random = random;
    this.#counts = counts;
  }

  /** Sends waves to random queues, the next when the one before it is answered, until it is told to stop. */
  async run(queues: readonly string[], isOn: () => boolean, deadlineMs: number): Promise<void> {
    while (isOn()) {
      const wave = this.#random.pick(WAVES);
      const queue = this.#random.pick(queues);
      await Promise.all(Array.from({ length: wave.size }, () => this.#ask(queue, wave, deadlineMs)));
    }
  }

  /** Ends the requests whose answers are not read. */
  end(): void {
    for (const unread of this.#unread) unread.destroy();
    this.#agent.destroy();
  }

  #ask(queue: string, { title, method, path, body }: Wave, deadlineMs: number): Promise<void> {
    this.#counts.operations.add(`${title} over HTTP`);
    return new Promise((settle) => {
      const asked = request(`${this.#address}/v1/queues/${queue}${path}`, {
        method,
        agent: this.#agent,
        headers: {
          Authorization: `Bearer ${this.#authkey}`,
          ...(body && { "Content-Length": Buffer.byteLength(body) }),
        },
      });
      const timer = setTimeout(() => {
        this.#counts.faults.add(`${title} over HTTP was not answered`);
        asked.destroy();
      }, deadlineMs);
      const end = () => {
        clearTimeout(timer);
        settle();
      };
      asked.on("close", end);
      asked.on("error", (error) => {
        if (!this.#unread.includes(asked)) this.#counts.faults.add(`${title} over HTTP: ${error.message}`);
        end();
      });
      asked.on("response", (response) => {
        this.#counts.answers.add(`HTTP ${response.statusCode}`);
        this.#answers += 1;
        if (this.#answers % UNREAD_EVERY === 0 && this.#unread.length < UNREAD_MAX) {
          this.#unread.push(asked);
          end();
        } else {
          response.resume();
          response.on("error", () => undefined);
        }
      });
      asked.end(body);
    });
  }
}
