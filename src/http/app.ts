import { Hono } from "hono";
import type { Env } from "../env.ts";
import { requireAuthkey } from "./authkey.ts";
import { ProblemError, problemResponse } from "./problem.ts";
import { queues } from "./queues.ts";

/** The HTTP side on one screen: what comes in, in which order it is looked at, and how it goes wrong. */
export const app = new Hono<{ Bindings: Env }>();

app.use(async function setHeaders(c, next) {
  await next();
  c.header("Cache-Control", "no-store");
  c.header("X-Content-Type-Options", "nosniff");
});

app.get("/healthz", (c) => c.json({ status: "ok" }));

app.use(requireAuthkey);
app.route("/v1/queues", queues);

app.notFound((c) => problemResponse(new ProblemError("not_found", `There is no ${c.req.method} ${c.req.path}.`)));

app.onError((error) => {
  if (error instanceof ProblemError) return problemResponse(error);
  console.error(error);
  return problemResponse(new ProblemError("internal", "The server failed; its log says why."));
});
