declare const VALUE: unique symbol;

/** The JSON text of a value of this type. */
export type JsonOf<Value> = string & { readonly [VALUE]: Value };

/** Says what a text is that was put together by hand. */
export function jsonOf<Value>(text: string): JsonOf<Value> {
  return text as JsonOf<Value>;
}
