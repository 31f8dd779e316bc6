import { expect, test } from "vitest";
import { ExpectedCallers, HTTP_CALLERS } from "../../src/object/expected-callers.ts";

test("a caller is expected from its reply until its next command", () => {
  const callers = new ExpectedCallers();
  callers.answered(1, 0);
  callers.answered(2, 0);

  expect(callers.expected(0)).toBe(2);
  callers.asked(1);
  expect(callers.expected(0)).toBe(1);
});

test("a connection is one caller, however many replies it gets before its next command", () => {
  const callers = new ExpectedCallers();
  for (let reply = 0; reply < 5; reply += 1) callers.answered(1, 0);

  expect(callers.expected(0)).toBe(1);
  callers.asked(1);
  callers.asked(1);
  expect(callers.expected(0)).toBe(0);
});

test("calls over HTTP are as many callers as got replies", () => {
  const callers = new ExpectedCallers();
  for (let reply = 0; reply < 5; reply += 1) callers.answered(HTTP_CALLERS, 0);
  callers.asked(HTTP_CALLERS);

  expect(callers.expected(0)).toBe(4);
});

test("the command of a caller that is not expected changes nothing", () => {
  const callers = new ExpectedCallers();
  callers.answered(1, 0);
  callers.asked(2);
  callers.asked(HTTP_CALLERS);

  expect(callers.expected(0)).toBe(1);
});

test("a caller is not expected 250 milliseconds after its last reply", () => {
  const callers = new ExpectedCallers();
  callers.answered(1, 0);
  callers.answered(2, 0);
  callers.answered(1, 100);

  expect(callers.expected(250)).toBe(2);
  expect(callers.expected(251)).toBe(1);
  expect(callers.expected(351)).toBe(0);
});

test("half of the callers can be given up: those that were answered longest ago", () => {
  const callers = new ExpectedCallers();
  for (let id = 1; id <= 5; id += 1) callers.answered(id, id);

  callers.giveUpHalf();
  expect(callers.expected(5)).toBe(2);
  callers.asked(5);
  callers.asked(4);
  expect(callers.expected(5)).toBe(0);
});

test("giving up half of the calls over HTTP takes away a part of them", () => {
  const callers = new ExpectedCallers();
  for (let reply = 0; reply < 9; reply += 1) callers.answered(HTTP_CALLERS, 0);

  callers.giveUpHalf();
  expect(callers.expected(0)).toBe(4);
});
