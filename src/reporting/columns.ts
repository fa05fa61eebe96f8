/**
 * @file What a column of a results file holds, how a value is written in it and how strictly it is read.
 */
import { shown } from "../checks.js";

/** One column: its values as text and back. `undefined` from `parse` means that the text is not such a value. */
export interface Column<Value> {
  /** What a value must be, for messages: "a fraction from 0 to 1". */
  readonly expected: string;
  /** Whether an empty field (null in memory) is allowed. */
  readonly nullable: boolean;
  /** Writes a value; `undefined` where the value does not belong in this column. */
  format(value: Value): string | undefined;
  /** Reads a value from the exact text that `format` may have written, or from an equivalent number. */
  parse(text: string): Value | undefined;
}

/** Columns by their camelCase name; the order of the keys is the order in the file. */
export type Columns = Readonly<Record<string, Column<unknown>>>;

/** The row that a set of columns describes. */
export type RowOf<Set extends Columns> = {
  readonly [Name in keyof Set]: Set[Name] extends Column<infer Value> ? Value : never;
};

/** Text of any content but empty. */
export function textColumn(): Column<string> {
  return {
    expected: "a text that is not empty",
    nullable: false,
    format: (value) => (typeof value === "string" && value !== "" ? value : undefined),
    parse: (text) => (text === "" ? undefined : text),
  };
}

/** One of a fixed list of texts. */
export function choiceColumn<const Choice extends string>(choices: readonly Choice[]): Column<Choice> {
  const chosen = (text: string): Choice | undefined => choices.find((choice) => choice === text);
  return { expected: `one of ${choices.join(", ")}`, nullable: false, format: chosen, parse: chosen };
}

/** A whole number of at least `low` (default 0) and at most `high` (default: the largest safe integer). */
export function wholeColumn(low = 0, high: number = Number.MAX_SAFE_INTEGER): Column<number> {
  const fits = (value: number): boolean => Number.isSafeInteger(value) && value >= low && value <= high;
  return {
    expected: high === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${low}` : `a whole number from ${low} to ${high}`,
    nullable: false,
    format: (value) => (fits(value) ? String(value) : undefined),
    parse: (text) => (/^-?\d+$/.test(text) && fits(Number(text)) ? Number(text) : undefined),
  };
}

/** Yes or no, on disk and in memory 1 or 0. */
export function flagColumn(): Column<0 | 1> {
  return {
    expected: "0 or 1",
    nullable: false,
    format: (value) => (value === 0 || value === 1 ? String(value) : undefined),
    parse: (text) => (text === "0" ? 0 : text === "1" ? 1 : undefined),
  };
}

/** A fraction from 0 to 1, written with six decimals. */
export function fractionColumn(): Column<number> {
  const fits = (value: number): boolean => value >= 0 && value <= 1;
  return {
    expected: "a fraction from 0 to 1",
    nullable: false,
    format: (value) => (typeof value === "number" && fits(value) ? value.toFixed(6) : undefined),
    parse: (text) => (isDecimal(text) && fits(Number(text)) ? Number(text) : undefined),
  };
}

/** Any finite number, written with nine significant digits. */
export function numberColumn(): Column<number> {
  return {
    expected: "a finite number",
    nullable: false,
    // The detour through Number drops trailing zeros, and -0 becomes 0.
    format: (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(9)) + 0) : undefined),
    parse: (text) => (isDecimal(text) && Number.isFinite(Number(text)) ? Number(text) : undefined),
  };
}

/** The same column, with null for a value that is missing: an empty field on disk, never 0. */
export function optional<Value>(column: Column<Value>): Column<Value | null> {
  return {
    expected: `${column.expected}, or nothing where it is missing`,
    nullable: true,
    format: (value) => (value === null ? "" : column.format(value)),
    parse: (text) => (text === "" ? null : column.parse(text)),
  };
}

/** The name of a column on disk: `stitchId` becomes `stitch_id`, `valTop1` becomes `val_top1`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The end of a message about a value that does not belong in its column. */
export function columnProblem(name: string, column: Column<unknown>, value: unknown): string {
  return `${snakeCase(name)} is ${shown(value)}, expected ${column.expected}.`;
}

function isDecimal(text: string): boolean {
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}
