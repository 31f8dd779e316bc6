/**
 * What JSON makes of a value: a result is typed so, because it has travelled as JSON. A `Date` becomes a text, members
 * that are undefined or functions are left out, and in an array they are `null`.
 */
export type Jsonified<Value> =
  IsUnknown<Value> extends true
    ? Value
    : Value extends JsonPrimitive
      ? Value
      : Value extends { toJSON(...args: never): infer Json }
        ? Jsonified<Json>
        : Value extends bigint
          ? never
          : Value extends NoJson
            ? null
            : Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
              ? Record<string, never>
              : Value extends readonly unknown[]
                ? { [Index in keyof Value]: Jsonified<Value[Index]> }
                : Value extends object
                  ? JsonifiedObject<Value>
                  : never;

type JsonPrimitive = string | number | boolean | null;

/** What has no JSON form: a member of an object that is so is left out. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing returns void.
type NoJson = undefined | void | symbol | ((...args: never) => unknown);

/** Also true for `any`. */
type IsUnknown<Value> = unknown extends Value ? true : false;

/** The last step makes one type of the two, which messages of the compiler show better. */
type JsonifiedObject<Value extends object> = {
  [Key in keyof Value as RequiredKey<Value, Key>]: Jsonified<Value[Key]>;
} & { [Key in keyof Value as OptionalKey<Value, Key>]?: Jsonified<Exclude<Value[Key], NoJson>> } extends infer Both
  ? { [Key in keyof Both]: Both[Key] }
  : never;

/** The key, if JSON always has the member. */
type RequiredKey<Value, Key extends keyof Value> = Key extends symbol
  ? never
  : IsUnknown<Value[Key]> extends true
    ? Key
    : Extract<Value[Key], NoJson> extends never
      ? Key
      : never;

/** The key, if JSON has the member at some times. */
type OptionalKey<Value, Key extends keyof Value> = Key extends symbol
  ? never
  : RequiredKey<Value, Key> extends never
    ? Exclude<Value[Key], NoJson> extends never
      ? never
      : Key
    : never;
