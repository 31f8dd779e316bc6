import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Note, QueueName } from "./workers/storm/queues.ts";

/** What a run notes beside what handlers do. */
export type RunNote =
  /** The server was killed: what was on its way to any queue is gone. */
  | { kind: "killed" }
  /** The object of a queue was ended. */
  | { kind: "ended"; queue: QueueName };

/** Takes the notes of handlers over HTTP, outside of the server that is killed, in the order in which they arrive. */
export class Notebook {
  /** A note's number is its place. */
  readonly notes: (Note | RunNote)[] = [];
  /** The messages of which a handler has said that they are done, by their numbers. */
  readonly handled = new Set<number>();
  readonly #server: Server = createServer((request, response) => {
    void this.#take(request).then((number) => response.end(String(number)));
  });
  readonly #waiting = new Set<() => void>();

  /** Starts to listen. Returns the address, as in `127.0.0.1:1234`. */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #take(request: IncomingMessage): Promise<number> {
    let text = "";
    for await (const chunk of request) text += chunk;
    return this.add(JSON.parse(text) as Note);
  }

  /** Returns the number of the note. */
  add(note: Note | RunNote): number {
    this.notes.push(note);
    if (note.kind === "decided") for (const n of note.acked) this.handled.add(n);
    for (const heard of this.#waiting) heard();
    this.#waiting.clear();
    return this.notes.length - 1;
  }

  /**
   * Waits until something is so, and looks at each note.
   *
   * @param ms for this long at most without a note, in milliseconds
   * @throws {Error} if no note comes for so long
   */
  async until(isSo: () => boolean, ms: number): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`No handler was heard for ${ms} ms, ${this.handled.size} messages were handled.`)),
          ms,
        );
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
