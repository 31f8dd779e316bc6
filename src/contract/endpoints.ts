/** The method and the path of a verb over HTTP. The path follows `/v1/queues/{queue}`; `:id` stands for a message's id. */
export interface Endpoint {
  method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  path: string;
}

/** The verbs that are about a thing with an address of its own. */
const ADDRESSED: Record<string, Endpoint> = {
  configure: { method: "PUT", path: "" },
  describe: { method: "GET", path: "" },
  delete: { method: "DELETE", path: "" },
  put: { method: "POST", path: "/messages" },
  messages: { method: "GET", path: "/messages" },
  peek: { method: "GET", path: "/messages/:id" },
  change: { method: "PATCH", path: "/messages/:id" },
  cancel: { method: "DELETE", path: "/messages/:id" },
  result: { method: "GET", path: "/messages/:id/result" },
  jobs: { method: "GET", path: "/jobs" },
  tasks: { method: "GET", path: "/tasks" },
  promote: { method: "POST", path: "/messages/:id/promote" },
};

/** Where a verb is called over HTTP: `POST …/{verb}`, unless it is about a thing with an address of its own. */
export function endpointOf(verb: string): Endpoint {
  const addressed = Object.hasOwn(ADDRESSED, verb) ? ADDRESSED[verb] : undefined;
  return addressed ?? { method: "POST", path: `/${verb}` };
}
