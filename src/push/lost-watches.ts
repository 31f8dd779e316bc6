/** One batch that is handled, and what waits to hear which of its messages are taken away. */
interface Watch {
  readonly receipts: ReadonlySet<string>;
  lost: string[];
  resolve: ((lost: readonly string[]) => void) | undefined;
  isOver: boolean;
}

/** Tells those that handle batches which of their messages are taken away meanwhile, as one that is cancelled. */
export class LostWatches {
  readonly #watches = new Set<Watch>();

  /** Begins with a batch. `lost` is as in `PushCalls`; `end` ends it. */
  begin(receipts: readonly string[]): { lost: () => Promise<readonly string[]>; end: () => void } {
    const watch: Watch = { receipts: new Set(receipts), lost: [], resolve: undefined, isOver: false };
    this.#watches.add(watch);
    return {
      lost: () => {
        if (watch.isOver || watch.lost.length > 0) return Promise.resolve(watch.lost.splice(0));
        return new Promise((resolve) => {
          // A call of a handler that was cut off is answered, so that nothing keeps it.
          watch.resolve?.([]);
          watch.resolve = resolve;
        });
      },
      end: () => {
        watch.isOver = true;
        this.#watches.delete(watch);
        watch.resolve?.([]);
      },
    };
  }

  /** Notes that the leases with these receipts were ended. */
  tell(receipts: readonly string[]): void {
    if (receipts.length === 0 || this.#watches.size === 0) return;
    for (const watch of this.#watches) {
      watch.lost.push(...receipts.filter((receipt) => watch.receipts.has(receipt)));
      if (watch.lost.length === 0 || watch.resolve === undefined) continue;
      watch.resolve(watch.lost.splice(0));
      watch.resolve = undefined;
    }
  }
}
