import { once } from "node:events";
import { connect, type Socket } from "node:net";

const END_OF_LINE = "\r\n";
const PRIORITY = 100;
const SECONDS_TO_RUN = 60;

interface Reply {
  words: string[];
  body: string;
}

/** One connection to beanstalkd. Commands may be sent before the replies to earlier ones are there. */
export class BeanstalkClient {
  readonly #socket: Socket;
  readonly #waiting: { settle: (reply: Reply) => void; fail: (error: Error) => void }[] = [];
  #received = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    // Lengths count bytes; in latin1 a character is a byte.
    socket.setEncoding("latin1").on("data", (text: string) => this.#take(text));
    socket.on("close", () => {
      for (const { fail } of this.#waiting) fail(new Error("beanstalkd has closed the connection."));
    });
  }

  static async connect(port: number): Promise<BeanstalkClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new BeanstalkClient(socket);
  }

  /** Says where puts go. */
  async use(tube: string): Promise<void> {
    await this.#send(`use ${tube}`, "USING");
  }

  /** Says where jobs come from. */
  async watch(tube: string): Promise<void> {
    await this.#send(`watch ${tube}`, "WATCHING");
    await this.#send("ignore default", "WATCHING");
  }

  async put(body: string): Promise<void> {
    const command = `put ${PRIORITY} 0 ${SECONDS_TO_RUN} ${Buffer.byteLength(body)}`;
    await this.#send(`${command}${END_OF_LINE}${body}`, "INSERTED");
  }

  async reserve(): Promise<{ id: string; body: string }> {
    const { words, body } = await this.#send("reserve", "RESERVED");
    return { id: words[1] ?? "", body: Buffer.from(body, "latin1").toString() };
  }

  async delete(id: string): Promise<void> {
    await this.#send(`delete ${id}`, "DELETED");
  }

  async #send(command: string, expected: string): Promise<Reply> {
    const replied = new Promise<Reply>((settle, fail) => this.#waiting.push({ settle, fail }));
    this.#socket.write(`${command}${END_OF_LINE}`);
    const reply = await replied;
    if (reply.words[0] !== expected) throw new Error(`beanstalkd said ${reply.words.join(" ")} to ${command}`);
    return reply;
  }

  #take(text: string): void {
    this.#received += text;
    for (let at = 0; ; ) {
      const end = this.#received.indexOf(END_OF_LINE, at);
      const words = this.#received.slice(at, end).split(" ");
      const bodyBytes = words[0] === "RESERVED" ? Number(words[2]) + END_OF_LINE.length : 0;
      const next = end + END_OF_LINE.length + bodyBytes;
      if (end < 0 || next > this.#received.length) {
        this.#received = this.#received.slice(at);
        return;
      }
      const body = bodyBytes === 0 ? "" : this.#received.slice(next - bodyBytes, next - END_OF_LINE.length);
      this.#waiting.shift()?.settle({ words, body });
      at = next;
    }
  }
}
