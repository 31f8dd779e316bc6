import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { FaultyProxy } from "./proxy.ts";
import type { TestServer } from "./server.ts";

/** Runs a server for all tests of a file, and for each of them a proxy of its own in front of it, which `use` gets. */
export function runThroughProxy(server: TestServer, use: (proxy: FaultyProxy) => void): void {
  let proxy: FaultyProxy;
  beforeAll(() => server.start());
  afterAll(() => server.remove());
  beforeEach(async () => {
    proxy = await FaultyProxy.start(server.port);
    use(proxy);
  });
  afterEach(() => proxy.refuse());
}
