import { describe, expect, test } from "vitest";
import { EverydayHistory, type Rest } from "../everyday/everyday-history.ts";

const NOTHING_LEFT: Rest = { dead: new Map(), unfinished: 0, isAnyOverHttp: false };
const mayDie = (name: string) => name === "hopeless";

function begin(history: EverydayHistory, worker: string, at: number, attempt = 1, name = "task"): void {
  history.said(worker, { what: "begin", name, id: `id-${name}`, attempt, at });
}

function end(history: EverydayHistory, worker: string, at: number, attempt = 1): void {
  history.said(worker, { what: "end", name: "task", id: "id-task", attempt, at });
}

/** One task that was put and handled once. */
function cleanHistory(): EverydayHistory {
  const history = new EverydayHistory();
  history.trying("task");
  history.acknowledged("task", "id-task");
  begin(history, "a", 10);
  end(history, "a", 20);
  return history;
}

describe("the checker of the everyday test", () => {
  test("accepts messages that were handled once, or again after their worker had ended", () => {
    const history = cleanHistory();
    begin(history, "b", 30, 2);
    history.ended("b", 40);
    begin(history, "c", 50, 3);
    end(history, "c", 60, 3);

    expect(history.faults(NOTHING_LEFT, mayDie)).toEqual([]);
  });

  test("accepts two handlers at once if the first was told that it has lost its lease", () => {
    const history = cleanHistory();
    begin(history, "b", 30, 2);
    begin(history, "c", 40, 3);
    history.said("b", { what: "error", code: "lease_lost", text: "", name: "task", at: 50 });

    expect(history.faults(NOTHING_LEFT, mayDie)).toEqual([]);
  });

  test.each<[fault: RegExp, spoil: (history: EverydayHistory) => void, rest?: Partial<Rest>]>([
    [/never handled/, (history) => history.acknowledged("lost", "id-lost")],
    [/neither done nor dead/, () => undefined, { unfinished: 1 }],
    [/never put/, (history) => begin(history, "a", 30, 1, "ghost")],
    [
      /though its handler can succeed/,
      () => undefined,
      { dead: new Map([["id-task", { name: "task", attempts: 1 }]]) },
    ],
    [/was begun 1 times/, () => undefined, { dead: new Map([["id-task", { name: "hopeless", attempts: 2 }]]) }],
    [
      /always fails, and is not dead/,
      (history) => {
        history.trying("hopeless");
        history.acknowledged("hopeless", "id-hopeless");
        begin(history, "a", 30, 1, "hopeless");
      },
    ],
    [
      /handled by two at once/,
      (history) => {
        begin(history, "b", 30, 2);
        begin(history, "c", 40, 3);
        end(history, "b", 50, 2);
      },
    ],
  ])("finds: %s", (fault, spoil, rest) => {
    const history = cleanHistory();

    spoil(history);

    expect(history.faults({ ...NOTHING_LEFT, ...rest }, mayDie)).toContainEqual(expect.stringMatching(fault));
  });
});
