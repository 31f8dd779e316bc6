import type { BindingCalls } from "../../src/api/binding-calls.ts";
import { shown } from "../src/base/check-options.ts";
import { BindingManager } from "./binding-manager.ts";
import type { Binding } from "./binding-route.ts";

const ENTRY = `{ "binding": "QUEUES", "service": "app", "entrypoint": "QueueService", "props": { "queues": ["emails"], "scopes": ["put"] } }`;

const NO_SERVICE = `The service binding leads to something that is no QueueService. Its entry under services in wrangler.jsonc must name the entrypoint: ${ENTRY}; and the Worker that it names must export it: export class QueueService extends queues.QueueService {}.`;

/**
 * The queues of another Worker.
 *
 * @param service the service binding to its `QueueService`
 * @param waitUntil lets work go on when its caller has left
 * @throws {TypeError} if there is no such binding
 */
export function managerOfService(service: object, waitUntil: Binding["waitUntil"]): BindingManager {
  if ((typeof service !== "object" && typeof service !== "function") || service === null || !("ask" in service)) {
    const rule = `fromService() takes a service binding to the entrypoint QueueService, not ${shown(service)}`;
    throw new TypeError(`${rule}. Add to services in wrangler.jsonc: ${ENTRY}.`);
  }
  return new BindingManager(new ServiceCalls(service as BindingCalls), "The service binding", waitUntil);
}

/** The calls of a service, which may be something else. */
class ServiceCalls implements BindingCalls {
  readonly #service: BindingCalls;

  constructor(service: BindingCalls) {
    this.#service = service;
  }

  ask(...call: Parameters<BindingCalls["ask"]>): ReturnType<BindingCalls["ask"]> {
    return this.#checked(() => this.#service.ask(...call));
  }

  abandon(...call: Parameters<BindingCalls["abandon"]>): ReturnType<BindingCalls["abandon"]> {
    return this.#service.abandon(...call);
  }

  list(...call: Parameters<BindingCalls["list"]>): ReturnType<BindingCalls["list"]> {
    return this.#checked(() => this.#service.list(...call));
  }

  async #checked(call: () => ReturnType<BindingCalls["ask"]>): ReturnType<BindingCalls["ask"]> {
    try {
      return await call();
    } catch (error) {
      if (!isWithoutMethod(error)) throw error;
      return { ok: false, code: "misconfigured", detail: NO_SERVICE };
    }
  }
}

/** Whether the other side has no such method. */
function isWithoutMethod(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith("The RPC receiver does not implement");
}
