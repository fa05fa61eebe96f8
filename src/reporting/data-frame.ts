/**
 * @file Rows as a danfojs data frame, for exploring results in a notebook.
 *
 * danfojs is taken as it is where it is sound: choosing and sorting rows, joining frames, adding columns. Replaced here is what goes
 * wrong: means of groups with missing values (they become NaN, or count null as 0), the spread of a single value (0), CSV of cells
 * with commas or quotes (not quoted), and what a notebook shows of a frame (its insides). A left join groups rows by their key.
 */
import type { DataFrame } from "danfojs";
import { stringify } from "csv-stringify/sync";
import { tableContent, type TableValue } from "./notebook-display.js";
import { groupBy, meanSpread } from "./seed-means.js";

/** A row: its values by column. */
type Row = Readonly<Record<string, unknown>>;

/** Rows that a notebook shows of a frame. */
const SHOWN_ROWS = 20;

/**
 * Makes a frame of rows as {@link readRows} returns them. The first call loads danfojs (about a second and 90 MB).
 *
 * @param rows - objects with the same keys; null and undefined become NaN, which danfojs takes for missing.
 */
export async function dataFrame(rows: readonly object[]): Promise<DataFrame> {
  const { DataFrame: Frame } = await loadDanfojs();
  const columns = Object.keys(rows[0] ?? {});
  return new Frame(rows.map((row) => columns.map((column) => (row as Row)[column] ?? NaN)) as never, { columns });
}

async function loadDanfojs(): Promise<typeof import("danfojs")> {
  const danfojs = await import("danfojs");
  const display = { value: displayed, configurable: true };
  // Some methods return frames of the class below: all inherit from it.
  Object.defineProperty(Object.getPrototypeOf(danfojs.DataFrame.prototype) as object, Symbol.for("Jupyter.display"), display);
  return danfojs;
}

/** What a notebook shows of a frame that is a cell's value: a table of its first rows. */
function displayed(this: DataFrame): Readonly<Record<string, unknown>> {
  const rows = frameRows(this);
  const { data } = tableContent(this.columns, rows.slice(0, SHOWN_ROWS).map((row) => this.columns.map((column) => cell(row[column]))));
  if (rows.length <= SHOWN_ROWS) return data;
  const rest = `${rows.length - SHOWN_ROWS} more of ${rows.length} rows`;
  return { "text/html": `${String(data["text/html"])}<p>${rest}</p>`, "text/plain": `${String(data["text/plain"])}\n${rest}` };
}

function cell(value: unknown): TableValue {
  return value === null ? null : typeof value === "number" ? Number(value.toPrecision(6)) : String(value);
}

/** The rows of a frame; what is missing is null. */
export function frameRows(frame: DataFrame): Record<string, unknown>[] {
  return (frame.values as unknown[][]).map((values) => Object.fromEntries(frame.columns.map((column, place) => [column, values[place] === undefined || Number.isNaN(values[place]) ? null : values[place]])));
}

/**
 * Averages columns over the rows that agree in others; missing values do not count.
 *
 * @param keys - the columns that rows of a group agree in.
 * @param columns - of numbers.
 * @returns a frame with a row a group: the keys, then for each column its mean, `<column>_spread` (sample standard deviation; missing for one value) and `<column>_count`.
 */
export async function meansBy(frame: DataFrame, keys: readonly string[], columns: readonly string[]): Promise<DataFrame> {
  const groups = groupBy(frameRows(frame), (row) => JSON.stringify(keys.map((key) => row[key])));
  return dataFrame([...groups.values()].map((rows) => ({
    ...Object.fromEntries(keys.map((key) => [key, rows[0]![key]])),
    ...Object.fromEntries(columns.flatMap((column) => {
      const means = meanSpread(rows.flatMap((row) => (typeof row[column] === "number" ? [row[column]] : [])));
      return [[column, means?.mean], [`${column}_spread`, means?.spread], [`${column}_count`, means?.count ?? 0]];
    })),
  })));
}

/** A frame as CSV; cells with commas, quotes or line ends are quoted, what is missing is empty. */
export function frameToCsv(frame: DataFrame): string {
  return stringify(frameRows(frame), { header: true, columns: frame.columns });
}
