/** A real server for integration tests: it runs on this machine, beside the test, for as long as the test needs it. */
export { startServer, type TestServer, type TestServerOptions } from "./test-server.ts";
