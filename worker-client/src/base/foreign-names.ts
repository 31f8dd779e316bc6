/** Options of other queues' clients, BullMQ's first, and what a call here has in their place. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  attempts: "maxAttempts",
  maxRetries: "maxAttempts",
  retries: "maxAttempts",
  delay: "delaySeconds",
  jobId: "dedupeKey",
  deduplication: "dedupeKey",
  backoff: "retryDelaySeconds",
  ttl: "retentionSeconds",
  lockDuration: "leaseSeconds",
  visibilityTimeout: "leaseSeconds",
};

/** Options of other clients for which a call here has no option, with the reason. */
const NOT_NEEDED: Readonly<Record<string, string>> = {
  removeOnComplete: "It is not needed: a message is removed when it is acked.",
  removeOnFail:
    "It is not needed: a dead message is kept until it is redriven or purged, or goes to the deadLetterQueue.",
  lifo: 'It is the order of the queue: configure({ order: "lifo" }).',
};

/**
 * What to do in place of an option that a call does not have, as a sentence; undefined for a name that is in neither
 * table.
 *
 * @param known the names of the options that the call has
 */
export function foreignHint(name: string, known: readonly string[]): string | undefined {
  if (Object.hasOwn(NOT_NEEDED, name)) return NOT_NEEDED[name];
  const meant = Object.hasOwn(FOREIGN_NAMES, name) ? FOREIGN_NAMES[name] : undefined;
  if (meant === undefined) return undefined;
  return known.includes(meant) ? `Did you mean ${JSON.stringify(meant)}?` : elsewhere(meant);
}

function elsewhere(meant: string): string {
  return `It is ${JSON.stringify(meant)}, an option of ${SETTING_CALLS[meant] ?? "put() and configure()"}.`;
}

/** The calls that have an option, where these are not both `put` and `configure`. */
const SETTING_CALLS: Readonly<Record<string, string>> = {
  delaySeconds: "put() and retry()",
  dedupeKey: "put()",
  leaseSeconds: "receive(), work() and configure()",
};
