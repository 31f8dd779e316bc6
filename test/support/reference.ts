/** Writes the reference of the interface from the descriptors of verbs and the lists of settings, states and problems. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { announcedTask, errorParts, job, unknownJob } from "../../src/api/schema/jobs.ts";
import { messageView } from "../../src/api/schema/messages.ts";
import { listedQueue, queueDescription } from "../../src/api/schema/queues.ts";
import { CALL_VERBS, VERB_NAMES, VERBS, type Verb } from "../../src/api/verbs/index.ts";
import { endpointOf } from "../../src/contract/endpoints.ts";
import { PROBLEMS } from "../../src/contract/problems.ts";
import { SETTING_NAMES, SETTINGS, type Setting } from "../../src/contract/settings.ts";
import { COUNT_NAMES, ENDINGS, JOB_STATE_NAMES, JOB_STATES, STATE_NAMES, STATES } from "../../src/contract/states.ts";

interface JsonSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  default?: unknown;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

export function reference(): string {
  return [
    "# Reference",
    "",
    "Made from the descriptors of the server by `npm run docs`: what each verb takes and gives, settings, states and problems.",
    "What they mean is in [http.md](http.md) and [socket.md](socket.md).",
    "",
    "## Verbs",
    "",
    "Paths follow `/v1/queues/{queue}`. A verb without a path is for [sockets](socket.md) alone. The scope is what a key must",
    "grant; `any` stands for every key of the queue.",
    "",
    ...table(["verb", "scope", "HTTP", "what it does"], VERB_NAMES.map(verbRow)),
    "",
    "## Requests and replies",
    "",
    "`?` marks a field that may be absent, `=` its default. Over HTTP the fields of GET and DELETE are in the query, and `id` is in",
    "the path. On a socket `wait` takes the place of `timeoutSeconds`, the messages of a put follow in lines,",
    "and the results of an ack may.",
    "",
    ...table(["verb", "request", "reply"], VERB_NAMES.map(bodyRow)),
    "",
    `**A message that is put** is ${code(fieldsOf(messageSchema()))}.`,
    "",
    `**The description of a queue** is ${code(fieldsOf(jsonSchemaOf(queueDescription, "output")))}.`,
    "",
    `**A queue in the list of queues** is ${code(fieldsOf(jsonSchemaOf(listedQueue, "output")))}. Its counts are`,
    `${COUNT_NAMES.map(code).join(", ")}.`,
    "",
    `**A message that is shown** is ${code(fieldsOf(jsonSchemaOf(messageView, "output")))}.`,
    "",
    `**A job** is ${code(fieldsOf(jsonSchemaOf(job, "output")))}, and for an id of which nothing is known`,
    `${code(fieldsOf(jsonSchemaOf(unknownJob, "output")))}. **An error** is a text or ${code(fieldsOf(jsonSchemaOf(errorParts, "input")))}.`,
    `**A task that is announced** is ${code(fieldsOf(jsonSchemaOf(announcedTask, "output")))}.`,
    "",
    "## Settings",
    "",
    ...table(
      ["setting", "values", "default", "what it says"],
      SETTING_NAMES.map((name) => settingRow(name, SETTINGS[name])),
    ),
    "",
    "## States",
    "",
    `A message is ${STATE_NAMES.map(code).join(", ")}. It shows until when, or since when: ${timesOf(STATES)}. It leaves the queue as`,
    `${ENDINGS.map(code).join(", ")}. Of every message that was accepted one of these holds, so that their counts add up to \`accepted\`.`,
    "",
    `A job is ${JOB_STATE_NAMES.map(code).join(", ")}: the last three are how it ends. It shows until when:`,
    `${timesOf(JOB_STATES)}.`,
    "",
    "## Problems",
    "",
    ...table(["code", "status", "title", "`retryAfterSeconds`"], Object.entries(PROBLEMS).map(problemRow)),
    "",
  ].join("\n");
}

function table(head: string[], rows: string[][]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function code(text: string): string {
  return `\`${text}\``;
}

function verbRow(verb: Verb): string[] {
  const { scope, summary } = VERBS[verb];
  const isCall = (CALL_VERBS as readonly string[]).includes(verb);
  const { method, path } = endpointOf(verb);
  return [code(verb), scope, isCall ? code(`${method} …${path.replace(":id", "{id}")}`) : "", summary];
}

function bodyRow(verb: Verb): string[] {
  const { request, reply } = VERBS[verb];
  return [code(verb), code(fieldsOf(jsonSchemaOf(request, "input"))), replyText(verb, reply)];
}

function replyText(verb: Verb, reply: z.ZodType): string {
  if (verb === "begin") return "none";
  if (reply === queueDescription) return "the description";
  if (reply === messageView) return "a message that is shown";
  if (reply === job) return "a job";
  return code(fieldsOf(jsonSchemaOf(reply, "output")));
}

function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonSchema;
}

function messageSchema(): JsonSchema {
  return jsonSchemaOf(VERBS.put.request, "input").properties?.messages?.items ?? {};
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): string {
  const fields = Object.entries(properties).map(([name, field]) => {
    const isOptional = !required.includes(name);
    const fallback = field.default === undefined || field.default === "" ? "" : ` = ${JSON.stringify(field.default)}`;
    return `${name}${isOptional ? "?" : ""}: ${typeOf(field)}${fallback}`;
  });
  return `{ ${fields.join(", ")} }`.replace("{  }", "{}");
}

function typeOf(field: JsonSchema): string {
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum !== undefined) return field.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (field.anyOf !== undefined) return field.anyOf.map(typeOf).join(" or ");
  if (field.type === "array") return `[${typeOf(field.items ?? {})}, …]`;
  if (field.type === "object") return "object";
  if (field.type === "integer" || field.type === "number") return `${field.type}${rangeOf(field)}`;
  return Array.isArray(field.type) ? field.type.join(" or ") : (field.type ?? "JSON");
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  const least = minimum === undefined || minimum <= -Number.MAX_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least !== undefined && most !== undefined) return ` ${least} to ${most}`;
  return least === undefined || least === 0 ? "" : ` from ${least}`;
}

function settingRow(name: string, setting: Setting): string[] {
  return [code(name), valuesOf(setting), code(JSON.stringify(setting.default)), docOf(name)];
}

const SETTINGS_SOURCE = readFileSync(`${import.meta.dirname}/../../src/contract/settings.ts`, "utf8");

/** The comment of a setting in the list, which editors show too, without the default and the range: they stand beside it. */
function docOf(name: string): string {
  const [, doc = ""] = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\n  ${name}: `).exec(SETTINGS_SOURCE) ?? [];
  const text = doc
    .replace(/\s*\n?\s*\* /g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return text.replace(/ Default [^.]*(\.\d+)?[^.]*\.$/, "");
}

function valuesOf(setting: Setting): string {
  switch (setting.kind) {
    case "choice":
      return setting.values.map(code).join(", ");
    case "boolean":
      return "`true`, `false`";
    case "queue":
      return "the name of another queue, or `null`";
    case "webhook":
      return "`{ url, secret, … }` or `null`: see [webhooks](push/webhooks.md)";
    default:
      return `${setting.isOptional ? "0 or " : ""}${setting.kind} ${setting.min} to ${setting.max}`;
  }
}

/** In which field each state shows until when it lasts. */
function timesOf(states: Record<string, { until: string | undefined }>): string {
  return Object.entries(states)
    .flatMap(([name, { until }]) => (until === undefined ? [] : [`${code(until)} if it is ${code(name)}`]))
    .join(", ");
}

function problemRow([name, problem]: [
  string,
  { status: number; title: string; retryAfterSeconds?: number },
]): string[] {
  return [code(name), String(problem.status), problem.title, String(problem.retryAfterSeconds ?? "")];
}
