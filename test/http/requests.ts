import type { Verb } from "../../src/api/verbs/index.ts";

/** A text that must not come into a log. */
export const SECRET_BODY = "body-that-no-log-may-hold";

/** A request of each verb that would change something, or show something, if it were let pass. */
export const REQUESTS: Record<Verb, (ids: { id: string; receipt: string }) => object> = {
  put: () => ({ messages: [{ body: SECRET_BODY }] }),
  messages: () => ({}),
  peek: ({ id }) => ({ id }),
  change: ({ id }) => ({ id, priority: 7, body: SECRET_BODY }),
  promote: ({ id }) => ({ id }),
  cancel: ({ id }) => ({ id }),
  receive: () => ({}),
  ack: ({ receipt }) => ({ receipts: [receipt] }),
  retry: ({ receipt }) => ({ receipts: [receipt], error: SECRET_BODY }),
  reject: ({ receipt }) => ({ receipts: [receipt] }),
  release: ({ receipt }) => ({ receipts: [receipt] }),
  extend: ({ receipt }) => ({ receipts: [receipt], leaseSeconds: 7 }),
  done: () => ({}),
  join: () => ({}),
  configure: () => ({ maxSize: 7 }),
  describe: () => ({}),
  pause: () => ({}),
  resume: () => ({}),
  shutdown: () => ({}),
  redrive: () => ({}),
  purge: () => ({}),
  delete: () => ({}),
  subscribe: () => ({ credit: 5 }),
  unsubscribe: () => ({}),
  begin: ({ receipt }) => ({ receipts: [receipt] }),
  cancel_wait: () => ({ ids: [1] }),
  result: ({ id }) => ({ id }),
  jobs: () => ({}),
  progress: ({ receipt }) => ({ receipt, progress: SECRET_BODY }),
  announce: () => ({ tasks: [{ name: "resize" }] }),
  tasks: () => ({}),
  watch: ({ id }) => ({ ids: [id] }),
  unwatch: ({ id }) => ({ ids: [id] }),
};
