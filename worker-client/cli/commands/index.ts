import type { AddCommands } from "../base/command.ts";
import { addExport, addImport } from "./bulk.ts";
import { addCompletion } from "./completion.ts";
import { addDead } from "./dead.ts";
import { addDoctor } from "./doctor.ts";
import { addGet } from "./get.ts";
import { addJobs } from "./jobs.ts";
import { addKeys } from "./keys.ts";
import { addLeases } from "./leases.ts";
import { addMessages } from "./messages.ts";
import { addPut } from "./put.ts";
import { addQueues } from "./queues.ts";
import { addReceive } from "./receive.ts";
import { addServe } from "./serve.ts";
import { addTail } from "./tail.ts";
import { addTasks } from "./tasks.ts";
import { addTop } from "./top.ts";
import { addWork } from "./work.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly AddCommands[] = [
  ...[addPut, addGet, addReceive, addLeases],
  ...[addWork, addExport, addImport],
  ...[addTasks, addJobs],
  ...[addTail, addTop, addQueues, addMessages, addDead],
  ...[addServe, addKeys, addDoctor, addCompletion],
];
