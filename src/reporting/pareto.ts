/**
 * @file The accuracy–FLOPs frontier of a set of stitches, and the area under it as one number per method.
 *
 * Our choice throughout: the paper draws frontiers and gives no single number for them.
 */

/** What a frontier needs of a stitch: its cost and its accuracy (a fraction). */
export interface CostedPoint {
  readonly flops: number;
  readonly top1: number;
}

/** A span of budgets in FLOPs, both ends included. */
export interface FlopsRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Picks the points that no other point beats: none costs at most as much and is at least as accurate, one of the two strictly.
 *
 * Of points equal in both, the first given stays.
 *
 * @returns the frontier by rising FLOPs; its accuracy rises strictly too.
 */
export function paretoFrontier<Point extends CostedPoint>(points: readonly Point[]): Point[] {
  // Sorting is stable, so the first of two equal points comes first.
  const byCost = [...points].sort((a, b) => a.flops - b.flops || b.top1 - a.top1);
  const frontier: Point[] = [];
  let best = -Infinity;
  for (const point of byCost) {
    if (point.top1 > best) {
      frontier.push(point);
      best = point.top1;
    }
  }
  return frontier;
}

/** The most accurate point that costs at most `budget` FLOPs (the cheaper of two equals), or null where none does. */
export function bestWithin<Point extends CostedPoint>(points: readonly Point[], budget: number): Point | null {
  const frontier = paretoFrontier(points.filter((point) => point.flops <= budget));
  return frontier[frontier.length - 1] ?? null;
}

/**
 * The span of budgets that every method can be judged on: from the dearest of the methods' cheapest points, so that each has
 * something to offer, to the cheapest of their dearest points.
 *
 * @returns null where a method has no points or the methods' costs do not overlap.
 */
export function commonRange(methods: readonly (readonly CostedPoint[])[]): FlopsRange | null {
  if (methods.length === 0 || methods.some((points) => points.length === 0)) return null;
  const low = Math.max(...methods.map((points) => Math.min(...points.map(({ flops }) => flops))));
  const high = Math.min(...methods.map((points) => Math.max(...points.map(({ flops }) => flops))));
  return low <= high ? { low, high } : null;
}

/**
 * Averages the best accuracy over all budgets of a range, each octave of cost counting the same.
 *
 * With `best(c)` the accuracy of the best point of cost at most `c` (a step function: a stitch runs or it does not, nothing
 * lies between two of them),
 *
 * `area = 1 / (log10 high − log10 low) · ∫ best(10^u) du` for u from log10 low to log10 high.
 *
 * It is a fraction like top-1: a method with one accuracy at every budget has that accuracy as its area. For `low = high` it
 * is `best(low)`. The best is found with the accuracy itself, so on test it is what an oracle would reach.
 *
 * @returns null where no point is affordable at `low`: an area over a part of the range would not compare.
 */
export function areaUnderFrontier(points: readonly CostedPoint[], range: FlopsRange): number | null {
  return areaUnderChoice(points, range, ({ top1 }) => top1);
}

/**
 * The same average for a user who cannot see the accuracies: at each budget the affordable point of the highest `score` is run
 * (the cheaper of two equals), and its accuracy counts.
 *
 * @param score - what the choice goes by: validation accuracy, importance, or the cost itself.
 */
export function areaUnderChoice<Point extends CostedPoint>(
  points: readonly Point[], { low, high }: FlopsRange, score: (point: Point) => number,
): number | null {
  const byCost = [...points].sort((a, b) => a.flops - b.flops);
  let chosen: Point | null = null;
  let from = low;
  let area = 0;
  for (const point of byCost) {
    if (point.flops > high) break;
    if (chosen !== null && score(point) <= score(chosen)) continue;
    if (point.flops > low) {
      if (chosen === null) return null;
      area += chosen.top1 * Math.log10(point.flops / from);
      from = point.flops;
    }
    chosen = point;
  }
  if (chosen === null) return null;
  if (!(high > low)) return chosen.top1;
  return (area + chosen.top1 * Math.log10(high / from)) / Math.log10(high / low);
}
