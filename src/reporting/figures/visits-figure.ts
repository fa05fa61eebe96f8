/**
 * @file How often each sampler draws which stitch, by what the stitch costs.
 */
import type { StitchRow } from "../record.js";
import { groupBy } from "../seed-means.js";
import type { DrawingOptions, Figure } from "./figure.js";
import { panelsFigure, pointsTrace } from "./panels-figure.js";
import { flopsText, flopsTick, logTicks, methodStyles } from "./style.js";

/** One panel a sampler: visits of each stitch, mean over tasks and seeds, against its cost. @param methods - samplers as they stand in the rows. */
export function visitsFigure(rows: readonly StitchRow[], methods: readonly string[], { note, width = "double", labels = {} }: DrawingOptions): Figure {
  const styles = methodStyles(methods, labels);
  const points = styles.map((style) => ({
    style,
    stitches: [...groupBy(rows.filter(({ method }) => method === style.id), ({ stitchId }) => stitchId)].map(([stitchId, ofStitch]) => {
      const visits = ofStitch.reduce((sum, row) => sum + (row.visits ?? 0), 0) / ofStitch.length;
      const { flops, kind } = ofStitch[0]!;
      return { x: flops, y: visits, text: `${kind} ${stitchId}: ${visits.toFixed(1)} visits<br>${flopsText(flops)}` };
    }),
  }));
  const costs = points.flatMap(({ stitches }) => stitches.map(({ x }) => x));
  const range = [Math.min(...costs) / 1.1, Math.max(...costs) * 1.1] as const;
  const top = 1.08 * Math.max(...points.flatMap(({ stitches }) => stitches.map(({ y }) => y)));
  const ticks = logTicks(...range, 160, () => 26).map((tick) => [tick, flopsTick(tick)] as const);
  return panelsFigure(
    points.map(({ style, stitches }) => ({
      title: style.label,
      x: { label: "FLOPs per image", log: true, range, ticks },
      y: { label: "Visits", range: [-top / 25, top] },
      traces: [pointsTrace(style, stitches, 0.8)],
    })),
    { note: `${note}. Each mark is a stitch or anchor; mean over tasks and seeds.`, width, ...(width === "double" && points.length === 4 ? { columns: 2, shape: 0.5 } : {}) },
  );
}
