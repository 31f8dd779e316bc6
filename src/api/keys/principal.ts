import { SCOPES, type Scope } from "../../contract/scopes.ts";

/** Who makes a request: a key with what it grants, or a Worker through a binding. */
export interface Principal {
  /** The name of the key. It is no secret, and is shown to operators. */
  name: string;
  /** What is granted. What is not listed is refused. */
  scopes: readonly Scope[];
  /** The beginnings of the names of the queues for which it is granted; an empty text stands for all queues. */
  queues: readonly string[];
  /** When the key ends, in milliseconds since 1970; undefined if it does not. */
  endsAt?: number | undefined;
  /** The hash of the key, by which an open connection is known again; undefined where there is no key. */
  hash?: string | undefined;
  /** Whether it is a Worker with a service binding, whose props say what is granted. Refusals name these. */
  isService?: boolean | undefined;
}

/** May do everything with every queue: the key `AUTHKEY`, or a Worker that has the binding. */
export const OWNER: Principal = { name: "owner", scopes: SCOPES, queues: [""] };
