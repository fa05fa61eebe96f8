/**
 * @file How many tests and golden values passed, from what vitest and the goldens print.
 */

/** Outcomes of a set of checks. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts of vitest's JSON report; a file that did not even load, a fault outside the tests, or a missing report counts as one failure. */
export function vitestCounts(report: unknown, exitCode: number): Counts {
  if (typeof report !== "object" || report === null) return { passed: 0, failed: 1, skipped: 0 };
  const field = (name: string): number => Number((report as Record<string, unknown>)[name] ?? 0);
  const files = (report as { testResults?: { status?: string; assertionResults?: { status?: string }[] }[] }).testResults ?? [];
  const unloaded = files.filter(({ status, assertionResults = [] }) => status === "failed" && assertionResults.every((test) => test.status !== "failed")).length;
  const failed = field("numFailedTests") + unloaded;
  return { passed: field("numPassedTests"), failed: failed === 0 && exitCode !== 0 ? 1 : failed, skipped: field("numPendingTests") + field("numTodoTests") };
}

/** Counts of the goldens' lines; an exit code that no line explains counts as one failure. */
export function goldenCounts(output: string, exitCode: number): Counts {
  const lines = output.split("\n");
  const count = (label: string): number => lines.filter((line) => line.startsWith(`${label}  `)).length;
  const failed = count("FAIL");
  return { passed: count("pass"), failed: failed === 0 && exitCode !== 0 ? 1 : failed, skipped: count("skip") };
}

/** The last line: `123 passed, 0 failed`, and the skipped where there are any. */
export function sumLine(all: readonly Counts[]): string {
  const sum = (key: keyof Counts): number => all.reduce((total, counts) => total + counts[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
