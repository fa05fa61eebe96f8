/**
 * @file How many tests and golden values passed and which failed, from what vitest and the goldens print.
 */

/** Outcomes of a set of checks. */
export interface Counts {
  readonly passed: number;
  readonly skipped: number;
  /** A line for each check that failed: where it is and, where it says so, why. */
  readonly failures: readonly string[];
}

/** What this module reads of vitest's JSON report. */
interface VitestReport {
  readonly numPassedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly VitestFile[];
}

interface VitestFile {
  readonly name?: string;
  readonly status?: string;
  readonly message?: string;
  readonly assertionResults?: readonly { readonly status?: string; readonly fullName?: string; readonly failureMessages?: readonly string[] }[];
}

/** Counts of vitest's JSON report; a file that did not even load, a fault outside the tests (its report leaves them out, its output does not), or a missing report counts as one failure. */
export function vitestCounts(report: unknown, exitCode: number, output: string): Counts {
  if (typeof report !== "object" || report === null) return { passed: 0, skipped: 0, failures: [unexplained("vitest left no report", exitCode, output)] };
  const { numPassedTests = 0, numPendingTests = 0, numTodoTests = 0, testResults = [] } = report as VitestReport;
  return {
    passed: numPassedTests,
    skipped: numPendingTests + numTodoTests,
    failures: explained(testResults.flatMap(failuresOfFile), "vitest found a fault outside the tests", exitCode, output),
  };
}

function failuresOfFile({ name = "a test file", status, message, assertionResults = [] }: VitestFile): string[] {
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length > 0) return failed.map(({ fullName = "", failureMessages = [] }) => failureLine(`${name} > ${fullName}`, failureMessages[0]));
  return status === "failed" ? [failureLine(name, message)] : [];
}

function failureLine(where: string, why = ""): string {
  const [reason = ""] = why.trim().split("\n");
  return reason === "" ? where : `${where}: ${reason}`;
}

/** Counts of the goldens' lines; an exit code that no line explains counts as one failure. */
export function goldenCounts(output: string, exitCode: number): Counts {
  const lines = output.split("\n");
  const linesOf = (label: string): string[] => lines.filter((line) => line.startsWith(`${label}  `));
  return {
    passed: linesOf("pass").length,
    skipped: linesOf("skip").length,
    failures: explained(linesOf("FAIL").map((line) => line.slice("FAIL  ".length)), "the golden values ended early", exitCode, output),
  };
}

function explained(failures: readonly string[], what: string, exitCode: number, output: string): readonly string[] {
  return failures.length === 0 && exitCode !== 0 ? [unexplained(what, exitCode, output)] : failures;
}

function unexplained(what: string, exitCode: number, output: string): string {
  return [`${what}, exit code ${exitCode}, and printed last:`, ...output.trimEnd().split("\n").slice(-LAST_LINES)].join("\n");
}

const LAST_LINES = 40;

/** The end of a run: a line for each failure, then `123 passed, 0 failed` and the skipped where there are any. */
export function closingLines(all: readonly Counts[]): string[] {
  const sum = (key: "passed" | "skipped"): number => all.reduce((total, counts) => total + counts[key], 0);
  const failures = all.flatMap((counts) => counts.failures);
  const skipped = sum("skipped");
  return [...failures.map((failure) => `FAIL  ${failure}`), `${sum("passed")} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`];
}
