/** The entries of a list in parts of at most `max`, in their order: what the limits allow in one request. */
export function* chunksOf<Entry>(entries: readonly Entry[], max: number): Generator<Entry[]> {
  for (let begin = 0; begin < entries.length; begin += max) yield entries.slice(begin, begin + max);
}
