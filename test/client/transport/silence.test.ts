/** When a connection counts as dead: by what is heard on it, on a clock of the test. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PING, PONG } from "../../../src/contract/socket-constants.ts";
import { type LinkEvents, PONG_MS, SILENCE_MS, SocketLink } from "../../../worker-client/src/wire/socket-link.ts";
import type { Wire } from "../../../worker-client/src/wire/wire.ts";

/** A connection whose other side is the test. */
class TestWire implements Wire {
  readonly sent: string[] = [];
  readonly canUnref = true;
  life = 0;
  isHeld = true;
  isOver = false;

  send(text: string): void {
    this.sent.push(text);
  }
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }
  close(): void {
    this.isOver = true;
  }
  terminate(): void {
    this.isOver = true;
  }
  /** How often it was asked whether it is there. */
  get pings(): number {
    return this.sent.filter((frame) => frame === PING).length;
  }
}

let wire: TestWire;
let link: SocketLink;
let lost: Error[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
  wire = new TestWire();
  lost = [];
  const events: LinkEvents = {
    opened: () => undefined,
    connectFailed: () => undefined,
    heard: () => undefined,
    lost: (_, cause) => lost.push(cause),
    tick: () => undefined,
  };
  link = new SocketLink(wire, events);
});
afterEach(() => vi.useRealTimers());

function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
}

/** This process does nothing for so long: its timers are late. */
function block(ms: number): void {
  const now = performance.now.bind(performance);
  const before = now();
  vi.spyOn(performance, "now").mockImplementation(() => Math.max(now(), before + ms));
}

describe("while something is awaited", () => {
  test("a silent connection is asked once, and ended when it does not answer", () => {
    pass(SILENCE_MS + 5);
    expect(wire.pings).toBe(1);
    expect(lost).toEqual([]);

    pass(PONG_MS + 5);
    expect(lost).toMatchObject([{ code: "timeout" }]);
    expect(wire.isOver).toBe(true);
  });

  test("one that answers is kept, however long it says nothing else", () => {
    for (let rounds = 0; rounds < 100; rounds += 1) {
      pass(SILENCE_MS + 5);
      link.frame(PONG);
    }

    expect(lost).toEqual([]);
    expect(wire.pings).toBeGreaterThan(90);
  });

  test("one on which frames come is not asked", () => {
    for (let rounds = 0; rounds < 100; rounds += 1) {
      pass(SILENCE_MS / 2);
      link.frame('{"id":1,"reply":{}}');
    }

    expect(wire.pings).toBe(0);
  });

  test("one on which a large frame comes slowly, or goes slowly, is kept", () => {
    for (let rounds = 0; rounds < 20; rounds += 1) {
      wire.life += 1_000;
      pass(SILENCE_MS - 10);
    }

    expect(lost).toEqual([]);
  });
});

describe("while nothing is awaited", () => {
  beforeEach(() => {
    link.isBusy = false;
  });

  test("a connection is not asked, and lets the process end", () => {
    pass(SILENCE_MS * 100);

    expect(wire.pings).toBe(0);
    expect(wire.isHeld).toBe(false);
    expect(lost).toEqual([]);
  });

  test("and then something is sent, it is asked at once, for it may have been dropped on the way", () => {
    pass(SILENCE_MS * 100);
    link.isBusy = true;
    link.send("operation");
    expect(wire.sent).toEqual(["operation", PING]);

    pass(PONG_MS + 5);
    expect(lost).toMatchObject([{ code: "timeout" }]);
  });
});

test("after this process was blocked, the silence is its own: the connection is asked again, and read first", () => {
  pass(SILENCE_MS + 5);
  expect(wire.pings).toBe(1);

  block(SILENCE_MS + PONG_MS + 60_000);
  pass(PONG_MS + 5);
  expect(lost).toEqual([]);
  expect(wire.pings).toBe(2);

  link.frame(PONG);
  pass(PONG_MS + 5);
  expect(lost).toEqual([]);
});
