import { runInDurableObject } from "cloudflare:test";

/**
 * Calls `before` and `after` around every SQL statement of an object, until the object is evicted or aborted. If `before`
 * throws, the statement fails with that error.
 */
export function interceptStatements(
  stub: DurableObjectStub<undefined>,
  { before, after }: { before?: (statement: string) => void; after?: (rowsWritten: number) => void },
): Promise<void> {
  return runInDurableObject(stub, (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    const intercepted: typeof sql.exec = <Row extends Record<string, SqlStorageValue>>(
      statement: string,
      ...bindings: unknown[]
    ) => {
      before?.(statement);
      const cursor = exec<Row>(statement, ...bindings);
      after?.(cursor.rowsWritten);
      return cursor;
    };
    sql.exec = intercepted;
  });
}

/** Makes the writes of rows with these numbers, counted from 1, fail as the write of a row that is too large would. */
export function breakWrites(stub: DurableObjectStub<undefined>, ...failing: number[]): Promise<void> {
  let writes = 0;
  return interceptStatements(stub, {
    before: (statement) => {
      if (!/^(INSERT|UPDATE).* segments/.test(statement)) return;
      writes += 1;
      if (failing.includes(writes)) throw new Error("The row is too large.");
    },
  });
}
