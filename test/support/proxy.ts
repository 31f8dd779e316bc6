import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { ENDPOINTS, type Verb } from "../../src/contract/endpoints.ts";
import { PING } from "../../src/contract/socket.ts";
import { FrameReader } from "./frame-reader.ts";

/** What is asked of a queue over HTTP or a socket, or of a socket alone. */
type Asked = Verb | "subscribe" | "unsubscribe" | "stop";

/** What to do with the next request for a verb. */
interface Fault {
  verb: Asked;
  /** `reply`: the server answers, the client never hears it. `request`: the server never hears of it. */
  lost: "reply" | "request" | "nothing";
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
  #faults: Fault[] = [];
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

  /** How often this was asked: every try counts. */
  timesSeen(verb: Asked): number {
    return this.requests.filter((seen) => seen === verb).length;
  }

  /** Forwards the next request for this, waits for the server's answer and cuts the connection. Kept when it has. */
  loseNextReply(verb: Asked): Promise<void> {
    return this.#plan("reply", verb);
  }

  /** Cuts the connection when the next request for this comes, without forwarding it. Kept when it has. */
  loseNextRequest(verb: Asked): Promise<void> {
    return this.#plan("request", verb);
  }

  /** Kept when the next request for this has come. */
  nextRequest(verb: Asked): Promise<void> {
    return this.#plan("nothing", verb);
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

  #plan(lost: Fault["lost"], verb: Asked): Promise<void> {
    return new Promise((happened) => {
      this.#faults.push({ verb, lost, happened });
    });
  }

  #join(client: Socket): void {
    const server = dial({ port: this.#serverPort, host: "127.0.0.1", noDelay: true });
    const connection = new Connection(client, server, {
      upgraded: () => (this.upgrades += 1),
      framed: (verbs) => this.frames.push(verbs),
      asked: (verb) => this.#faultOf(verb),
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** Notes a request, and says what shall happen to it. */
  #faultOf(verb: Asked): Fault | undefined {
    this.requests.push(verb);
    const fault = this.#faults.find((planned) => planned.verb === verb);
    this.#faults = this.#faults.filter((planned) => planned !== fault);
    if (fault?.lost !== "nothing") return fault;
    fault.happened();
    return undefined;
  }
}

interface ConnectionEvents {
  upgraded(): void;
  framed(verbs: Asked[]): void;
  asked(verb: Asked): Fault | undefined;
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
  /** The fault of an HTTP request that was forwarded. */
  #fault: Fault | undefined;
  /** The faults of operations that were forwarded, by their ids. */
  readonly #faults = new Map<number, Fault>();

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

  #lose(fault: Fault): void {
    this.cut();
    fault.happened();
  }

  #fromClient(bytes: Buffer): void {
    if (!this.#isUpgraded) this.#request(bytes);
    else for (const { bytes: frame, text } of this.#clientFrames.read(bytes)) this.#frame(frame, text);
  }

  /** Looks whether a request begins here, and whether something shall happen to it. */
  #request(bytes: Buffer): void {
    const requestLine = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(bytes.toString("latin1"))?.[1];
    if (requestLine?.endsWith("/socket") === true) this.#upgrade = Buffer.alloc(0);
    const verb = requestLine === undefined ? undefined : verbOf(requestLine);
    if (verb !== undefined) this.#fault = this.#events.asked(verb);
    if (this.#fault?.lost === "request") this.#lose(this.#fault);
    else this.#server.write(bytes);
  }

  #frame(bytes: Buffer, text: string | undefined): void {
    const operations = text === undefined || text === PING ? [] : operationsIn(text);
    if (operations.length > 0) this.#events.framed(operations.map(({ verb }) => verb));
    for (const { id, verb } of operations) {
      const fault = this.#events.asked(verb);
      if (fault?.lost === "reply") this.#faults.set(id, fault);
      if (fault?.lost !== "request") continue;
      this.#lose(fault);
      return;
    }
    this.#server.write(bytes);
  }

  #fromServer(bytes: Buffer): void {
    if (this.#fault !== undefined) this.#lose(this.#fault);
    else if (this.#isUpgraded) this.#answers(bytes);
    else {
      this.#client.write(bytes);
      if (this.#upgrade !== undefined) this.#answerToUpgrade(bytes);
    }
  }

  #answerToUpgrade(bytes: Buffer): void {
    this.#upgrade = Buffer.concat([this.#upgrade ?? Buffer.alloc(0), bytes]);
    if (!this.#upgrade.includes("\r\n\r\n")) return;
    this.#isUpgraded = this.#upgrade.toString("latin1").startsWith("HTTP/1.1 101 ");
    this.#upgrade = undefined;
    if (this.#isUpgraded) this.#events.upgraded();
  }

  #answers(bytes: Buffer): void {
    for (const { bytes: frame, text } of this.#serverFrames.read(bytes)) {
      const fault = [...this.#faults].find(([id]) => text?.split("\n").some((line) => line.startsWith(`{"id":${id},`)));
      if (fault !== undefined) {
        this.#lose(fault[1]);
        return;
      }
      this.#client.write(frame);
    }
  }
}

function verbOf(requestLine: string): Verb | undefined {
  const verbs = Object.keys(ENDPOINTS) as Verb[];
  return verbs.find((verb) => {
    const { method, path } = ENDPOINTS[verb];
    return new RegExp(`^${method} /v1/queues/[^/?]+${path.replace(":id", "[^/?]+")}(\\?.*)?$`).test(requestLine);
  });
}

/** The operations of a frame, without the contents that follow some of them. */
function operationsIn(frame: string): { id: number; verb: Asked }[] {
  const lines = frame.split("\n");
  const operations: { id: number; verb: Asked }[] = [];
  for (let index = 0; index < lines.length; ) {
    const { id, verb, lines: contents = 0 } = JSON.parse(lines[index] ?? "");
    operations.push({ id, verb });
    index += 1 + contents;
  }
  return operations;
}
