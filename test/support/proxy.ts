import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { CALL_VERBS, type Verb } from "../../src/api/verbs/index.ts";
import { endpointOf } from "../../src/contract/endpoints.ts";
import { PING } from "../../src/contract/socket-constants.ts";
import { FrameReader } from "./sockets/frame-reader.ts";

/** What is asked of a queue over HTTP or a socket, or of a socket alone. */
type Asked = Verb | "subscribe" | "unsubscribe" | "cancel_wait";

/** What to do with the next request for a verb, or with the reply to it. */
interface Plan {
  verb: Asked;
  at: "request" | "reply";
  /** Whether the connection is cut instead of forwarding it. */
  isFault: boolean;
  happened: () => void;
}

/** A TCP proxy in front of a server that loses what a network loses, whichever way clients speak through it. */
export class FaultyProxy {
  /** The verbs of all requests that came, over HTTP and sockets. */
  readonly requests: Asked[] = [];
  /** The verbs of each frame that came over a socket. */
  readonly frames: Asked[][] = [];
  /** How many sockets were opened. */
  upgrades = 0;
  readonly #serverPort: number;
  readonly #connections = new Set<Connection>();
  #plans: Plan[] = [];
  #listener: Server | undefined;
  #port = 0;

  private constructor(serverPort: number) {
    this.#serverPort = serverPort;
  }

