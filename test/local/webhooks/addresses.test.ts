/** To which addresses a server on this machine sends: by the rules, and by the network that resolves names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { DataDirectory } from "../../../src/local/data-directory.ts";
import { Server } from "../../../src/local/server.ts";
import { startServer, type TestServer } from "../../../worker-client/testing/index.ts";
import { freshName } from "../../support/server.ts";
import { Receiver } from "../../support/webhooks/receiver.ts";

let receiver: Receiver;
beforeAll(async () => {
  receiver = await Receiver.start();
});
afterEach(() => {
  receiver.sent.length = 0;
});
afterAll(() => receiver.stop());

describe("the network of the server", () => {
  /** A Worker with the networks of the server, that fetches what it is told to. */
  const PROBE = `
    import { DurableObject } from "cloudflare:workers";
    export class QueueObject extends DurableObject {}
    export class DirectoryObject extends DurableObject {}
    export default {
      async fetch(request, env) {
        const { searchParams } = new URL(request.url);
        const init = { method: "POST", body: "{}", redirect: "manual" };
        const url = searchParams.get("url");
        try {
          const { status } = await (searchParams.has("any") ? env.ANY_NETWORK.fetch(url, init) : fetch(url, init));
          return new Response("answered " + status);
        } catch {
          return new Response("not reached");
        }
      },
    };`;
  const folder = mkdtempSync(join(tmpdir(), "durable-queue-probe-"));
  let probe: Server;

  beforeAll(async () => {
    const capnp = readFileSync(join(import.meta.dirname, "../../../src/local/workerd.capnp"), "utf8");
    writeFileSync(join(folder, "probe.js"), PROBE);
    const config = join(folder, "workerd.capnp");
    writeFileSync(config, capnp.replace(/embed ".*"/, 'embed "probe.js"'));
    const directory = new DataDirectory(join(folder, "data"));
    probe = await Server.start({ host: "127.0.0.1", port: 0, authkey: "probe", directory, config });
  });
  afterAll(async () => {
    await probe.kill();
    rmSync(folder, { recursive: true });
  });

  const outcomeOf = async (host: string, network = ""): Promise<string> => {
    const url = `http://${host}:${new URL(receiver.url).port}/`;
    return (await fetch(`${probe.address}/?url=${encodeURIComponent(url)}${network}`)).text();
  };

  test.for(["127.0.0.1", "localhost", "localhost.", "[::ffff:127.0.0.1]", "0.0.0.0"])(
    "does not reach %s, whatever a name resolves to",
    async (host) => {
      expect(await outcomeOf(host)).toBe("not reached");
      expect(receiver.sent).toEqual([]);
    },
  );

  test.for(["127.0.0.1", "localhost"])("reaches %s where private addresses are allowed", async (host) => {
    expect(await outcomeOf(host, "&any=1")).toBe("answered 204");
  });
});

describe("a server that does not allow private addresses", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ allowPrivateWebhooks: false });
  });
  afterAll(() => server.stop());

  test("refuses them when they are configured", async () => {
    const queue = server.manager().queue(freshName());

    await expect(queue.configure({ push: { url: receiver.url } })).rejects.toThrow(
      /push\.url must begin with https:\/\/, so that messages are not read on the way\. The server's operator can allow private addresses: /,
    );
    await expect(queue.configure({ push: { url: "https://localhost/" } })).rejects.toThrow(
      /push\.url must have a public address, not a private, local or reserved one\. /,
    );
  });
});

test("what was allowed is sent nothing once it is not allowed any more, and waits without an attempt", async () => {
  const directory = mkdtempSync(join(tmpdir(), "durable-queue-allowed-"));
  const authkey = "the-authkey";
  const before = await startServer({ directory, authkey });
  const configured = before.manager().queue("a");
  await configured.pause({ only: "receives" });
  await configured.configure({ push: { url: receiver.url } });
  await configured.put("a");
  await before.stop();
  const after = await startServer({ directory, authkey, allowPrivateWebhooks: false });
  const queue = after.manager().queue("a");
  await queue.resume();
  await expect.poll(() => queue.describe()).toMatchObject({ push: { state: "waiting" } });
  const described = await queue.describe();
  const { value: message } = await queue.messages()[Symbol.asyncIterator]().next();
  await after.stop();
  rmSync(directory, { recursive: true });

  expect(described.push?.detail).toMatch(/^Nothing is sent, because the URL of the webhook must begin with https:\/\//);
  expect(message).toMatchObject({ item: "a", attempts: 0 });
  expect(receiver.sent).toEqual([]);
});
