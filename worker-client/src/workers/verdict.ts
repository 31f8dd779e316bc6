/**
 * What becomes of a message whose handler has ended, where it is not decided by whether the handler failed. Handlers of
 * users do not return it: the layer above them does.
 */
export class Verdict {
  readonly act:
    | { readonly verb: "ack"; readonly value: unknown /** The value as JSON text. */; readonly result: string }
    | { readonly verb: "reject"; readonly error: unknown }
    | { readonly verb: "release"; readonly delaySeconds: number };

  constructor(act: Verdict["act"]) {
    this.act = act;
  }
}
