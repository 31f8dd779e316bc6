/**
 * Types that the client publishes and that the schema of the interface has too. The published declarations must not need
 * zod, so they are written twice; here the compiler holds them equal.
 */
import { expectTypeOf, test } from "vitest";
import type * as contract from "../../src/api/types.ts";
import type {
  DeathReason,
  MessageState,
  Order,
  QueueDescription,
  QueueOptions,
} from "../../worker-client/src/index.ts";

test("states, reasons and orders are those of the interface", () => {
  expectTypeOf<MessageState>().toEqualTypeOf<contract.MessageView["state"]>();
  expectTypeOf<DeathReason>().toEqualTypeOf<NonNullable<contract.MessageView["reason"]>>();
  expectTypeOf<Order>().toEqualTypeOf<contract.QueueDescription["order"]>();
});

test("a queue's options and description have the fields of the interface", () => {
  expectTypeOf<QueueOptions>().toEqualTypeOf<contract.RequestOf<"configure">>();
  expectTypeOf<QueueDescription>().branded.toEqualTypeOf<contract.QueueDescription>();
});
