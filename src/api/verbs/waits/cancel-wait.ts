import * as z from "zod";
import { SOCKET_WAITS_MAX } from "../../../contract/limits.ts";
import { operationId } from "../../schema/socket-operation.ts";
import { verb } from "../base/descriptor.ts";
import { connectionOf } from "./connection.ts";

export const cancelWait = verb({
  summary: "Ends waits of this socket as if they had timed out: each of the operations is answered.",
  // It only ends what its own connection waits for, so every key that may open a socket may do it.
  scope: "any",
  mayBeFirst: true,
  request: z.strictObject({ ids: z.array(operationId).min(1).max(SOCKET_WAITS_MAX) }),
  reply: z.strictObject({ ended: z.int() }),
  command: ({ ids }, context) => {
    const connection = connectionOf(context);
    return { verb: "cancel_wait", requestIds: ids.flatMap((id) => connection.requestIdOf(id) ?? []) };
  },
  format: ({ ended }) => ({ ended }),
});
