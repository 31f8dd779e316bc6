import { evictDurableObject } from "cloudflare:test";
import { endpointOf } from "../../src/contract/endpoints.ts";
import { SOCKET_WAITS_MAX } from "../../src/contract/limits.ts";
import { AUTHORIZATION, call, objectOf } from "./call.ts";
import { lengthenCommits } from "./commits.ts";
import type { Random } from "./random.ts";
import { BAD_FRAMES, type Draft, randomDraft, textOf } from "./random-operations.ts";
import { type OpenOperation, TrackedSocket } from "./sockets/tracked-socket.ts";

const SOCKETS = 5;
/** How long one HTTP call waits. */
const HTTP_WAIT_SECONDS = 0.02;
/** Longer than any answer takes: what is open then is not answered at all. */
const ANSWER_MS = 8_000;
/** More than may wait on one connection. */
const TOO_MANY_WAITS = SOCKET_WAITS_MAX + 20;
/** The most frames that are said before everything is answered. */
const FRAMES_OF_STEP = 25;

/** Several connections and HTTP callers of one queue, who say random things, right and wrong, and keep account. */
export class Crowd {
  readonly #queue: string;
  readonly #random: Random;
  #sockets: TrackedSocket[] = [];
  /** Faults of connections that have ended. */
  readonly #faults: string[] = [];
  #calls = 0;
  #ids = 0;
  /** How many operations were sent, over either way. */
  sent = 0;
  /** How many were answered. */
  answered = 0;
  #changed: () => void = () => {};

