/** What ends at some time: a job, or a future. */
export interface Endable {
  /**
   * Calls back once, when it has ended, or nothing more is known of it: at once if that is so already.
   *
   * @param ended gets whether there is an error in the place of a result
   * @returns a function after whose call it does not call back any more
   */
  whenEnded(ended: (hasFailed: boolean) => void): () => void;
}

/** Whether a value is a job or a future. */
export function isEndable(value: unknown): value is Endable {
  return typeof (value as Partial<Endable> | null | undefined)?.whenEnded === "function";
}
