import type { Role } from "./role.ts";
import { answerTo } from "./task.ts";

/** Runs jobs until the end is announced. */
export const role: Role = async ({ connect }) => {
  const connection = await connect();
  let handled = 0;
  await connection.serve?.(async (input) => {
    handled += 1;
    return answerTo(input);
  });
  return async () => ({ handled });
};
