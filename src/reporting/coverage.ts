/**
 * @file How much of a plan was run, and what is missing of it: whole tasks, methods or seeds where they lack altogether, else single runs.
 */
import { groupBy } from "./seed-means.js";

/** Runs of a plan by whether the rows hold them. */
export interface Coverage {
  readonly planned: number;
  readonly finished: number;
  /** What is missing, for readers: "task dtd", "seeds 1, 2 of task digits", "task=digits_method=pst_seed=1". */
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
  const lacking = (group: readonly string[]): (readonly string[])[] => {
    const found: (readonly string[])[] = [];
    for (const names of groupBy(planned, (name) => valuesAt(name, group).join("\0")).values()) {
      if (names.length <= 1 || names.some(isFinished) || !names.some((name) => missing.has(name))) continue;
      found.push(valuesAt(names[0]!, group));
      for (const name of names) missing.delete(name);
    }
    return found;
  };
  const phrases: string[] = [];
  for (const key of keys) {
    const values = lacking([key]).map(([value]) => value!);
    if (values.length > 0) phrases.push(counted(key, values));
  }
  // Values of one key that lack the same values of another share a phrase: "methods pst, sn-net of tasks dtd, cifar".
  for (const [second, first] of keys.flatMap((key, index) => keys.slice(index + 1).map((other) => [other, key] as const))) {
    const bySecond = groupBy(lacking([second, first]), ([value]) => value!);
    for (const sharing of groupBy([...bySecond], ([, pairs]) => pairs.map(([, value]) => value).join("\0")).values()) {
      phrases.push(`${counted(second, sharing.map(([value]) => value))} of ${counted(first, sharing[0]![1].map(([, value]) => value!))}`);
    }
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

/** "task dtd", "tasks dtd, cifar". */
function counted(key: string, values: readonly string[]): string {
  return `${key}${values.length > 1 ? "s" : ""} ${values.join(", ")}`;
}

function valuesAt(name: string, keys: readonly string[]): string[] {
  const parts = partsOf(name);
  return keys.map((key) => parts.get(key) ?? "–");
}

/** `task=digits_method=pst_seed=0` taken apart; a value may hold underscores. */
function partsOf(name: string): Map<string, string> {
  return new Map([...name.matchAll(/(?:^|_)([A-Za-z]+)=(.*?)(?=_[A-Za-z]+=|$)/g)].map(([, key, value]) => [key!, value!]));
}
