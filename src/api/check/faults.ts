import type { FieldError } from "../../contract/problems.ts";
import { ProblemError, sentenceOf } from "./problem-error.ts";

/** Faults that a problem names. Further ones are only counted, so that no reply is larger than its request. */
export const FAULTS_NAMED_MAX = 20;

/** The most characters of a path, or of a rule, in a problem. */
const FAULT_CHARACTERS_MAX = 200;

/** The rules that one request breaks: the first `FAULTS_NAMED_MAX` in words, and how many there are. */
export class Faults {
  readonly #named: FieldError[] = [];
  #count = 0;
  /** Whether one of them is a field that is not known. */
  hasUnknownFields = false;

  /** How many there are, named or not. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts a fault, and keeps it if it is one of the first.
   *
   * @param describe is only called for a fault that is named
   */
  add(describe: () => FieldError): void {
    this.#count += 1;
    if (this.#named.length === FAULTS_NAMED_MAX) return;
    const { path, message } = describe();
    this.#named.push({ path: cut(path), message: cut(message) });
  }

  /** Counts faults that are not named, because enough others are. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  /** The problem that answers the request. There must be a fault. */
  problem(): ProblemError {
    const [first] = this.#named;
    const unnamed = this.#count - this.#named.length;
    const others =
      unnamed === 0 ? "" : ` It breaks ${this.#count} rules: these ${this.#named.length} and ${unnamed} more.`;
    const sentence = sentenceOf(first ?? { path: "", message: "breaks a rule" });
    const problem = new ProblemError("invalid", `${sentence}${others}`, this.#named);
    problem.hasUnknownFields = this.hasUnknownFields;
    return problem;
  }
}

/** `messages[2].delaySeconds` */
export function pathText(path: readonly PropertyKey[], root: string): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, root);
}

/** The beginning of a text that is longer than `FAULT_CHARACTERS_MAX`. */
export function cut(text: string): string {
  return text.length <= FAULT_CHARACTERS_MAX ? text : `${text.slice(0, FAULT_CHARACTERS_MAX - 1)}…`;
}