  static async start(serverPort: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(serverPort);
    await proxy.accept();
    return proxy;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How often this was asked: every try counts. */
  timesSeen(verb: Asked): number {
    return this.requests.filter((seen) => seen === verb).length;
  }

  /** Forwards the next request for this, waits for the server's answer and cuts the connection. Kept when it has. */
  loseNextReply(verb: Asked): Promise<void> {
    return this.#plan({ verb, at: "reply", isFault: true });
  }

  /** Cuts the connection when the next request for this comes, without forwarding it. Kept when it has. */
  loseNextRequest(verb: Asked): Promise<void> {
    return this.#plan({ verb, at: "request", isFault: true });
  }

  /** Kept when the next request for this has come, and goes on to the server. */
  nextRequest(verb: Asked): Promise<void> {
    return this.#plan({ verb, at: "request", isFault: false });
  }

  /** Kept when the reply to the next request for this has come, before the client hears it. */
  nextReply(verb: Asked): Promise<void> {
    return this.#plan({ verb, at: "reply", isFault: false });
  }

  /** Takes connections, at first and after `refuse` again. */
  async accept(): Promise<void> {
    const listener = createServer({ noDelay: true }, (client) => this.#join(client));
    await new Promise<void>((settle, fail) => {
      listener.once("error", fail);
      listener.listen(this.#port, "127.0.0.1", settle);
    });
    this.#listener = listener;
    this.#port = (listener.address() as { port: number }).port;
  }

  /** Cuts all connections and refuses new ones. Also how to end the proxy. */
  async refuse(): Promise<void> {
    const closed = new Promise((settle) => this.#listener?.close(settle));
    this.cut();
    await closed;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Forwards nothing any more over the connections that there are, and does not end them. */
  fallSilent(): void {
    for (const connection of this.#connections) connection.isSilent = true;
  }

  #plan(plan: Omit<Plan, "happened">): Promise<void> {
    return new Promise((happened) => {
      this.#plans.push({ ...plan, happened });
    });
  }

  #join(client: Socket): void {
    const server = dial({ port: this.#serverPort, host: "127.0.0.1", noDelay: true });
    const connection = new Connection(client, server, {
      upgraded: () => (this.upgrades += 1),
      framed: (verbs) => this.frames.push(verbs),
      asked: (verb) => this.#planFor(verb),
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** Notes a request, and says what is planned for it. */
  #planFor(verb: Asked): Plan | undefined {
    this.requests.push(verb);
    const plan = this.#plans.find((planned) => planned.verb === verb);
    this.#plans = this.#plans.filter((planned) => planned !== plan);
    return plan;
  }
}

interface ConnectionEvents {
  upgraded(): void;
  framed(verbs: Asked[]): void;
  asked(verb: Asked): Plan | undefined;
  ended(): void;
}

/** A client's connection and its continuation to the server: HTTP at first, frames after an upgrade. */
class Connection {
  isSilent = false;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #events: ConnectionEvents;
  readonly #clientFrames = new FrameReader();
  readonly #serverFrames = new FrameReader();
  /** What has come of the answer to a request for an upgrade. */
  #upgrade: Buffer | undefined;
  #isUpgraded = false;
  /** For the reply to the HTTP request that was forwarded. */
  #plan: Plan | undefined;
  /** For the replies to operations that were forwarded, by their ids. */
  readonly #plans = new Map<number, Plan>();

  constructor(client: Socket, server: Socket, events: ConnectionEvents) {
    this.#client = client;
    this.#server = server;
    this.#events = events;
    for (const socket of [client, server]) {
      socket.on("error", () => this.cut());
      socket.on("close", () => this.cut());
    }
    client.on("data", (bytes) => {
      if (!this.isSilent) this.#fromClient(bytes);
    });
    server.on("data", (bytes) => {
      if (!this.isSilent) this.#fromServer(bytes);
    });
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
    this.#events.ended();
  }

  #fromClient(bytes: Buffer): void {
    if (!this.#isUpgraded) this.#request(bytes);
    else for (const { bytes: frame, text } of this.#clientFrames.read(bytes)) this.#frame(frame, text);
  }

  /** Looks whether a request begins here, and what is planned for it. */
  #request(bytes: Buffer): void {
    const requestLine = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(bytes.toString("latin1"))?.[1];
    if (requestLine !== undefined && /\/socket(\?|$)/.test(requestLine)) this.#upgrade = Buffer.alloc(0);
    const verb = requestLine === undefined ? undefined : verbOf(requestLine);
    const plan = verb === undefined ? undefined : this.#events.asked(verb);
    if (plan?.at === "reply") this.#plan = plan;
    this.#forward(this.#server, bytes, plan?.at === "request" ? plan : undefined);
  }

  #frame(bytes: Buffer, text: string | undefined): void {
    const operations = text === undefined || text === PING ? [] : operationsIn(text);
    if (operations.length > 0) this.#events.framed(operations.map(({ verb }) => verb));
    let now: Plan | undefined;
    for (const { id, verb } of operations) {
      const plan = this.#events.asked(verb);
      if (plan?.at === "reply") this.#plans.set(id, plan);
      else now ??= plan;
    }
    this.#forward(this.#server, bytes, now);
  }

  #fromServer(bytes: Buffer): void {
    if (this.#isUpgraded) {
      for (const { bytes: frame, text } of this.#serverFrames.read(bytes)) {
        this.#forward(this.#client, frame, this.#takePlanOf(text));
      }
      return;
    }
    const plan = this.#plan;
    this.#plan = undefined;
    this.#forward(this.#client, bytes, plan);
    if (this.#upgrade !== undefined) this.#answerToUpgrade(bytes);
  }

  #takePlanOf(frame: string | undefined): Plan | undefined {
    const lines = frame?.split("\n") ?? [];
    for (const [id, plan] of this.#plans) {
      if (!lines.some((line) => line.startsWith(`{"id":${id},`))) continue;
      this.#plans.delete(id);
      return plan;
    }
    return undefined;
  }

  #answerToUpgrade(bytes: Buffer): void {
    this.#upgrade = Buffer.concat([this.#upgrade ?? Buffer.alloc(0), bytes]);
    if (!this.#upgrade.includes("\r\n\r\n")) return;
    this.#isUpgraded = this.#upgrade.toString("latin1").startsWith("HTTP/1.1 101 ");
    this.#upgrade = undefined;
    if (this.#isUpgraded) this.#events.upgraded();
  }

  #forward(to: Socket, bytes: Buffer, plan: Plan | undefined): void {
    if (plan?.isFault === true) this.cut();
    else to.write(bytes);
    plan?.happened();
  }
}

function verbOf(requestLine: string): Verb | undefined {
  return CALL_VERBS.find((verb) => {
    const { method, path } = endpointOf(verb);
    return new RegExp(`^${method} /v1/queues/[^/?]+${path.replace(":id", "[^/?]+")}(\\?.*)?$`).test(requestLine);
  });
}

/** The operations of a frame, without the contents that follow some of them. Puts that share one count each. */
function operationsIn(frame: string): { id: number; verb: Asked }[] {
  const lines = frame.split("\n");
  const operations: { id: number; verb: Asked }[] = [];
  for (let index = 0; index < lines.length; ) {
    const { id, verb, keys = [null], lines: contents = 0 } = JSON.parse(lines[index] ?? "");
    for (const _ of keys) operations.push({ id, verb });
    index += 1 + contents;
  }
  return operations;
}
