import { runInDurableObject } from "cloudflare:test";

/**
 * Looks at every statement of an object before and after the storage engine runs it, until the object is evicted or
 * aborted. What `before` throws is what the statement fails with.
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

/** Lets the writes of rows with these numbers, counted from 1, fail as what is too large for a row would. */
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
