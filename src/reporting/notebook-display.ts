/**
 * @file Showing things in a notebook: bundles of MIME types, displays that change while a cell runs, progress, figures and tables.
 *
 * The kernel puts a function at `globalThis[Symbol.for("notebook.display")]`. Where there is none (a script, a test), the plain text
 * of a bundle is printed instead, so code with displays runs anywhere.
 */
import { randomUUID } from "node:crypto";
import { escapeHtml } from "./escape-html.js";
import { enlargeFigure } from "./figures/enlarge.js";
import type { Figure } from "./figures/figure.js";
import { renderFigure } from "./figures/render.js";

/** One content in several forms, by MIME type; a front end shows the richest that it knows. */
export interface MimeBundle {
  readonly [mimeType: string]: unknown;
}

/** A bundle with what front ends need to show it, such as the width of a picture. */
export interface NotebookContent {
  readonly data: MimeBundle;
  readonly metadata?: MimeBundle;
}

/** A place in the notebook whose content is replaced by each update. */
export interface LiveDisplay {
  update(content: NotebookContent): void;
}

/** How far a long computation is: `done` of `total` steps, and what it says. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  readonly label: string;
}

type DisplayHook = (content: Record<string, unknown>, update: boolean) => void;

const HOOK = Symbol.for("notebook.display");

/** Progress is shown at most this often, in milliseconds: a browser need not draw a thousand bars a second. */
const PROGRESS_EVERY_MS = 100;

/**
 * The signal of the running cell: give it to long work, so that "Interrupt Kernel" ends the work and not only the waiting for it.
 *
 * @returns a signal that never fires outside a notebook.
 */
export function interruptSignal(): AbortSignal {
  const controller = (globalThis as Record<symbol, unknown>)[Symbol.for("notebook.signal")] as AbortController | undefined;
  return (controller ?? new AbortController()).signal;
}

/** Figures are composed in the sizes of a printed column; on a screen they are shown this much larger. */
const SCREEN_ZOOM = 1.5;

/** Shows a content once, in the output of the running cell. */
export function show(content: NotebookContent): void {
  send(content, undefined, false);
}

/** Opens a display that can be updated, also from a later cell. It appears with its first content. */
export function liveDisplay(): LiveDisplay {
  const displayId = randomUUID();
  let isShown = false;
  return {
    update(content) {
      send(content, displayId, isShown);
      isShown = true;
    },
  };
}

function send({ data, metadata = {} }: NotebookContent, displayId: string | undefined, update: boolean): void {
  const hook = (globalThis as Record<symbol, unknown>)[HOOK] as DisplayHook | undefined;
  if (hook !== undefined) hook({ data, metadata, transient: displayId === undefined ? {} : { display_id: displayId } }, update);
  else if (!update) process.stdout.write(`${String(data["text/plain"] ?? "")}\n`);
}

/**
 * Makes a progress bar with the time left; give its `onProgress` to any long computation.
 *
 * @param title - what is being done: "Adapting".
 */
export function progressDisplay(title: string): { readonly onProgress: (progress: ProgressState) => void } {
  const display = liveDisplay();
  const opened = performance.now();
  let started = opened;
  let shownAt = -Infinity;
  let before = 0;
  const onProgress = (progress: ProgressState): void => {
    const now = performance.now();
    if (progress.done < before) started = now; // another part of the work has begun
    before = progress.done;
    if (now - shownAt < PROGRESS_EVERY_MS && progress.done < progress.total) return;
    shownAt = now;
    display.update(progressContent(title, progress, (now - started) / 1000, (now - opened) / 1000));
  };
  return { onProgress };
}

