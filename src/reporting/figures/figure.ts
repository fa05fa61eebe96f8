/**
 * @file What a figure is: plotly's data and layout as plain data, sized in CSS pixels, so that one object serves the notebook,
 * the page, the SVG and the PNG.
 */

/** A plain object of plotly's figure schema. */
export interface PlotlyObject {
  readonly [key: string]: unknown;
}

/** Layout with the size that the figure was composed for: 96 pixels to the inch. */
export interface FigureLayout extends PlotlyObject {
  readonly width: number;
  readonly height: number;
}

/** A figure: plain data that `JSON.stringify` keeps whole. */
export interface Figure {
  readonly data: readonly PlotlyObject[];
  readonly layout: FigureLayout;
}

/** Where a figure will stand: one or two columns of a journal page. */
export type FigureWidth = "single" | "double";

/** What every drawing from rows takes. */
export interface DrawingOptions {
  /** What the profile reduced, in a line below the panels. */
  readonly note: string;
  /** Default double. */
  readonly width?: FigureWidth;
  /** Labels of methods by name, where they differ from the kit's. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Widths in CSS pixels: 89 mm and 183 mm at 96 pixels to the inch. */
export const WIDTH_PX: Readonly<Record<FigureWidth, number>> = { single: 336, double: 692 };

/** Type sizes in CSS pixels; 9.33 px are the 7 points that journals ask for at least. */
export const TYPE = { title: 12.5, panel: 10.5, axis: 10, tick: 9.4, note: 9.4 } as const;
