import type { AddCommands } from "../base/command.ts";
import { addExport, addImport } from "./bulk.ts";
import { addGet } from "./get.ts";
import { addPut } from "./put.ts";
import { addQueues } from "./queues.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly AddCommands[] = [addPut, addGet, addQueues, addExport, addImport];
