import type { Role } from "./role.ts";
import { answerTo } from "./task.ts";

/** Takes tasks and puts their results until it is told that it is over. */
export const role: Role = async ({ connect }) => {
  const connection = await connect();
  let handled = 0;
  await connection.consume("tasks", async (task) => {
    await connection.put("results", answerTo(task));
    handled += 1;
  });
  return async () => ({ handled });
};
