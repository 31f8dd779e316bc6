const BODY_BYTES = 100;

/** The bodies of tasks, numbered from `from` up to but not including `to`. */
export function tasks(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => padded(`${from + index}`));
}

export function numberOf(body: string): number {
  return Number.parseInt(body, 10);
}

/** What a worker makes of a task. */
export function answerTo(task: string): string {
  const number = numberOf(task);
  return padded(`${number} ${number * number}`);
}

function padded(text: string): string {
  return text.padEnd(BODY_BYTES, " ");
}
