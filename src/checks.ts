/**
 * @file What the caller can fix is told in one message: where, what arrived, what was expected, what to do.
 */

/** A fault of the caller's making: the command line prints its message without a stack and exits with code 2. */
export class UsageError extends Error {
  /** One line per problem; a single problem has one. */
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[]) {
    const lines = typeof problems === "string" ? [problems] : [...problems];
    super(lines.join("\n"));
    this.name = "UsageError";
    this.problems = lines;
  }
}

/** Throws one {@link UsageError} that lists every problem; does nothing when there is none. */
export function throwProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new UsageError(problems);
}

/** Renders a value for a message: strings quoted, long ones cut at 80 characters. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Returns the problem with `value` as a whole number from `low` to `high`, or nothing. `why` explains the bounds. */
export function wholeNumberProblem(where: string, key: string, value: unknown, low: number, high: number, why = ""): string[] {
  if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return [];
  const range = high === Infinity ? `of at least ${low}` : `from ${low} to ${high}`;
  return [`${where}: ${key} is ${shown(value)}, expected a whole number ${range}${why === "" ? "" : ` (${why})`}.`];
}

/** Returns the problem with `value` as one of `allowed`, or nothing. */
export function choiceProblem(where: string, key: string, value: unknown, allowed: readonly string[]): string[] {
  if (typeof value === "string" && allowed.includes(value)) return [];
  return [`${where}: ${key} is ${shown(value)}, expected one of ${allowed.join(", ")}.`];
}
