import { queuesWith } from "../../../src/factory.ts";
import { IsolateState } from "../../../src/isolate.ts";

/** What the handler and the objects of the server that tests run share. */
export const isolate = new IsolateState();

/** The server that tests run. */
export const queues = queuesWith<object>({ consumers: "Consumers" }, isolate);
