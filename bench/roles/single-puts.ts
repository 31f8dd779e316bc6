import type { Role } from "./role.ts";
import { tasks } from "./task.ts";

/** Callers of one connection put messages, each one after the other. */
export const role: Role = async ({ connect, size }) => {
  const connection = await connect();
  const [body = ""] = tasks(0, 1);
  let messages = 0;

  const putFor = async (seconds: number) => {
    const beganAt = performance.now();
    const putBefore = messages;
    const caller = async () => {
      while (performance.now() - beganAt < seconds * 1_000) {
        await connection.put("tasks", body);
        messages += 1;
      }
    };
    await Promise.all(Array.from({ length: size("callers") }, caller));
    return (messages - putBefore) / ((performance.now() - beganAt) / 1_000);
  };
  await putFor(size("warmUpSeconds"));
  return async () => ({ perSecond: await putFor(size("seconds")), messages });
};
