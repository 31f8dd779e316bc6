import { Hono } from "hono";
import { getPath } from "hono/utils/url";
import { cut } from "../api/check/faults.ts";
import { ProblemError } from "../api/check/problem-error.ts";
import { requireAuthkey } from "./authkey.ts";
import { faultOfHealth, requireConfiguration } from "./health.ts";
import { problemResponse } from "./problem-response.ts";
import { queues } from "./queues.ts";
import type { Served } from "./served.ts";

/** The HTTP side on one screen: the order of the checks, the routes, and the handling of errors. */
export const app = new Hono<Served>({
  getPath: (request, { env } = {}) => getPath(request).slice(env?.server.basePath.length) || "/",
});

app.use(async function setHeaders(c, next) {
  await next();
  // The response that opens a socket carries it: a copy with other headers would not.
  if (c.res.status === 101) return;
  c.header("Cache-Control", "no-store");
  c.header("X-Content-Type-Options", "nosniff");
});

app.get("/healthz", (c) => {
  const fault = faultOfHealth(c.env);
  c.env.server.isolate.idleCollection.collectIfIdle(Date.now());
  if (fault !== undefined) throw fault;
  return c.json({ status: "ok" });
});

app.use(requireAuthkey);
app.use(requireConfiguration);
app.get("/v1/key", (c) => {
  const { name, scopes, queues, endsAt } = c.get("principal");
  return c.json({ name, scopes, queues, until: endsAt === undefined ? undefined : endsAt / 1_000 });
});
app.route("/v1/queues", queues);

app.notFound((c) => {
  const path = `${c.env.server.basePath}${c.req.path}`;
  return problemResponse(new ProblemError("not_found", `There is no endpoint ${cut(`${c.req.method} ${path}`)}.`));
});

app.onError((error, c) => {
  if (error instanceof ProblemError) return problemResponse(error);
  c.env.server.log({
    level: "error",
    source: "http",
    code: "internal",
    message: "a request failed unexpectedly.",
    error,
  });
  return problemResponse(new ProblemError("internal", "The server failed on this request; its log has the error."));
});

/** Whether a request is for the server at this base path; for the one without a base path all are. */
export function isFor(basePath: string, request: Request): boolean {
  if (basePath === "") return true;
  const path = getPath(request);
  return path === basePath || path.startsWith(`${basePath}/`);
}
