// RabbitMQ with quorum queues, which write and fsync a log before they confirm, and publisher confirms. One node, so a
// quorum of one.
import { globSync } from "node:fs";
import { Connection as AmqpConnection } from "rabbitmq-client";
import { type Connection, type Contender, QUEUES, type RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";
import { clientVersion, program } from "../support/programs.ts";

/** Of 100 and 400 the faster one here. */
const CONCURRENCY = 400;
const QUORUM = { durable: true, arguments: { "x-queue-type": "quorum" } } as const;

async function start(directory: string): Promise<RunningServer> {
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...process.env,
    HOME: directory,
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `bench-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_MNESIA_BASE: directory,
    RABBITMQ_LOG_BASE: directory,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${directory}/enabled_plugins`,
    RABBITMQ_CONF_ENV_FILE: `${directory}/none.conf`,
    RABBITMQ_CONFIG_FILE: `${directory}/none`,
    // Lets the script become the server instead of its parent, so that the server's id is known.
    RUNNING_UNDER_SYSTEMD: "true",
  };
  // Otherwise Erlang would start one that outlives it.
  const epmd = new Child([program("epmd")], { env });
  await epmd.untilReady(() => isListening(epmdPort));
  const child = new Child([program("rabbitmq-server")], { env, cwd: directory });
  const address = `amqp://guest:guest@127.0.0.1:${port}`;
  await child.untilReady(() => isListening(port));
  const connection = connectionTo(address);
  for (const queue of QUEUES) await connection.queueDeclare({ queue, ...QUORUM });
  await connection.close();
  const stop = async () => {
    await child.stop();
    await epmd.stop();
  };
  return { address, pid: child.pid, stop };
}

/** From the name of its directory: to ask its programs would start Erlang and leave a daemon behind. */
function serverVersion(): string {
  const [directory = "unknown"] = globSync("/usr/lib/rabbitmq/lib/rabbitmq_server-*");
  return directory.slice(directory.lastIndexOf("-") + 1);
}

function connectionTo(address: string): AmqpConnection {
  const connection = new AmqpConnection(address);
  connection.on("error", (error) => console.error(error));
  return connection;
}

async function connect(address: string): Promise<Connection> {
  const connection = connectionTo(address);
  const publisher = connection.createPublisher({ confirm: true, maxAttempts: 2 });
  const put = (queue: string, body: string) => publisher.send({ routingKey: queue, durable: true }, body);
  return {
    put,
    async putAll(queue, bodies) {
      await Promise.all(bodies.map((body) => put(queue, body)));
    },
    async consume(queue, handle) {
      // Twice as many prefetched as handled, as the client's documents recommend.
      const qos = { prefetchCount: 2 * CONCURRENCY };
      const options = { queue, queueOptions: QUORUM, concurrency: CONCURRENCY, qos };
      const consumer = connection.createConsumer(options, ({ body }) => handle(body as string));
      consumer.on("error", (error) => console.error(error));
      await new Promise<void>((settle) => consumer.on("ready", settle));
    },
  };
}

export const contenders: readonly Contender[] = [
  {
    name: "rabbitmq",
    title: "RabbitMQ, quorum",
    durability: "fsync before each confirm",
    isDurable: true,
    requires: { program: "rabbitmq-server", debianPackage: "rabbitmq-server" },
    version: async () => `RabbitMQ ${serverVersion()}, ${clientVersion("rabbitmq-client")}`,
    start,
    connect,
  },
];
