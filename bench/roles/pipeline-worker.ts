import type { Role } from "./role.ts";
import { answerTo } from "./task.ts";

/** Takes tasks and puts their results until the end is announced. */
export const role: Role = async ({ connect }) => {
  const connection = await connect();
  let handled = 0;
  await connection.consume("tasks", async (task) => {
    await connection.put("results", answerTo(task));
    handled += 1;
  });
  return async () => ({ handled });
};
