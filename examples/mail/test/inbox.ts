import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

/** A mail that the server has accepted. */
export interface ReceivedMail {
  to: string;
  messageId: string;
}

/** An error with the reply that the client of SMTP gets. */
function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** What the server does by the address of a mail. */
export interface InboxOptions {
  /** The port of 127.0.0.1. Default 0: a free one. */
  port?: number;
  /** Called with each address before it is accepted: what it throws is the reply. */
  check?: (address: string) => void;
  /** Awaited before a mail is accepted. */
  hold?: () => Promise<void>;
  /** Called with each accepted mail. */
  received?: (mail: ReceivedMail) => void;
}

/** Answers `busy@…` with 451 at the first time, and `unknown@…` with 550 always. */
export function moods(): (address: string) => void {
  const wereBusy = new Set<string>();
  return (address) => {
    if (address.startsWith("unknown")) throw reply(550, "No such user here");
    if (!address.startsWith("busy") || wereBusy.has(address)) return;
    wereBusy.add(address);
    throw reply(451, "Try again later");
  };
}

/** An SMTP server on this machine. It keeps what it accepts in memory, and sends nothing on. */
export class Inbox {
  readonly mails: ReceivedMail[] = [];
  /** The most mails that it had in hand at the same time. */
  busiest = 0;
  #inHand = 0;
  readonly #server: SMTPServer;
  #port = 0;

  private constructor({ check, hold, received }: InboxOptions) {
    this.#server = new SMTPServer({
      ...{ authOptional: true, disabledCommands: ["STARTTLS"], logger: false },
      onRcptTo: ({ address }, _session, callback) => {
        try {
          check?.(address);
          callback();
        } catch (error) {
          callback(error as Error);
        }
      },
      onData: (stream, { envelope }, callback) => {
        this.#inHand += 1;
        this.busiest = Math.max(this.busiest, this.#inHand);
        const accept = async () => {
          const source = await text(stream);
          await hold?.();
          const to = envelope.rcptTo.map(({ address }) => address).join(", ");
          const mail = { to, messageId: /^message-id:\s*(\S+)/im.exec(source)?.[1] ?? "" };
          this.mails.push(mail);
          received?.(mail);
        };
        accept()
          .finally(() => {
            this.#inHand -= 1;
          })
          .then(() => callback(), callback);
      },
    });
  }

  /** Starts a server and waits until it listens. */
  static async open(options: InboxOptions = {}): Promise<Inbox> {
    const inbox = new Inbox(options);
    const listening = inbox.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(listening, "listening");
    inbox.#port = (listening.address() as AddressInfo).port;
    return inbox;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
