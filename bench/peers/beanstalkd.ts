// beanstalkd with a binlog that is synchronized at every write.
import { type Connection, type Contender, QUEUES, type QueueName, type RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";
import { program, versionOf } from "../support/programs.ts";
import { BeanstalkClient } from "./beanstalk-client.ts";

/** A connection that waits for a job can do nothing else, so each handler has one of its own. */
/** Of 32 and 128 the faster one here. */
const CONSUMERS = 32;

async function start(directory: string): Promise<RunningServer> {
  const port = await freePort();
  const place = ["-l", "127.0.0.1", "-p", `${port}`, "-b", directory];
  const child = new Child([program("beanstalkd"), ...place, "-f", "0"]);
  await child.untilReady(() => isListening(port));
  return { address: `127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
}

async function connect(address: string): Promise<Connection> {
  const port = Number(address.split(":")[1]);
  const putters = new Map<QueueName, BeanstalkClient>();
  for (const queue of QUEUES) {
    const client = await BeanstalkClient.connect(port);
    await client.use(queue);
    putters.set(queue, client);
  }
  const put = async (queue: QueueName, body: string) => {
    await putters.get(queue)?.put(body);
  };
  return {
    put,
    async putAll(queue, bodies) {
      await Promise.all(bodies.map((body) => put(queue, body)));
    },
    async consume(queue, handle) {
      for (let consumer = 0; consumer < CONSUMERS; consumer += 1) {
        const client = await BeanstalkClient.connect(port);
        await client.watch(queue);
        void work(client, handle);
      }
    },
  };
}

async function work(client: BeanstalkClient, handle: (body: string) => Promise<void>): Promise<never> {
  for (;;) {
    const { id, body } = await client.reserve();
    await handle(body);
    await client.delete(id);
  }
}

export const contenders: readonly Contender[] = [
  {
    name: "beanstalkd",
    title: "beanstalkd",
    durability: "fsync before each confirm",
    isDurable: true,
    requires: { program: "beanstalkd", debianPackage: "beanstalkd" },
    version: () => versionOf("beanstalkd", "-v"),
    start,
    connect,
  },
];
