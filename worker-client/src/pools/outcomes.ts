/** What has become of neighbouring inputs. */
export interface Outcomes {
  /** The place of the first of them. */
  readonly begin: number;
  readonly count: number;
  /** Their results in order, if not all of them failed; null where there is an error. */
  readonly values: readonly unknown[];
  /** What was thrown, by places from 0; undefined if nothing was. */
  readonly errors: ReadonlyMap<number, unknown> | undefined;
  /** Why none of them has a result. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Takes what becomes of inputs, each once. */
export interface OutcomeSink {
  took(outcomes: Outcomes): void;
}

/** The same error for each of them. */
export function failed(begin: number, count: number, error: unknown): Outcomes {
  return { begin, count, values: [], errors: undefined, failure: { error } };
}

/** The error of one of them; undefined if that has a result. */
export function errorAt(outcomes: Outcomes, index: number): { readonly error: unknown } | undefined {
  const { errors, failure } = outcomes;
  if (failure !== undefined) return failure;
  return errors?.has(index) ? { error: errors.get(index) } : undefined;
}
