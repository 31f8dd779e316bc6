/**
 * The interfaces of Standard Schema (standardschema.dev), by which schemas of zod, valibot, arktype and others are used
 * alike. They are types alone, so that no library is needed for them.
 */

/** A schema of any library that implements Standard Schema. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Only in types: no schema has it when the program runs. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says about a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Why a value does not fit its schema. */
export interface SchemaIssue {
  readonly message: string;
  /** Where in the value: the keys from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema that can be shown as JSON Schema. */
export interface StandardJsonSchemaV1 {
  readonly "~standard": {
    readonly jsonSchema: {
      /** The JSON Schema of what the schema accepts. May throw. */
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}