/** The content of a progress bar after `seconds` of the part that goes on, and of all parts so far. */
export function progressContent(title: string, { done, total, label }: ProgressState, seconds: number, secondsInAll = seconds): NotebookContent {
  const left = done === 0 ? Infinity : (seconds / done) * (total - done);
  const time = done >= total ? `${duration(secondsInAll)} in all` : Number.isFinite(left) ? `${duration(left)} left` : "";
  const text = [`${title}: ${done} of ${total}`, label, time].filter((part) => part !== "").join(" · ");
  const bar = `<progress value="${done}" max="${total}" style="width: 16em; vertical-align: middle"></progress>`;
  return { data: { "text/html": `<div>${bar} ${escapeHtml(text)}</div>`, "text/plain": text } };
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Draws a figure for a notebook: interactive where the front end has plotly, a picture everywhere else.
 *
 * JupyterLab shows the picture until the pointer enters it, in the picture's own size, so both have the same. HTML and SVG are left out
 * on purpose: a notebook that is opened without being trusted shows them blank.
 *
 * @param description - what the figure shows, for readers without pictures.
 */
export async function figureContent(figure: Figure, description: string): Promise<NotebookContent> {
  const picture = await pictureContent(figure, description);
  const { data, layout } = enlargeFigure(figure, SCREEN_ZOOM);
  return { ...picture, data: { "application/vnd.plotly.v1+json": { data, layout }, ...picture.data } };
}

/** The picture alone. */
async function pictureContent(figure: Figure, description: string): Promise<NotebookContent> {
  const { png } = await renderFigure(figure, { zoom: SCREEN_ZOOM });
  return {
    data: { "image/png": Buffer.from(png).toString("base64"), "text/plain": description },
    metadata: { "image/png": { width: Math.round(figure.layout.width * SCREEN_ZOOM) } },
  };
}

/** Shows a figure in the running cell; see {@link figureContent}. */
export async function showFigure(figure: Figure, description: string): Promise<void> {
  show(await figureContent(figure, description));
}

/** A figure in the notebook that is drawn anew while a computation goes on. */
export interface LiveFigure {
  /** Draws the figure in place of the one before. Takes about half a second, so call it a few times, not at every step. */
  update(figure: Figure): Promise<void>;
}

/** Opens a place for a figure that changes. It is a picture: JupyterLab would not update an interactive one that the pointer has touched. */
export function liveFigure(description: string): LiveFigure {
  const display = liveDisplay();
  return { update: async (figure) => display.update(await pictureContent(figure, description)) };
}

/** A cell of a table: numbers are set to the right, also formatted ones; missing values are a dash. */
export type TableValue = string | number | null;

/** `1,290,126`, `44.3`, `−2.0 ± 0.4`. */
const FORMATTED_NUMBER = /^[+−-]?\d[\d,.]*( ± \d[\d.]*)?( %)?$/;

function isNumber(value: TableValue): boolean {
  return typeof value === "number" || (value !== null && FORMATTED_NUMBER.test(value));
}

/**
 * Makes a table for a notebook.
 *
 * @param headers - names of the columns.
 * @param rows - one value for each column; numbers come formatted or are shown as they are.
 */
export function tableContent(headers: readonly string[], rows: readonly (readonly TableValue[])[]): NotebookContent {
  const texts = rows.map((row) => row.map((value) => (value === null ? "–" : String(value))));
  const isNumeric = headers.map((_, column) => rows.every((row) => row[column] === null || isNumber(row[column]!)));
  const widths = headers.map((header, column) => Math.max(header.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((text, column) => (isNumeric[column] === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0))).join("  ").trimEnd();
  const plain = [line(headers), line(widths.map((width) => "─".repeat(width))), ...texts.map(line)].join("\n");
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((text, column) => `<${tag} style="text-align: ${isNumeric[column] === true ? "right" : "left"}">${escapeHtml(text)}</${tag}>`).join("");
  const body = texts.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n");
  return { data: { "text/html": `<table>\n<thead><tr>${cells("th", headers)}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`, "text/plain": plain } };
}

/** Shows a table in the running cell; see {@link tableContent}. */
export function showTable(headers: readonly string[], rows: readonly (readonly TableValue[])[]): void {
  show(tableContent(headers, rows));
}

/** A number that is known exactly beforehand, and what was counted. */
export interface ExpectedNumber {
  readonly what: string;
  readonly expected: number;
  readonly measured: number;
}

/** Sets measured numbers beside the expected ones, with a mark that says whether they agree exactly. */
export function expectationContent(numbers: readonly ExpectedNumber[]): NotebookContent {
  const grouped = (value: number): string => value.toLocaleString("en-GB");
  const rows = numbers.map(({ what, expected, measured }) => [what, grouped(expected), grouped(measured), expected === measured ? "✓" : "✗ differs"]);
  return tableContent(["", "expected", "measured", "match"], rows);
}

/** Shows measured beside expected numbers in the running cell; see {@link expectationContent}. */
export function showExpected(numbers: readonly ExpectedNumber[]): void {
  show(expectationContent(numbers));
}
