import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** A TCP proxy that is what a network is on a bad day: slow, silent, cut, or not there. */
export class ChaosProxy {
  readonly #serverPort: number;
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  #listener: Server | undefined;
  #port = 0;
  /** How long everything takes, each way, in milliseconds. */
  delayMs = 0;
  /** Whether nothing is passed on, and nothing ended. What comes meanwhile is lost with its connection. */
  isSilent = false;

  constructor(serverPort: number) {
    this.#serverPort = serverPort;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Takes connections: at first, and after `refuse` again. */
  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer({ noDelay: true }, (client) => this.#join(client));
    this.#listener = listener;
    await new Promise<void>((settle, fail) => {
      listener.once("error", fail);
      listener.listen(this.#port, "127.0.0.1", settle);
    });
    this.#port = (listener.address() as { port: number }).port;
  }

  /** Cuts all connections and refuses new ones. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    const closed = new Promise((settle) => listener.close(settle));
    this.cut();
    await closed;
  }

  /** Ends all connections at once. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  #join(client: Socket): void {
    const server = dial({ port: this.#serverPort, host: "127.0.0.1", noDelay: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#forward(client, server);
    this.#forward(server, client);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on("close", end).on("error", end);
  }

  #forward(from: Socket, to: Socket): void {
    let isLost = false;
    from.on("data", (chunk) => {
      // A stream of which a part was lost is not one any more.
      isLost ||= this.isSilent;
      if (isLost) return;
      if (this.delayMs === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), this.delayMs);
    });
  }
}
