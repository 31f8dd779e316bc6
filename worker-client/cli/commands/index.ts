import type { AddCommands } from "../base/command.ts";
import { addExport, addImport } from "./bulk.ts";
import { addDead } from "./dead.ts";
import { addGet } from "./get.ts";
import { addLeases } from "./leases.ts";
import { addMessages } from "./messages.ts";
import { addPut } from "./put.ts";
import { addQueues } from "./queues.ts";
import { addReceive } from "./receive.ts";
import { addWork } from "./work.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly AddCommands[] = [
  addPut,
  addGet,
  addReceive,
  addLeases,
  addQueues,
  addMessages,
  addDead,
  addExport,
  addImport,
  addWork,
];
