import { buildWorker } from "../../src/local/build-worker.ts";

/** Before the first test: the bundle that the servers of the tests serve. */
export default buildWorker;
