/**
 * @file Reads VTAB's list files: a picture and its label on each line, as in `images/test/000000.jpg 3`.
 */
import { shown } from "../checks.js";

/** One line of a list. */
export interface ListEntry {
  /** Relative to the task's folder. */
  readonly path: string;
  readonly label: number;
  /** Counted from 1. */
  readonly line: number;
}

/** The sound lines of a list and what is wrong with the others, one message each. */
export interface ListContent {
  readonly entries: readonly ListEntry[];
  readonly problems: readonly string[];
}

/** Largest label of a custom task that is believed: a larger one is rather a misread line. */
const MOST_LABEL = 99_999;

/**
 * Parses a list; empty lines are skipped, a path may hold spaces.
 *
 * @param file - named in the messages.
 * @param classes - labels must be below it; unknown for a custom task without `classes.txt`.
 */
export function parseList(file: string, text: string, classes: number | undefined): ListContent {
  const entries: ListEntry[] = [];
  const problems: string[] = [];
  const highest = classes === undefined ? MOST_LABEL : classes - 1;
  const expected = `expected a path and a whole label from 0 ${classes === undefined ? "up" : `to ${highest}`}, as in "images/test/000000.jpg 3"`;
  text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .forEach((content, index) => {
      const line = content.trim();
      if (line === "") return;
      const problem = (reason: string): number => problems.push(`${file}:${index + 1}: ${shown(line)}${reason}, ${expected}. Correct the line.`);
      const match = /^(.*\S)\s+(\S+)$/.exec(line);
      if (match === null) return void problem(" has no label");
      const path = match[1]!;
      const written = match[2]!;
      const label = /^\d{1,9}$/.test(written) ? Number(written) : NaN;
      if (Number.isNaN(label)) return void problem(` has the label ${shown(written)}`);
      if (label > highest) return void problem(` has the label ${label}${classes === undefined ? "" : ` of ${classes} classes`}`);
      if (leavesFolder(path)) return void problem(" names a file outside the task's folder");
      entries.push({ path, label, line: index + 1 });
    });
  return { entries, problems };
}

function leavesFolder(path: string): boolean {
  return /^([\\/]|[A-Za-z]:)/.test(path) || path.split(/[\\/]/).includes("..");
}
