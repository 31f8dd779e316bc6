/** The JSON texts of messages: what a delivery has of its own, before what is stored, whose text is passed on as it is. */
import { STATES } from "../../contract/states.ts";
import type { Delivery, View } from "../../queue/base/commands.ts";
import type { MessageView, ReceivedMessage } from "../schema/messages.ts";
import { type JsonOf, jsonOf } from "./json-of.ts";

/** What of a message is not among its stored fields. */
type DeliveryHead = Pick<ReceivedMessage, "id" | "attempt" | "receipt" | "leaseEndsAt" | "group" | "lastError">;

/** A message as it is handed out. */
function deliveryJson({ id, attempt, group, lease, lastError, payload }: Delivery): JsonOf<ReceivedMessage> {
  const endsAt = lease === undefined ? undefined : lease.endsAt / 1_000;
  const head: DeliveryHead = { id, attempt, receipt: lease?.receipt, leaseEndsAt: endsAt, group, lastError };
  return jsonOf(`${JSON.stringify(head).slice(0, -1)},${payload.slice(1)}`);
}

/** A list of messages as they are handed out. */
export function deliveriesJson(deliveries: readonly Delivery[]): JsonOf<ReceivedMessage[]> {
  return jsonOf(`[${deliveries.map(deliveryJson).join(",")}]`);
}

type ViewHead = Pick<MessageView, "id" | "cursor" | "state" | "attempts" | "group" | "reason" | "lastError" | Time>;
type Time = "visibleAt" | "leaseEndsAt" | "diedAt";

/** A message as it is shown. Which of the times it has depends on its state. */
export function viewJson(view: View): JsonOf<MessageView> {
  const { id, state, attempts, until, group, lastError, reason, cursor, payload } = view;
  const time: Time | undefined = STATES[state].until;
  const times = time === undefined || until === undefined ? {} : { [time]: until / 1_000 };
  const head: ViewHead = {
    id,
    cursor: cursor === id ? undefined : cursor,
    state,
    attempts,
    ...times,
    group,
    reason,
    lastError,
  };
  return jsonOf(`${JSON.stringify(head).slice(0, -1)},${payload.slice(1)}`);
}
