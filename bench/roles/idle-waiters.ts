import type { Role } from "./role.ts";

/** Receives on an empty queue. */
export const role: Role = async ({ connect, size }) => {
  const [waiters, connections] = [size("waiters"), size("connections")];
  for (let opened = 0; opened < connections; opened += 1) {
    const connection = await connect();
    for (let waiter = 0; waiter < waiters / connections; waiter += 1) {
      connection.wait?.("tasks");
    }
  }
  return async () => ({});
};
