/**
 * @file Keeps a long list of problems readable: a handful word for word, the rest as a number.
 */

const MOST_SHOWN = 10;

/** The first ten different problems, and a last line with how many more there are. `what` names them, as in "lines". */
export function shortened(problems: readonly string[], what: string): string[] {
  const different = [...new Set(problems)];
  if (different.length <= MOST_SHOWN) return different;
  return [...different.slice(0, MOST_SHOWN), `… and ${different.length - MOST_SHOWN} more ${what}.`];
}