  constructor(queue: string, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  /** What breaks the rule that each operation has one answer. */
  get faults(): string[] {
    return [...this.#faults, ...this.#sockets.flatMap(({ faults }) => faults)];
  }

  /** Opens connections in place of those that have ended. */
  async collect(): Promise<void> {
    for (const gone of this.#sockets.filter(({ isClosed }) => isClosed)) {
      this.#faults.push(...gone.faults);
      this.answered += gone.answered;
    }
    this.#sockets = this.#sockets.filter(({ isClosed }) => !isClosed);
    while (this.#sockets.length < SOCKETS) {
      const socket = await TrackedSocket.open(this.#queue);
      socket.changed = () => this.#changed();
      this.#sockets.push(socket);
    }
  }

  /** Says some frames, in part while others are being answered, without waiting for what becomes of the last ones. */
  async speak(): Promise<void> {
    const random = this.#random;
    await lengthenCommits(objectOf(this.#queue), () => random.integer(4));
    for (let frames = 1 + random.integer(FRAMES_OF_STEP); frames > 0; frames -= 1) {
      const socket = random.pick(this.#sockets);
      const percent = random.integer(100);
      if (percent < 20) this.#callOnce(socket);
      else if (percent < 22) socket.end();
      else if (percent < 25) this.#sayBadFrame(socket);
      else if (percent < 27) this.#sayManyWaits(socket);
      else if (percent < 50 && socket.due.length > 0) socket.replies.push(() => this.#sayFrame(socket));
      else this.#sayFrame(socket);
      if (random.chance(0.2)) await scheduler.wait(0);
      if (random.chance(0.1)) await this.#oneAnswer(socket);
    }
  }

  #sayFrame(socket: TrackedSocket): void {
    const forgotten = this.#random.chance(0.5) ? socket.forgotten.splice(0) : [];
    const size = this.#random.chance(0.5) ? 1 : 2 + this.#random.integer(3);
    const drafts = Array.from({ length: size }, () => this.#operation(this.#draft(socket)));
    this.#say(socket, [...forgotten, ...drafts]);
  }

  #say(socket: TrackedSocket, operations: OpenOperation[]): void {
    if (socket.isClosed) return;
    this.sent += operations.length;
    socket.say(operations);
  }

  #sayBadFrame(socket: TrackedSocket): void {
    const frame = this.#random.pick(BAD_FRAMES);
    socket.isEnding = true;
    if (typeof frame !== "string" || this.#random.chance(0.5)) socket.sayRaw(frame);
    else socket.say([this.#operation(this.#draft(socket))], frame);
  }

  #sayManyWaits(socket: TrackedSocket): void {
    const draft: Draft = { verb: "join", request: { wait: true }, contents: [], isWait: true };
    this.#say(
      socket,
      Array.from({ length: TOO_MANY_WAITS }, () => this.#operation(draft)),
    );
  }

  #draft({ receipts, messageIds, open }: TrackedSocket): Draft {
    const waiting = open.filter(({ isWait }) => isWait).map(({ id }) => id);
    return randomDraft(this.#random, { receipts, messageIds, waiting });
  }

  #operation(draft: Draft): OpenOperation {
    this.#ids += 1;
    const { verb, isWait, isSilent = false } = draft;
    return { id: this.#ids, verb, isWait, isSilent, text: textOf(this.#ids, draft) };
  }

  #callOnce(socket: TrackedSocket): void {
    const { verb, request, key, contents, isWait } = this.#draft(socket);
    const { id, wait: _, ...fields } = { id: "", wait: false, ...(request as object | undefined) };
    const { method, path } = endpointOf(verb);
    const place = `${this.#queue}${path.replace(":id", encodeURIComponent(String(id)))}`;
    const headers = { ...AUTHORIZATION, ...(key !== undefined && { "Idempotency-Key": key }) };
    const time = isWait ? { timeoutSeconds: HTTP_WAIT_SECONDS } : {};
    const messages = `{"messages":[${contents.map((content) => `{"body":${content}}`).join()}]${isWait ? `,"timeoutSeconds":${HTTP_WAIT_SECONDS}` : ""}}`;
    const body = verb === "put" ? messages : JSON.stringify({ ...fields, ...time });
    this.sent += 1;
    this.#calls += 1;
    void call(method, place, method === "GET" || method === "DELETE" ? undefined : body, headers).then(
      () => this.#called(),
      (error: unknown) => {
        this.#faults.push(`${method} ${place} ended in ${error}`);
        this.#called();
      },
    );
  }

  #called(): void {
    this.#calls -= 1;
    this.answered += 1;
    this.#changed();
  }

  /** Waits until a connection has heard something; not at all where nothing is due. */
  async #oneAnswer(socket: TrackedSocket): Promise<void> {
    if (socket.due.length === 0) return;
    const { answered } = socket;
    await this.#until(() => socket.isClosed || socket.answered > answered || socket.due.length === 0);
  }

  /**
   * Waits until everything is answered that is not to wait, and says nothing meanwhile. Throws where that does not come.
   */
  async quiet(): Promise<void> {
    await this.#until(() => this.#calls === 0 && this.#sockets.every(isQuiet));
  }

  /** Ends all waits, and waits until nothing is open. Throws where that does not come. */
  async stop(): Promise<void> {
    await this.quiet();
    for (const socket of this.#sockets) {
      const ids = socket.open.map(({ id }) => id);
      if (ids.length === 0) continue;
      const stop: Draft = { verb: "cancel_wait", request: { ids }, contents: [], isWait: false };
      this.#say(socket, [this.#operation(stop)]);
    }
    await this.#until(() => this.#sockets.every(({ open }) => open.length === 0));
    for (const socket of this.#sockets) socket.end();
    await this.collect();
  }

  /** Lets the object lose its memory: connections live on, or end. */
  async forget(webSockets: "hibernate" | "close"): Promise<void> {
    if (webSockets === "hibernate") await this.quiet();
    await evictDurableObject(objectOf(this.#queue), { webSockets });
    if (webSockets === "close") for (const socket of this.#sockets) socket.end();
  }

  /** Begins anew if the queue was shut down, and resumes it if it was paused. */
  async goOn(): Promise<void> {
    const { body } = await call("GET", this.#queue);
    if (body.shutdown !== undefined && body.shutdown !== "none") await call("DELETE", this.#queue);
    if (this.#random.chance(0.5)) await call("POST", `${this.#queue}/resume`, {});
  }

  async #until(isSo: () => boolean): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`These have no answer: ${this.#unanswered()}`)), ANSWER_MS);
    try {
      while (!isSo()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#changed = resolve;
        await Promise.race([promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #unanswered(): string {
    const due = this.#sockets.flatMap((socket) => socket.due.map(({ text }) => text.slice(0, 160)));
    const waits = this.#sockets.map(({ open }) => open.filter(({ isWait }) => isWait).length);
    return `${this.#calls} calls over HTTP; of those that may wait ${waits.join(", ")}; of others\n${due.join("\n")}`;
  }
}

/** Whether nothing is due: of those that may wait, some are refused where there are too many. */
function isQuiet({ due, open, isClosed, isEnding }: TrackedSocket): boolean {
  return due.length === 0 && open.length <= SOCKET_WAITS_MAX && (isClosed || !isEnding);
}
