/** The verbs of a queue, with the method and path of each over HTTP. The path follows `/v1/queues/{queue}`. */
export const ENDPOINTS = {
  configure: { method: "PUT", path: "" },
  describe: { method: "GET", path: "" },
  delete: { method: "DELETE", path: "" },
  put: { method: "POST", path: "/messages" },
  messages: { method: "GET", path: "/messages" },
  peek: { method: "GET", path: "/messages/:id" },
  cancel: { method: "DELETE", path: "/messages/:id" },
  receive: { method: "POST", path: "/receive" },
  ack: { method: "POST", path: "/ack" },
  retry: { method: "POST", path: "/retry" },
  extend: { method: "POST", path: "/extend" },
  done: { method: "POST", path: "/done" },
  join: { method: "POST", path: "/join" },
  redrive: { method: "POST", path: "/redrive" },
  purge: { method: "POST", path: "/purge" },
  shutdown: { method: "POST", path: "/shutdown" },
  pause: { method: "POST", path: "/pause" },
  resume: { method: "POST", path: "/resume" },
} as const;

export type Verb = keyof typeof ENDPOINTS;
