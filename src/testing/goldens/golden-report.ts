/**
 * @file Collects the comparisons of a run: one line each, and the counts.
 */
import { UsageError } from "../../checks.js";

/** A finished comparison. */
export interface GoldenLine {
  readonly outcome: "passed" | "failed" | "skipped";
  /** Case and quantity: `vit-mini logits`. */
  readonly name: string;
  /** Largest error; absent when nothing was compared. */
  readonly error?: number;
  /** Largest error allowed; 0 means exact. */
  readonly tolerance?: number;
  /** Why it was skipped or could not be computed; where the largest error is. */
  readonly note?: string;
}

/** The largest of several errors, and where it is. */
export class WorstError {
  error = 0;
  place = "";

  /** Takes in one error. NaN counts as the largest. */
  add(place: string, error: number): void {
    if (error <= this.error || Number.isNaN(this.error)) return;
    this.error = error;
    this.place = place;
  }
}

/** Takes comparisons as they come. */
export class GoldenReport {
  readonly lines: GoldenLine[] = [];
  readonly #print: (line: string) => void;

  /** @param print - is given each line as text when it is known. */
  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Records an error against the largest allowed; NaN fails. @param place - where the error is, for a failure. */
  compare(name: string, error: number, tolerance: number, place = ""): void {
    const outcome = error <= tolerance ? "passed" : "failed";
    this.#add({ outcome, name, error, tolerance, ...(outcome === "failed" && place !== "" ? { note: `at ${place}` } : {}) });
  }

  /** Runs comparisons; what they throw is recorded as one failure under `name`. */
  async attempt(name: string, run: () => void | Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.fail(name, error instanceof UsageError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  fail(name: string, note: string): void {
    this.#add({ outcome: "failed", name, note });
  }

  skip(name: string, note: string): void {
    this.#add({ outcome: "skipped", name, note });
  }

  count(outcome: GoldenLine["outcome"]): number {
    return this.lines.filter((line) => line.outcome === outcome).length;
  }

  #add(line: GoldenLine): void {
    this.lines.push(line);
    this.#print(lineText(line));
  }
}

const labels = { passed: "pass", failed: "FAIL", skipped: "skip" } as const;

function lineText({ outcome, name, error, tolerance, note }: GoldenLine): string {
  const start = `${labels[outcome]}  ${name.padEnd(60)}`;
  if (error === undefined || tolerance === undefined) return `${start}  ${note ?? ""}`.trimEnd();
  const allowed = tolerance === 0 ? "exact" : toleranceText(tolerance);
  return `${start}  error ${errorText(error).padEnd(8)}  tolerance ${note === undefined ? allowed : `${allowed.padEnd(6)}  ${note}`}`;
}

function errorText(error: number): string {
  return error === 0 || !Number.isFinite(error) ? String(error) : error.toExponential(1);
}

/** 1e-4, 2.2e-3. */
function toleranceText(tolerance: number): string {
  return String(Number(tolerance.toPrecision(2)).toExponential());
}
