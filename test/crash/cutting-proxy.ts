import { createServer, connect as dial, type Server, type Socket } from "node:net";
import type { Random } from "../support/random.ts";
import { FrameReader } from "../support/sockets/frame-reader.ts";

/** Where cuts came. */
export interface Cuts {
  total: number;
  /** Of what the clients sent; the rest is of what they were sent. */
  ofRequests: number;
  /** Before a word was said over the socket. */
  inOpenings: number;
  /** With a part of a frame left behind. */
  insideFrames: number;
  /** Connections that were no sockets. */
  overHttp: number;
}

/** A cut in the opening, or soon after it, comes after at most so many bytes. */
const EARLY_BYTES = 3_000;
/** Any other, at most so many after the server has said something. */
const LATE_BYTES = 200_000;

/**
 * A TCP proxy that lets a random number of bytes pass one way of a connection, whatever they are in the middle of, and
 * ends it then.
 *
 * A client that hears nothing on three connections after another takes it that sockets are not let through. So the one
 * after an early cut is cut late.
 */
export class CuttingProxy {
  /** Whether connections are still cut. */
  isCutting = true;
  readonly cuts: Cuts = { total: 0, ofRequests: 0, inOpenings: 0, insideFrames: 0, overHttp: 0 };
  readonly #serverPort: number;
  readonly #random: Random;
  readonly #connections = new Set<Connection>();
  readonly #listener: Server;
  #wasCutEarly = false;

  private constructor(serverPort: number, random: Random) {
    this.#serverPort = serverPort;
    this.#random = random;
    this.#listener = createServer({ noDelay: true }, (client) => this.#join(client));
  }

  static async start(serverPort: number, random: Random): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(serverPort, random);
    await new Promise<void>((listening) => proxy.#listener.listen(0, "127.0.0.1", listening));
    return proxy;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#listener.address() as { port: number }).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((settle) => this.#listener.close(settle));
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #join(client: Socket): void {
    const random = this.#random;
    const isEarly = !this.#wasCutEarly && random.chance(0.25);
    this.#wasCutEarly = isEarly;
    // As many cuts for each size of what has passed: small ones would be rare otherwise.
    const bytes = Math.floor((isEarly ? EARLY_BYTES : LATE_BYTES) ** random.fraction());
    const plan: Plan = { isEarly, isOfRequests: random.chance(0.5), bytes, isReset: random.chance(0.5) };
    const connection = new Connection(client, this.#serverPort, plan, {
      mayCut: () => this.isCutting,
      cut: (where) => this.#count(where),
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  #count({ isOfRequests, isInOpening, isInsideFrame, isOverHttp }: Place): void {
    this.cuts.total += 1;
    if (isOfRequests) this.cuts.ofRequests += 1;
    if (isInOpening) this.cuts.inOpenings += 1;
    if (isInsideFrame) this.cuts.insideFrames += 1;
    if (isOverHttp) this.cuts.overHttp += 1;
  }
}

/** When a connection is to be cut. */
interface Plan {
  /** Whether bytes count from the first on; else from when the server has said something. */
  isEarly: boolean;
  isOfRequests: boolean;
  bytes: number;
  /** Whether it ends as when a machine dies, and not in order. */
  isReset: boolean;
}

interface Place {
  isOfRequests: boolean;
  isInOpening: boolean;
  isInsideFrame: boolean;
  isOverHttp: boolean;
}

interface ConnectionEvents {
  mayCut(): boolean;
  cut(where: Place): void;
  ended(): void;
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #plan: Plan;
  readonly #events: ConnectionEvents;
  readonly #requests = new Way();
  readonly #answers = new Way();
  #left: number;
  #isCut = false;

  constructor(client: Socket, serverPort: number, plan: Plan, events: ConnectionEvents) {
    this.#client = client;
    this.#server = dial({ port: serverPort, host: "127.0.0.1", noDelay: true });
    this.#plan = plan;
    this.#events = events;
    this.#left = plan.bytes;
    for (const socket of [client, this.#server]) {
      socket.on("error", () => this.destroy());
      socket.on("close", () => this.destroy());
    }
    client.on("data", (bytes) => this.#pass(bytes, this.#server, this.#requests, plan.isOfRequests));
    this.#server.on("data", (bytes) => this.#pass(bytes, client, this.#answers, !plan.isOfRequests));
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
    this.#events.ended();
  }

  #pass(bytes: Buffer, to: Socket, way: Way, isWatched: boolean): void {
    if (this.#isCut) return;
    const counts = isWatched && (this.#plan.isEarly || this.#answers.hasSpoken) && this.#events.mayCut();
    const passing = counts ? bytes.subarray(0, this.#left) : bytes;
    way.passed(passing);
    if (counts) this.#left -= passing.length;
    if (!counts || passing.length === bytes.length) {
      to.write(passing);
      return;
    }
    this.#isCut = true;
    this.#events.cut({
      isOfRequests: this.#plan.isOfRequests,
      isInOpening: !way.hasSpoken,
      isInsideFrame: way.isInsideFrame,
      isOverHttp: this.#requests.isRequest,
    });
    to.write(passing, () => this.#end());
  }

  /** What was let pass is on its way: what comes after it is the end. */
  #end(): void {
    if (this.#plan.isReset) {
      this.#client.resetAndDestroy();
      this.#server.resetAndDestroy();
    }
    this.destroy();
  }
}

/** What has passed one way of a connection: the head of an HTTP message, and frames. */
class Way {
  readonly #frames = new FrameReader();
  #head = "";
  #isOpen = false;

  passed(bytes: Buffer): void {
    if (this.#isOpen) {
      this.#frames.read(bytes);
      return;
    }
    const before = this.#head.length;
    this.#head += bytes.toString("latin1");
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.#isOpen = true;
    this.#frames.read(bytes.subarray(end + 4 - before));
  }

  /** Whether a frame has passed. */
  get hasSpoken(): boolean {
    return this.#frames.count > 0;
  }

  get isInsideFrame(): boolean {
    return this.#frames.isInside;
  }

  /** Whether it is known to be a request of HTTP, and not for a socket. */
  get isRequest(): boolean {
    return / HTTP\/1\.1\r\n/.test(this.#head) && !/^GET \S+\/socket(\?\S*)? /.test(this.#head);
  }
}
