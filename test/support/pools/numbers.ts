import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

/** Tasks of a queue for tests of pools, without a module: they run in the process of the test. */
export function numbersOf(queue: string) {
  return defineTasks(queue, {
    square: task({ run: (n: number) => n * n }),
    /** Throws for odd numbers. */
    even: task({
      run: (n: number) => {
        if (n % 2 !== 0) throw new RangeError(`${n} is odd.`);
        return n;
      },
    }),
    add: task({ run: ([a, b]: [number, number]) => a + b }),
    same: task({ run: (value: unknown) => value }),
    typeOf: task({ run: (value: unknown) => (value instanceof Uint8Array ? `${value.length} bytes` : typeof value) }),
  });
}
