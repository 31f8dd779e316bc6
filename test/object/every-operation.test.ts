/**
 * Each operation is answered once, by a reply or a problem, or its connection has ended, or the queue has said that it
 * forgot it: whatever is said, by whom, in which turn, and whatever else is going on.
 */
import { runInDurableObject } from "cloudflare:test";
import { expect, inject, test } from "vitest";
import { SOCKET_WAITS_MAX } from "../../src/contract/limits.ts";
import { call, freshQueue, objectOf, put } from "../support/call.ts";
import { duringNextCommit } from "../support/commits.ts";
import { Crowd } from "../support/crowd.ts";
import { Random } from "../support/random.ts";
import { connect } from "../support/sockets/object-socket.ts";

/** `SEED` in the environment, or another one for each run; it is in the name of the test. */
const FIRST_SEED = inject("seed");
/** `SEEDS` in the environment. */
const SEEDS = inject("seeds");
const STEPS = 12;

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
  test(`each operation is answered once, right or wrong, over sockets and HTTP (SEED=${seed})`, async () => {
    const random = new Random(seed);
    const crowd = new Crowd(freshQueue(), random);

    for (let step = 0; step < STEPS; step += 1) {
      await crowd.collect();
      await crowd.speak();
      await crowd.quiet();
      await crowd.goOn();
      if (random.chance(0.2)) await crowd.forget(random.chance(0.7) ? "hibernate" : "close");
    }
    await crowd.collect();
    await crowd.stop();

    expect(crowd.faults).toEqual([]);
    expect(crowd.sent).toBeGreaterThan(STEPS);
  });
}

/** Lets the only connection of a queue have sent this just when the next commit is under way. */
function sayDuringNextCommit(queue: string, frame: string): Promise<void> {
  return duringNextCommit(objectOf(queue), (object, state) => {
    const [socket] = state.getWebSockets();
    if (socket !== undefined) object.webSocketMessage(socket, frame);
  });
}

/** What is refused before it becomes a command, and how. */
const REFUSED: Record<string, { frame: string; problem: object }> = {
  "a request that breaks a rule": {
    frame: '{"id":7,"verb":"receive","request":{"max":0}}',
    problem: { code: "invalid", errors: [{ path: "max" }] },
  },
  "an unknown verb": { frame: '{"id":7,"verb":"fly"}', problem: { code: "invalid", errors: [{ path: "verb" }] } },
  "an unknown field of an operation": {
    frame: '{"id":7,"verb":"describe","field":1}',
    problem: { code: "invalid", errors: [{ path: "field" }] },
  },
  "a content that is not JSON": {
    frame: '{"id":7,"verb":"put","lines":1}\n{not json',
    problem: { code: "invalid", errors: [{ path: "lines[0]" }] },
  },
  "a content that is not base64": {
    frame: '{"id":7,"verb":"put","lines":1,"request":{"messages":[{"bytes":true}]}}\n"*"',
    problem: { code: "invalid", errors: [{ path: "lines[0]" }] },
  },
  "a body that is too large": {
    frame: `{"id":7,"verb":"put","lines":1}\n"${"x".repeat(1_200_000)}"`,
    problem: { code: "too_large" },
  },
  "a put that would wait, with a content that is not JSON": {
    frame: '{"id":7,"verb":"put","lines":1,"request":{"wait":true}}\n{not json',
    problem: { code: "invalid" },
  },
  "puts that share an operation, of which one breaks a rule": {
    frame: '{"id":7,"verb":"put","lines":2,"keys":["a","b"]}\n1\n{not json',
    problem: { code: "invalid" },
  },
};

for (const [title, { frame, problem }] of Object.entries(REFUSED)) {
  test(`${title} is refused while another operation is being committed, with no other reply`, async () => {
    const queue = freshQueue();
    const socket = await connect(queue);
    await sayDuringNextCommit(queue, frame);

    await put(queue, ["other"]);

    expect(await socket.next()).toMatchObject({ id: 7, problem });
  });
}

test("one wait too many is refused while another operation is being committed", async () => {
  const queue = freshQueue();
  await put(queue, ["unfinished"]);
  const socket = await connect(queue);
  const joins = Array.from({ length: SOCKET_WAITS_MAX }, (_, id) => ({ id, verb: "join", request: { wait: true } }));
  socket.say(...joins, { id: 1_000, verb: "describe" });
  await socket.next();
  await sayDuringNextCommit(queue, '{"id":1001,"verb":"join","request":{"wait":true}}');

  await put(queue, ["other"]);

  expect(await socket.next()).toMatchObject({ id: 1_001, problem: { code: "too_many_waits" } });
});

test("two broken operations and a right one in a frame have three answers", async () => {
  const queue = freshQueue();
  const socket = await connect(queue);
  const lines = ['{"id":1,"verb":"receive","request":{"max":0}}', '{"id":2,"verb":"put","lines":1}', "1"];
  await sayDuringNextCommit(queue, [...lines, '{"id":3,"verb":"fly"}'].join("\n"));

  await put(queue, ["other"]);
  const answers = [await socket.next(), await socket.next(), await socket.next()];

  expect(answers.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
});

test("bytes that are much too large are refused, and an innocent put in their frame is stored", async () => {
  const queue = freshQueue();
  const socket = await connect(queue);
  const large = { id: 1, verb: "put", lines: 1, request: { messages: [{ bytes: true }] } };

  socket.say(large, "A".repeat(8_000_000), { id: 2, verb: "put", lines: 1, key: "innocent" }, "innocent");
  const answers = [await socket.next(), await socket.next()];

  expect(answers.find(({ id }) => id === 1)).toMatchObject({ problem: { code: "too_large" } });
  expect(answers.find(({ id }) => id === 2)).toMatchObject({ reply: { ids: [expect.any(String)] } });
});

test("connections that waited behind another are served when it closes during a commit", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 2 });
  // It takes up room and is not handed out.
  await call("POST", `${queue}/messages`, { messages: [{ body: "later", delaySeconds: 3_600 }] });
  const large = await connect(queue);
  let ending: WebSocket | undefined;
  await runInDurableObject(objectOf(queue), (_, state) => {
    [ending] = state.getWebSockets();
  });
  const other = await connect(queue);
  large.say({ id: 1, verb: "put", lines: 2, request: { wait: true } }, "a", "b", { id: 2, verb: "describe" });
  await large.next();
  other.say({ id: 1, verb: "put", lines: 1, request: { wait: true } }, "c");
  other.say({ id: 2, verb: "receive", request: { wait: true } }, { id: 3, verb: "describe" });
  await other.next();
  await duringNextCommit(objectOf(queue), (object) => {
    if (ending !== undefined) object.webSocketClose(ending, 1006);
  });

  await call("GET", queue);
  const answers = [await other.next(), await other.next()];

  expect(answers.find(({ id }) => id === 1)).toMatchObject({ reply: { ids: [expect.any(String)] } });
  expect(answers.find(({ id }) => id === 2)).toMatchObject({ reply: { messages: [{ body: "c" }] } });
});
