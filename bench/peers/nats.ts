// NATS JetStream with files, work-queue retention and pull consumers. A put is confirmed when it is written, not when it
// is synchronized: that happens every two minutes by default.
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { connect as connectTo } from "@nats-io/transport-node";
import { type Connection, type Contender, QUEUES, type RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";
import { clientVersion, program, versionOf } from "../support/programs.ts";

/** Of 100 and 400 the faster one here. */
const PREFETCH = 100;
const WORKERS = "workers";

async function start(directory: string): Promise<RunningServer> {
  const port = await freePort();
  const place = ["-a", "127.0.0.1", "-p", `${port}`, "-sd", directory];
  const child = new Child([program("nats-server"), "-js", ...place]);
  await child.untilReady(() => isListening(port));
  const address = `127.0.0.1:${port}`;
  const connection = await connectTo({ servers: address });
  const manager = await jetstreamManager(connection);
  for (const name of QUEUES) {
    const kind = { retention: RetentionPolicy.Workqueue, storage: StorageType.File };
    await manager.streams.add({ name, subjects: [name], ...kind });
    await manager.consumers.add(name, { durable_name: WORKERS, ack_policy: AckPolicy.Explicit });
  }
  await connection.close();
  return { address, pid: child.pid, stop: () => child.stop() };
}

async function connect(address: string): Promise<Connection> {
  const client = jetstream(await connectTo({ servers: address }));
  return {
    async put(queue, body) {
      await client.publish(queue, body);
    },
    async putAll(queue, bodies) {
      await Promise.all(bodies.map((body) => client.publish(queue, body)));
    },
    async consume(queue, handle) {
      const consumer = await client.consumers.get(queue, WORKERS);
      await consumer.consume({
        max_messages: PREFETCH,
        callback: (message) => {
          handle(message.string()).then(
            () => message.ack(),
            () => message.nak(),
          );
        },
      });
    },
  };
}

export const contenders: readonly Contender[] = [
  {
    name: "nats",
    title: "NATS JetStream",
    durability: "fsync every 2 minutes",
    isDurable: false,
    requires: { program: "nats-server", debianPackage: "nats-server" },
    version: async () => `NATS ${await versionOf("nats-server", "--version")}, ${clientVersion("@nats-io/jetstream")}`,
    start,
    connect,
  },
];
