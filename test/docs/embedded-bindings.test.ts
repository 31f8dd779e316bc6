/** The Workers of docs/embedding.md that use queues by binding, and in an application of Hono, run by wrangler. */
import { afterAll, expect, test } from "vitest";
import { type Queue, QueueManager } from "../../worker-client/src/index.ts";
import { blocksOf, type Configuration, WorkerProject } from "./embedded-worker.ts";

const AUTHKEY = "the-key-of-the-shop";
const [, shop = "", newsletter = "", hono = ""] = blocksOf("ts");
const [shopConfiguration = "", newsletterConfiguration = ""] = blocksOf("jsonc");

const project = new WorkerProject("embedded-bindings");
afterAll(() => project.remove());

const STORED = { type: "durable-object", storage: "sqlite" };

/** The shop, which has an object of its own beside those of the queues. */
const SHOP: Configuration = {
  ...JSON.parse(shopConfiguration),
  main: project.write("src/shop.ts", shop),
  vars: { AUTHKEY },
  exports: { QueueObject: STORED, DirectoryObject: STORED, Cart: STORED },
  durable_objects: { bindings: [{ name: "CART", class_name: "Cart" }] },
};
const NEWSLETTER: Configuration = {
  ...JSON.parse(newsletterConfiguration),
  main: project.write("src/newsletter.ts", newsletter),
};
const [SERVICE] = NEWSLETTER.services as Record<string, unknown>[];

function emailsAt(address: string): Queue<unknown> {
  return new QueueManager({ address, authkey: AUTHKEY, transport: "http", retrySeconds: 0 }).queue("emails");
}

async function ask(origin: string, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${origin}${path}`);
  return { status: response.status, text: await response.text() };
}

test("a Worker puts by binding, as do its Durable Object and its cron trigger, each time once", async () => {
  const { origin, harness } = await project.serve(SHOP);
  const emails = emailsAt(`${origin}/queues`);

  const bought = [await ask(origin, "/buy?to=ada"), await ask(origin, "/buy?to=ada")];
  const asked = await ask(origin, "/ask?to=bob");
  const at = { cron: "0 0 * * *", scheduledTime: new Date(1_800_000_000_000) };
  for (let times = 0; times < 2; times += 1) await harness.getWorker().scheduled(at);
  await emails.configure({ maxSize: 3 });
  const refused = await ask(origin, "/ask?to=eve");

  expect(bought.map(({ status }) => status)).toEqual([200, 200]);
  expect(new Set(bought.map(({ text }) => text)).size).toBe(1);
  expect(asked.status).toBe(200);
  expect(refused).toEqual({ status: 503, text: "Ask again later." });
  const items = (await emails.receive({ max: 9 })).map(({ item }) => item);
  expect(items).toEqual([{ to: "ada" }, { to: "bob" }, { to: "accounting" }]);
});

test("a Worker with classic bindings and a date before ctx.exports puts by binding too", async () => {
  const names = { QUEUE: "QueueObject", DIRECTORY: "DirectoryObject", CART: "Cart" };
  const bindings = Object.entries(names).map(([name, class_name]) => ({ name, class_name }));
  const migrations = [{ tag: "v1", new_sqlite_classes: Object.values(names) }];
  const { origin } = await project.serve({
    ...{ ...SHOP, exports: undefined, migrations, durable_objects: { bindings } },
    compatibility_date: "2025-01-01",
  });

  await ask(origin, "/buy?to=ada");

  expect(await emailsAt(`${origin}/queues`).get()).toEqual({ to: "ada" });
});

test("another Worker puts by a service binding, as far as its props grant it", async () => {
  const { origin, harness } = await project.serve(NEWSLETTER, SHOP);

  const put = await ask(origin, "/");

  expect(put.status).toBe(200);
  const shopOrigin = "https://shop.test";
  const response = await harness.getWorker("shop").fetch(`${shopOrigin}/queues/v1/queues/emails`, {
    headers: { Authorization: `Bearer ${AUTHKEY}` },
  });
  expect(await response.json()).toMatchObject({ visible: 1 });
});

test.each<[string, object, string]>([
  [
    "without props",
    { props: undefined },
    "The service binding has no props, so that it grants nothing. Write in its entry",
  ],
  [
    "for other queues",
    { props: { queues: ["orders"], scopes: ["put"] } },
    "is not for the queue emails, but for queues",
  ],
  ["with other scopes", { props: { queues: [""], scopes: ["read"] } }, "does not grant put, which this call needs"],
  [
    "without an entrypoint",
    { entrypoint: undefined, props: undefined },
    "is no QueueService. Its entry under services in",
  ],
])("a service binding %s puts nothing, and the error says what to write", async (_, changes, sentence) => {
  const telling = newsletter.replace('put({ to: "ada" })', 'put({ to: "ada" }).catch(({ message }) => message)');
  const main = project.write("src/telling.ts", telling);
  const { origin } = await project.serve({ ...NEWSLETTER, main, services: [{ ...SERVICE, ...changes }] }, SHOP);

  expect((await ask(origin, "/")).text).toContain(sentence);
});

test("the application of Hono serves queues below its base path, and puts by binding", async () => {
  const main = project.write("src/hono.ts", hono);
  const { origin } = await project.serve({ ...JSON.parse(shopConfiguration), main, vars: { AUTHKEY } });
  const emails = emailsAt(`${origin}/api/queues`);

  const put = await fetch(`${origin}/api/emails`, { method: "POST", body: JSON.stringify({ to: "ada" }) });

  expect(await put.json()).toEqual({ id: expect.any(String) });
  expect(await emails.get()).toEqual({ to: "ada" });
  expect((await fetch(`${origin}/elsewhere`)).status).toBe(404);
});

test("a manager that a module keeps, against the rule, serves requests all the same", async () => {
  const worker = `
import { durableQueue } from "durable-queue/server";
const queues = durableQueue({ basePath: "/queues" });
export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}
let kept;
export default {
  async fetch(request, env, ctx) {
    kept ??= queues.of(env, ctx).queue("kept");
    await kept.put(1);
    const [message] = await kept.receive();
    return new Response(String(await message.ack()));
  },
};`;
  const main = project.write("src/kept.js", worker);
  const { origin } = await project.serve({ ...JSON.parse(shopConfiguration), main });

  for (let requests = 0; requests < 3; requests += 1) expect((await ask(origin, "/")).text).toBe("true");
  const many = await Promise.all(Array.from({ length: 20 }, () => ask(origin, "/")));
  expect(many.map(({ text }) => text)).toEqual(many.map(() => "true"));
});
