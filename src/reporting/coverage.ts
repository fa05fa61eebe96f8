/**
 * @file How much of a plan was run, and what is missing of it: whole tasks, methods or seeds where they lack altogether, else single runs.
 */
import { groupBy } from "./seed-means.js";

/** Runs of a plan by whether the rows hold them. */
export interface Coverage {
  readonly planned: number;
  readonly finished: number;
  /** What is missing, for readers: "task dtd", "seed 2 of task digits", "task=digits_method=pst_seed=1". */
  readonly missing: readonly string[];
}

/** How many single runs are listed before the rest is counted. */
const LISTED_RUNS = 12;

/**
 * Compares a plan with what was finished.
 *
 * @param planned - names of runs, `key=value` joined by underscores, in the order of the plan.
 * @param isFinished - tells whether the rows hold a run.
 */
export function coverageOf(planned: readonly string[], isFinished: (name: string) => boolean): Coverage {
  const missing = new Set(planned.filter((name) => !isFinished(name)));
  const finished = planned.length - missing.size;
  if (missing.size === 0 || finished === 0) return { planned: planned.length, finished, missing: missing.size === 0 ? [] : ["every run"] };
  const keys = [...partsOf(planned[0]!).keys()];
  const groups = [...keys.map((key) => [key]), ...keys.flatMap((first, index) => keys.slice(index + 1).map((second) => [second, first]))];
  const phrases: string[] = [];
  for (const group of groups) {
    const lacking: string[] = [];
    for (const [phrase, names] of groupBy(planned, (name) => group.map((key) => `${key} ${partsOf(name).get(key) ?? "–"}`).join(" of "))) {
      if (names.length > 1 && names.every((name) => !isFinished(name)) && names.some((name) => missing.has(name))) {
        lacking.push(phrase);
        for (const name of names) missing.delete(name);
      }
    }
    // Several of one kind share its name: "tasks dtd, cifar".
    const [kind] = group;
    phrases.push(...(group.length === 1 && lacking.length > 1 ? [`${kind}s ${lacking.map((phrase) => phrase.slice(kind!.length + 1)).join(", ")}`] : lacking));
  }
  const single = [...missing];
  const rest = single.length - LISTED_RUNS;
  return { planned: planned.length, finished, missing: [...phrases, ...single.slice(0, LISTED_RUNS), ...(rest > 0 ? [`${rest} more runs`] : [])] };
}

/** "Partial: 8 of 12 planned runs are in; missing: task dtd."; null where the plan is done or not known. */
export function missingText(coverage: Coverage | undefined): string | null {
  if (coverage === undefined || coverage.finished >= coverage.planned) return null;
  return `Partial: ${coverage.finished} of ${coverage.planned} planned runs are in; missing: ${coverage.missing.join("; ")}.`;
}

/** `task=digits_method=pst_seed=0` taken apart; a value may hold underscores. */
function partsOf(name: string): Map<string, string> {
  return new Map([...name.matchAll(/(?:^|_)([A-Za-z]+)=(.*?)(?=_[A-Za-z]+=|$)/g)].map(([, key, value]) => [key!, value!]));
}
