import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** What to do with the next request whose first line matches. */
interface Fault {
  requestLine: RegExp;
  /** `reply`: the server answers, the client never hears it. `request`: the server never hears of it. */
  lost: "reply" | "request";
  happened: () => void;
}

/** A TCP proxy in front of a server that loses what a network loses. It looks at HTTP only to find the requests. */
export class FaultyProxy {
  /** The first lines of all requests that came, as in `POST /v1/queues/test-1/ack`. */
  readonly requests: string[] = [];
  readonly #serverPort: number;
  readonly #sockets = new Set<Socket>();
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

  /** Forwards the next matching request, waits for the server's answer and cuts the connection. Kept when it has. */
  loseNextReply(requestLine: RegExp): Promise<void> {
    return this.#plan("reply", requestLine);
  }

  /** Cuts the connection when the next matching request comes, without forwarding it. Kept when it has. */
  loseNextRequest(requestLine: RegExp): Promise<void> {
    return this.#plan("request", requestLine);
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
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #plan(lost: Fault["lost"], requestLine: RegExp): Promise<void> {
    return new Promise((happened) => {
      this.#faults.push({ requestLine, lost, happened });
    });
  }

  #join(client: Socket): void {
    const server = dial({ port: this.#serverPort, host: "127.0.0.1", noDelay: true });
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", cut);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    let fault: Fault | undefined;
    client.on("data", (chunk) => {
      fault ??= this.#faultOf(chunk);
      if (fault?.lost !== "request") server.write(chunk);
      else {
        cut();
        fault.happened();
      }
    });
    server.on("data", (chunk) => {
      if (fault === undefined) client.write(chunk);
      else {
        cut();
        fault.happened();
      }
    });
  }

  /** Looks whether a request begins here, and whether something shall happen to it. */
  #faultOf(chunk: Buffer): Fault | undefined {
    const requestLine = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(chunk.toString("latin1"))?.[1];
    if (requestLine === undefined) return undefined;
    this.requests.push(requestLine);
    const fault = this.#faults.find((planned) => planned.requestLine.test(requestLine));
    this.#faults = this.#faults.filter((planned) => planned !== fault);
    return fault;
  }
}
