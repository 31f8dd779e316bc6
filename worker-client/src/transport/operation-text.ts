import type { MessageRun } from "../../../src/api/types.ts";
import type { Call } from "./call.ts";
import type { PutMessages } from "./put-messages.ts";

/**
 * A call as an operation of the socket. Its request is made into JSON once: before the call is sent for the first time,
 * and the same for each further try.
 */
export class OperationText {
  readonly #verb: string;
  /** The request without its closing brace; undefined if there is none. */
  readonly #request: string | undefined;
  readonly #key: string | undefined;
  readonly #messages: PutMessages | undefined;
  readonly #results: readonly string[] | undefined;

  /** @throws {TypeError} for a request that has no JSON form */
  constructor({ verb, request, messages, results, idempotencyKey }: Call) {
    this.#verb = verb;
    this.#request = request === undefined ? undefined : JSON.stringify(request).slice(0, -1);
    this.#key = idempotencyKey;
    this.#messages = messages;
    this.#results = results;
  }

  /**
   * The lines to send: the operation, and one for each message of a put or each result of an ack.
   *
   * @param isWaiting whether the server may let it wait
   */
  linesOf(id: number, isWaiting: boolean): string[] {
    const request = this.#requestOf(isWaiting, this.#messages?.runs);
    const key = this.#key === undefined ? "" : `,"key":${JSON.stringify(this.#key)}`;
    const head = `{"id":${id},"verb":"${this.#verb}"${request}${key}`;
    const lines = this.#messages?.lines ?? this.#results;
    return lines === undefined ? [`${head}}`] : [`${head},"lines":${lines.length}}`, ...lines];
  }

  #requestOf(isWaiting: boolean, runs: MessageRun[] | undefined): string {
    const added: string[] = [];
    if (isWaiting) added.push('"wait":true');
    if (runs !== undefined) added.push(`"messages":${JSON.stringify(runs)}`);
    if (this.#request === undefined && added.length === 0) return "";
    const request = this.#request ?? "{";
    const comma = request === "{" || added.length === 0 ? "" : ",";
    return `,"request":${request}${comma}${added.join(",")}}`;
  }
}
