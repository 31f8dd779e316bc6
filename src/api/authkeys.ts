import type { Principal } from "./principal.ts";
export function isStillGranted(_env: unknown, principal: Omit<Principal, "queues">, now: number): boolean {
  return (principal.endsAt ?? now + 1) > now;
}
