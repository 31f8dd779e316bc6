import { OWNER } from "../../../src/api/keys/principal.ts";
import { type ConnectionInfo, socketRequest } from "../../../src/api/object-calls.ts";
import { objectOf } from "../call.ts";
import { SocketReplies } from "../replies.ts";

/** A socket to the object itself, without the Worker in between, and the lines that come over it. */
export async function connect(queue: string, connection: ConnectionInfo = { principal: OWNER }) {
  return socketOf(await objectOf(queue).fetch(socketRequest(connection)));
}

/** The socket that a response opens, and the lines that come over it. */
export function socketOf({ webSocket }: Response) {
  if (webSocket === null) throw new Error("This is no socket.");
  webSocket.accept();
  const lines: string[] = [];
  const replies = new SocketReplies();
  let heard = () => {};
  webSocket.addEventListener("message", ({ data }) => {
    lines.push(...String(data).split("\n"));
    heard();
  });
  const closed = new Promise<number>((settle) => webSocket.addEventListener("close", ({ code }) => settle(code)));
  return {
    say(...operation: unknown[]) {
      const frame = operation.map((line) => JSON.stringify(line)).join("\n");
      replies.sent(frame);
      webSocket.send(frame);
    },
    end: () => webSocket.close(1000),
    closed,
    async next() {
      while (lines.length === 0) {
        await new Promise<void>((settle) => {
          heard = settle;
        });
      }
      const line = JSON.parse(lines.shift() as string);
      replies.check(line);
      return line;
    },
  };
}
