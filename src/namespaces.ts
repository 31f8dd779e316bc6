/** Finds the namespaces of a server's objects among the bindings and the exports of its Worker. */

import type { ConsumersCalls } from "./api/push.ts";

/** One of the two classes of a server, and where its namespace is looked for. */
export interface ObjectClass {
  /** The name under which the Worker exports it. */
  name: "QueueObject" | "DirectoryObject";
  /** The binding that is used if the Worker has it. */
  defaultBinding: "QUEUE" | "DIRECTORY";
  /** The option of `durableQueue` that names another binding. */
  option: "queueBinding" | "directoryBinding";
}

export const QUEUE_CLASS: ObjectClass = { name: "QueueObject", defaultBinding: "QUEUE", option: "queueBinding" };

export const DIRECTORY_CLASS: ObjectClass = {
  ...{ name: "DirectoryObject", defaultBinding: "DIRECTORY", option: "directoryBinding" },
};

/** A namespace, or the sentences for the developer of the Worker that say why there is none. */
export type Found = { namespace: DurableObjectNamespace; fault?: undefined } | { namespace?: undefined; fault: string };

/**
 * Finds the namespace of a class: that of the binding with this name; without a name that of the default binding, else
 * that of the Worker's export.
 *
 * @param bindings what the Worker is given
 * @param exports the Worker's `ctx.exports`; undefined if its compatibility date is older than they are
 */
export function findNamespace(
  wanted: ObjectClass,
  binding: string | undefined,
  bindings: object,
  exports: object | undefined,
): Found {
  const bound: unknown = Reflect.get(bindings, binding ?? wanted.defaultBinding);
  if (isNamespace(bound)) return { namespace: bound };
  if (binding !== undefined) return { fault: faultOfNamed(wanted, binding) };
  const exported: unknown = exports === undefined ? undefined : Reflect.get(exports, wanted.name);
  if (isNamespace(exported)) return { namespace: exported };
  return { fault: faultOfExport(wanted, exports !== undefined, exported !== undefined) };
}

/**
 * Finds the entrypoint of a Worker's consumers: the service binding of this name, else the Worker's export.
 *
 * @throws {Error} with the sentences for the developer of the Worker that say what is missing
 */
export function findConsumers(name: string, bindings: object, exports: object | undefined): ConsumersCalls {
  const bound: unknown = Reflect.get(bindings, name);
  if (isEntrypoint(bound)) return bound;
  const exported: unknown = exports === undefined ? undefined : Reflect.get(exports, name);
  if (isEntrypoint(exported)) return exported;
  const exporting = `Add the line "export class ${name} extends consumers({ … }) {}" to the module that main names in wrangler.jsonc`;
  const binding = `or a service binding of this name`;
  const dated = exports === undefined ? " and set compatibility_date to 2025-11-17 or later" : "";
  throw new Error(
    `consumers is ${JSON.stringify(name)}, but the Worker exports no class of this name. ${exporting}${dated}, ${binding}.`,
  );
}

/** A stub of an entrypoint seems to have every method. */
function isEntrypoint(value: unknown): value is ConsumersCalls {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "fetch" in value && "deliver" in value;
}

/** A binding to another Worker seems to have every method. It has `fetch` beside them, which a namespace has not. */
function isNamespace(value: unknown): value is DurableObjectNamespace {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "getByName" in value && typeof value.getByName === "function" && !("fetch" in value);
}

const lineOfBinding = (binding: string, { name }: ObjectClass) =>
  `{ "name": "${binding}", "class_name": "${name}" } to durable_objects.bindings in wrangler.jsonc`;

function faultOfNamed(wanted: ObjectClass, binding: string): string {
  return `${wanted.option} is ${JSON.stringify(binding)}, but the Worker has no Durable Object binding of this name. Add ${lineOfBinding(binding, wanted)}.`;
}

function faultOfExport(wanted: ObjectClass, hasExports: boolean, isExported: boolean): string {
  const { name, defaultBinding } = wanted;
  if (!hasExports)
    return `The Worker has neither a Durable Object binding ${defaultBinding} nor ctx.exports. Set compatibility_date in wrangler.jsonc to 2025-11-17 or later, or add ${lineOfBinding(defaultBinding, wanted)}.`;
  if (!isExported)
    return `The Worker does not export the class ${name}. Add the line "export class ${name} extends queues.${name} {}" to the module that main names in wrangler.jsonc.`;
  return `The class ${name} has no storage. Add "${name}": { "type": "durable-object", "storage": "sqlite" } to exports in wrangler.jsonc; if it has migrations, add ${name} to new_sqlite_classes of a new one instead.`;
}
