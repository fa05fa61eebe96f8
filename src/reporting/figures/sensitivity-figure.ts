/**
 * @file What a sampler's settings are worth: areas under the frontier and under what is deployed, setting by setting.
 */
import { comparableRows, extentOf, methodAndAnchor } from "../common-runs.js";
import type { StitchRow } from "../record.js";
import { meanSpread } from "../seed-means.js";
import { areasBySeed } from "../tables.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure } from "./panels-figure.js";
import { methodStyles } from "./style.js";

/** One setting: its name, its letter, its values from low to high, and the method in the rows that was run with each. */
export interface Knob {
  readonly name: string;
  readonly letter: string;
  readonly methods: readonly (readonly [value: string, method: string])[];
}

/** One panel a setting, values evenly spaced. @param reference - method that is drawn across, as it stands in the rows. */
export function sensitivityFigure(rows: readonly StitchRow[], knobs: readonly Knob[], reference: string, { note, width = "double", labels = {} }: DrawingOptions): Figure {
  const shown = new Set([reference, ...knobs.flatMap(({ methods }) => methods.map(([, method]) => method))]);
  const all = rows.filter(({ method }) => shown.has(method));
  const common = comparableRows(all, methodAndAnchor);
  const kept = common.length === 0 ? all : common;
  const [under, deployed] = [areasBySeed(kept), areasBySeed(kept, ({ areaBySelection }) => areaBySelection)];
  const lines = [
    { id: "frontier", label: "Under the frontier", areaOf: under },
    { id: "deployed", label: "Under what is deployed", areaOf: deployed },
    { id: "reference", label: `${labels[reference] ?? reference}, under the frontier`, areaOf: () => under(reference) },
    { id: "reference-deployed", label: `${labels[reference] ?? reference}, under what is deployed`, areaOf: () => deployed(reference) },
  ];
  const styles = methodStyles(lines.map(({ id }) => id), Object.fromEntries(lines.map(({ id, label }) => [id, label])));
  const { tasks, seeds } = extentOf(kept);
  const drawn = knobs.map((knob) => ({ ...knob, lines: lines.map(({ label, areaOf }) => knob.methods.flatMap(([value, method], index) => {
    const area = meanSpread([...areaOf(method).values()].map((one) => 100 * one));
    return area === null ? [] : [{ x: index, y: area.mean, spread: area.spread, text: `${label}, ${knob.letter} ${value}: ${area.mean.toFixed(1)} %` }];
  })) }));
  // One range for all, so that a setting that matters looks as if it did.
  const ends = drawn.flatMap(({ lines: points }) => points.flat().flatMap(({ y, spread }) => [y - (spread ?? 0), y + (spread ?? 0)]));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = Math.max(0.2, 0.08 * (high - low));
  const panels = drawn.map(({ name, letter, methods, lines: points }) => ({
    title: name,
    x: { label: letter, range: [-0.4, methods.length - 0.6] as const, ticks: methods.map(([value], index) => [index, value] as const) },
    y: { label: "Area, mean of tasks (%)", range: [low - margin, high + margin] as const },
    traces: points.map((ofLine, line) => lineTrace(styles[line]!, ofLine)),
  }));
  return panelsFigure(panels, { note: `${note}. Mean over tasks (${tasks}) and seeds (${seeds}) that all have.`, width, key: styles });
}
