import { Agent, request } from "node:http";
import type { Role } from "./role.ts";

/** Asks for what costs the server nothing, with as lean a client as there is. */
export const role: Role = async ({ address, size }) => {
  const [callers, seconds] = [size("callers"), size("seconds")];
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const call = () =>
    new Promise<void>((settle, fail) => {
      const sent = request(`${address}/healthz`, { agent }, (response) => {
        response.on("end", settle).resume();
      });
      sent.on("error", fail).end();
    });

  const callFor = async (duration: number) => {
    let calls = 0;
    const beganAt = performance.now();
    const caller = async () => {
      for (; performance.now() - beganAt < duration * 1_000; calls += 1) await call();
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return calls / ((performance.now() - beganAt) / 1_000);
  };
  await callFor(1);
  return async () => ({ requestsPerSecond: await callFor(seconds) });
};
