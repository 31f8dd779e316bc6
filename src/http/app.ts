import { Hono } from "hono";
import { cut } from "../api/faults.ts";
import { ProblemError } from "../api/problem-error.ts";
import type { Env } from "../env.ts";
import { idleCollection } from "../isolate.ts";
import { requireAuthkey } from "./authkey.ts";
import { faultOf, requireConfiguration } from "./health.ts";
import { problemResponse } from "./problem-response.ts";
import { queues } from "./queues.ts";

/** The HTTP side on one screen: what comes in, in which order it is looked at, and how it goes wrong. */
export const app = new Hono<{ Bindings: Env }>();

app.use(async function setHeaders(c, next) {
  await next();
  // The answer that opens a socket is the socket: a copy with other headers would be without it.
  if (c.res.status === 101) return;
  c.header("Cache-Control", "no-store");
  c.header("X-Content-Type-Options", "nosniff");
});

app.get("/healthz", (c) => {
  const fault = faultOf(c.env);
  idleCollection.collectIfIdle(Date.now());
  if (fault !== undefined) throw fault;
  return c.json({ status: "ok" });
});

app.use(requireAuthkey);
app.use(requireConfiguration);
app.route("/v1/queues", queues);

app.notFound((c) =>
  problemResponse(new ProblemError("not_found", `There is no ${cut(`${c.req.method} ${c.req.path}`)}.`)),
);

app.onError((error) => {
  if (error instanceof ProblemError) return problemResponse(error);
  console.error(error);
  return problemResponse(new ProblemError("internal", "The server failed; its log says why."));
});
