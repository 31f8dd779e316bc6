/** How something has ended, and what is to be called then. */
export class Ending<Value> {
  #end: { readonly value: Value } | { readonly error: unknown } | undefined;
  #listeners: Set<() => void> | undefined;

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Whether it has ended with an error. */
  get hasFailed(): boolean {
    return this.#end !== undefined && "error" in this.#end;
  }

  /** The error with which it has ended; undefined if there is none. */
  get error(): unknown {
    return this.#end !== undefined && "error" in this.#end ? this.#end.error : undefined;
  }

  /** The value. Throws the error with which it has ended. */
  get value(): Value {
    if (this.#end === undefined) throw new Error("It has not ended.");
    if ("error" in this.#end) throw this.#end.error;
    return this.#end.value;
  }

  resolve(value: Value): void {
    this.#settle({ value });
  }

  reject(error: unknown): void {
    this.#settle({ error });
  }

  /** Calls back once it is over, in the order of these calls; at once if it is. Returns how to leave. */
  whenOver(over: () => void): () => void {
    if (this.#end !== undefined) {
      over();
      return () => undefined;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(over);
    return () => this.#listeners?.delete(over);
  }

  #settle(end: { value: Value } | { error: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const over of listeners ?? []) over();
  }
}
