import type * as z from "zod";
import { ENDINGS, STATE_NAMES } from "../../contract/states.ts";
import type { Description } from "../../queue/base/commands.ts";
import { valuesOf } from "../../queue/base/configuration.ts";
import type { queueDescription } from "../schema/queues.ts";
import { pushDescription } from "./push-description.ts";
import type { QueueInfo } from "./queue-info.ts";

/** What there is to say of a queue, in the form of the interface. */
export function describe(description: Description, queueInfo: QueueInfo): z.input<typeof queueDescription> {
  const { shutdown, paused, unfinished, accepted, outcomes, oldestMs } = description;
  const { name, storageBytes, rowsWritten, connected, consumers } = queueInfo;
  return {
    ...{ name, ...valuesOf(description), shutdown, paused },
    ...{ ...countsIn(description, STATE_NAMES), unfinished, accepted, ...countsIn(description, ENDINGS) },
    ...{
      results: outcomes,
      oldestSeconds: oldestMs / 1_000,
      storageBytes,
      rowsWritten,
      connected,
      consumers: [...consumers],
      push: pushDescription(description, queueInfo.push),
    },
  };
}

function countsIn<Name extends string>(counts: Record<Name, number>, names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, counts[name]])) as Record<Name, number>;
}
