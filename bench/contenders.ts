import type { Contender } from "./contender.ts";

/** Where each contender is, in the order of the table. The peers' modules need packages that are installed on demand. */
const OURS = "./contenders/durable-queue.ts";
const MODULES: Readonly<Record<string, string>> = {
  "durable-queue": OURS,
  "durable-queue-defaults": OURS,
  "durable-queue-http": OURS,
  "durable-queue-memory": "./contenders/memory.ts",
  "bare-object": "./contenders/bare-object.ts",
  "durable-queue-push": "./contenders/push.ts",
  "durable-queue-push-workerd": "./contenders/push.ts",
  "cloudflare-queues": "./contenders/push.ts",
  bullmq: "./peers/bullmq.ts",
  "bullmq-everysec": "./peers/bullmq.ts",
  "pg-boss": "./peers/pg-boss.ts",
  "pg-boss-notify": "./peers/pg-boss.ts",
  rabbitmq: "./peers/rabbitmq.ts",
  beanstalkd: "./peers/beanstalkd.ts",
  nats: "./peers/nats.ts",
  "python-manager": "./peers/python-manager.ts",
  "python-pool": "./peers/python-pool.ts",
  piscina: "./peers/piscina.ts",
};

const names = Object.keys(MODULES);

export const OUR_NAMES: readonly string[] = names.filter((name) => MODULES[name] === OURS);
/** What is always measured: ours, and what the platform under it takes. */
export const HOME_NAMES: readonly string[] = names.filter((name) => MODULES[name]?.startsWith("./contenders/"));
export const PEER_NAMES: readonly string[] = names.filter((name) => !HOME_NAMES.includes(name));

/** One contender by its name. Loads only its own module, so that no process pays for the others. */
export async function loadContender(name: string): Promise<Contender> {
  const path = MODULES[name];
  if (path === undefined) throw new RangeError(`There is no contender ${name}; there are ${names.join(", ")}.`);
  const { contenders } = (await import(path)) as { contenders: readonly Contender[] };
  const contender = contenders.find((one) => one.name === name);
  if (contender === undefined) throw new Error(`${path} has no contender ${name}.`);
  return contender;
}
