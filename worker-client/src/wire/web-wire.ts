import { SOCKET_PROTOCOL } from "../../../src/contract/socket-constants.ts";
import { QueueError } from "../base/errors.ts";
import {
  connectFailureOf,
  type Opening,
  PAGE_CHARACTERS_MAX,
  type Target,
  type Wire,
  type WireEvents,
} from "./wire.ts";

/** The parts of Bun's own WebSocket that are used. */
interface BunSocket {
  readonly bufferedAmount: number;
  onopen: () => void;
  onmessage: (event: { data: unknown }) => void;
  onerror: () => void;
  onclose: (event: { code: number; reason: string }) => void;
  send(text: string): void;
  close(code: number): void;
  terminate(): void;
}
type BunSocketClass = new (url: string, options: { headers: Record<string, string>; protocols: string[] }) => BunSocket;

/** Opens a socket with the runtime's own class, which takes headers: in Bun. */
export function openWebWire(target: Target, events: WireEvents): Opening {
  const headers = { Authorization: `Bearer ${target.authkey}` };
  const SocketClass = globalThis.WebSocket as unknown as BunSocketClass;
  const socket = new SocketClass(target.url, { headers, protocols: [SOCKET_PROTOCOL] });
  const asking = new AbortController();
  let state: "opening" | "open" | "over" = "opening";
  let heard = 0;
  socket.onopen = () => {
    if (state !== "opening") return;
    state = "open";
    events.opened(wireOf(socket, () => heard));
  };
  socket.onmessage = ({ data }) => {
    heard += 1;
    events.frame(typeof data === "string" ? data : undefined);
  };
  socket.onerror = () => undefined;
  socket.onclose = ({ code, reason }) => {
    const before = state;
    if (before === "open") {
      state = "over";
      events.closed(`${code} ${reason}`.trim());
    } else if (before === "opening") {
      const told = () => state === "over";
      void ask(target, reason, asking.signal).then((failure) => {
        if (!told()) events.connectFailed(failure);
        state = "over";
      });
    }
  };
  return {
    giveUp() {
      if (state !== "opening") return true;
      state = "over";
      asking.abort();
      socket.terminate();
      return false;
    },
  };
}

function wireOf(socket: BunSocket, heard: () => number): Wire {
  let sent = 0;
  return {
    get life() {
      return heard() + sent - socket.bufferedAmount;
    },
    canUnref: false,
    send(text) {
      sent += text.length;
      socket.send(text);
    },
    hold: () => undefined,
    close: () => socket.close(1000),
    terminate: () => socket.terminate(),
  };
}

/** Why it did not open: this class does not show the answer, so the same URL is requested without an upgrade. */
async function ask(target: Target, reason: string, signal: AbortSignal) {
  const cause = new QueueError(`The connection ended: ${reason}`.trim(), { code: "disconnected", queue: target.queue });
  try {
    const response = await fetch(target.url.replace(/^ws/, "http"), {
      headers: { Authorization: `Bearer ${target.authkey}` },
      redirect: "manual",
      signal,
    });
    const text = (await response.text()).slice(0, PAGE_CHARACTERS_MAX);
    const failure = connectFailureOf(response.status, text, target);
    // The server itself answers, and would accept an upgrade that arrives there.
    const isServer = failure.kind === "unsupported" && text.includes('"upgrade_required"');
    return isServer ? ({ kind: "dropped", cause } as const) : failure;
  } catch (error) {
    return { kind: "failed", cause: error instanceof Error ? error : cause } as const;
  }
}
