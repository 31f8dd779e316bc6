import { InvalidArgumentError, Option } from "commander";

interface NumberRule {
  min: number;
  /** Default: no bound. */
  max?: number;
  isInteger?: boolean;
  /** Whether 0 is allowed too, although it is below `min`. */
  isZeroAllowed?: boolean;
}

/** A flag with a number, as `--delay-seconds <number>`. A wrong one is refused with the rule. */
export function numberFlag(flags: string, description: string, rule: NumberRule): Option {
  return new Option(flags, description).argParser((text: string) => numberIn(text, rule));
}

function numberIn(text: string, { min, max = Number.POSITIVE_INFINITY, isInteger = false, isZeroAllowed }: NumberRule) {
  const number = Number(text);
  const isNumber = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && (!isInteger || Number.isInteger(number));
  const isInRange = (number >= min && number <= max) || (isZeroAllowed === true && number === 0);
  if (isNumber && isInRange) return number;
  const kind = isInteger ? "a whole number" : "a number";
  const zero = isZeroAllowed === true ? "0 or " : "";
  const range = max === Number.POSITIVE_INFINITY ? `of ${min} or more` : `from ${min} to ${max}`;
  throw new InvalidArgumentError(`It must be ${zero}${kind} ${range}.`);
}

/** A flag with one of some words. */
export function choiceFlag(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

/** A flag with true or false. */
export function booleanFlag(flags: string, description: string): Option {
  const option = choiceFlag(flags, description, ["true", "false"]);
  const { parseArg } = option;
  return option.argParser((text: string, previous: unknown) => parseArg?.(text, previous) === "true");
}

/** A flag with a point in time. */
export function dateFlag(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const date = new Date(text);
    // Without a date and a zone a time would be another one elsewhere.
    const isWhole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
    if (isWhole && !Number.isNaN(date.getTime())) return date;
    throw new InvalidArgumentError("It must be a time with its zone, as 2030-01-31T12:00:00Z, or a day in UTC.");
  });
}
