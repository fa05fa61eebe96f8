/**
 * @file Quality of every stitch between two decoders, against its parameters and against its FLOPs.
 */
import { rowLabel, type InstructionRow } from "../instruction-rows.js";
import { instructionMeans, type InstructionMean } from "../instruction-tables.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { lineTrace, panelsFigure } from "./panels-figure.js";
import { anchorLabel, flopsTick, methodStyles } from "./style.js";

const costs = [
  { label: "Parameters", of: ({ params }: InstructionRow) => params, tick: (value: number) => `${Number((value / 1e6).toPrecision(3))}M` },
  { label: "FLOPs per token", of: ({ flopsPerToken }: InstructionRow) => flopsPerToken, tick: flopsTick },
] as const;

const qualities = [
  { label: "Response perplexity", title: "Perplexity (lower is better)", of: ({ perplexity }: InstructionMean) => perplexity, scale: 1 },
  { label: "ROUGE-L (%)", title: "Answers (higher is better)", of: ({ rougeL }: InstructionMean) => rougeL, scale: 100 },
] as const;

/** Four panels: two costs across, two qualities down; one line a method through its stitches. */
export function interpolationFigure(rows: readonly InstructionRow[], { note, width = "double", labels = {} }: DrawingOptions): Figure {
  const means = instructionMeans(rows);
  const styles = methodStyles([...means.keys()], labels);
  return panelsFigure(
    qualities.flatMap((quality) => costs.map((cost) => {
      const values = rows.map(cost.of);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const margin = 0.06 * (high - low || high);
      return {
        title: quality.title,
        x: { label: cost.label, range: [low - margin, high + margin] as const, ticks: roundTicks(low, high).map((tick) => [tick, cost.tick(tick)] as const) },
        y: { label: quality.label },
        traces: styles.map((style) => {
          const sorted = [...(means.get(style.id) ?? [])].sort((a, b) => cost.of(a.row) - cost.of(b.row));
          const trace = lineTrace(style, sorted.map((mean) => {
            const { mean: value, spread } = quality.of(mean);
            return { x: cost.of(mean.row), y: quality.scale * value, spread: spread === null ? null : quality.scale * spread, text: `${style.label}, ${rowLabel(mean.row, anchorLabel)}: ${(quality.scale * value).toFixed(1)}<br>${cost.tick(cost.of(mean.row))} ${cost.label}` };
          }));
          return { ...trace, marker: { color: style.color, symbol: style.symbol, opacity: 1, size: sorted.map(({ row }) => (row.kind === "anchor" ? 9 : 5)) } };
        }),
      };
    })),
    { note: `${note}. Each line joins a method's stitches from cheap to dear, the anchors among them (large marks). Bars: one sample standard deviation over seeds.`, key: styles, width, columns: width === "single" ? 1 : 2, shape: 0.6 },
  );
}

/** Three to six round values inside a span. */
function roundTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high * (1 + 1e-9) && step > 0; tick += step) ticks.push(Number(tick.toPrecision(6)));
  return ticks;
}
