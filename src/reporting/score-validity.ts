/**
 * @file How well scores predict accuracy: rank correlations inside FLOPs bins and over all stitches, and what choosing by score loses.
 */
import { choiceColumn, fractionColumn, numberColumn, textColumn, wholeColumn, type RowOf } from "./columns.js";
import { kendall, spearman } from "./rank-correlation.js";
import { defineRows, taskGroups, type RowType } from "./record.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";

const scoreColumns = {
  task: textColumn(),
  group: choiceColumn(taskGroups),
  seed: wholeColumn(),
  /** Variant of the score; `training-average` is the moving average that deployment goes by. */
  variant: textColumn(),
  /** Steps done when the score was taken, of `steps`. */
  step: wholeColumn(1),
  steps: wholeColumn(1),
  stitchId: wholeColumn(),
  /** Multiply–accumulates of one image. */
  flops: wholeColumn(1),
  /** FLOPs bins that the comparison is made in. */
  bins: wholeColumn(1),
  score: numberColumn(),
  /** Test accuracy at the end of the training. */
  top1: fractionColumn(),
  profile: textColumn(),
} as const;

/** One score of one stitch. */
export type ScoreRow = RowOf<typeof scoreColumns>;

/** The rows of importance-validity. */
export const scoreRows: RowType<ScoreRow> = defineRows("importance-validity", scoreColumns, ["task", "seed", "variant", "step", "stitchId"]);

/** The score that the paper names, as we reduce it. */
export const PAPER_SCORE = "trainable";

/** Names of the scores for readers. The paper names SNIP; its reduction and the other scores are ours. */
export const scoreLabels: Readonly<Record<string, string>> = {
  trainable: "SNIP of trained tensors", merged: "SNIP of merged weights", "gradient-norm": "Gradient norm", fisher: "Squared gradient (Fisher)",
  loss: "Minus the loss", random: "Random numbers", "training-average": "SNIP averaged in training",
};

/** What is measured of one variant at one time of one run. */
export interface ScoreMeasures {
  /** Mean over bins of Spearman's ρ inside the bin; bins without a ρ (all equal) are left out. */
  readonly spearmanInBins: number | null;
  /** The same with Kendall's τ-b. */
  readonly kendallInBins: number | null;
  /** Over all stitches, cost and all. */
  readonly spearman: number | null;
  readonly kendall: number | null;
  /** Mean over bins of the best accuracy in the bin less that of the stitch of the highest score. */
  readonly regret: number;
  /** Regret expected of a uniform random choice, exactly: mean over bins of the best accuracy less the mean. The same for every score. */
  readonly uniformRegret: number;
  /** What choosing by score gains over that. */
  readonly gain: number;
}

/** Cuts stitches into bins of equal count by cost, the first ones taking the remainder. The method's definition, as its sampler has it. */
export function costBins<Row extends { readonly flops: number; readonly stitchId: number }>(rows: readonly Row[], bins: number): Row[][] {
  const sorted = [...rows].sort((a, b) => a.flops - b.flops || a.stitchId - b.stitchId);
  const count = Math.min(bins, sorted.length);
  const [size, more] = [Math.floor(sorted.length / count), sorted.length % count];
  let start = 0;
  return Array.from({ length: count }, (_, bin) => sorted.slice(start, (start += size + (bin < more ? 1 : 0))));
}

/** Measures one variant at one time of one run. @param rows - one a stitch. */
export function measureScores(rows: readonly ScoreRow[]): ScoreMeasures {
  const bins = costBins(rows, rows[0]!.bins);
  const mean = (values: readonly (number | null)[]): number | null => meanSpread(values.filter((value) => value !== null))?.mean ?? null;
  const over = (correlation: typeof spearman, some: readonly ScoreRow[]): number | null => correlation(some.map(({ score }) => score), some.map(({ top1 }) => top1));
  const best = (bin: readonly ScoreRow[]): number => Math.max(...bin.map(({ top1 }) => top1));
  const regret = average(bins.map((bin) => best(bin) - bin.reduce((chosen, row) => (row.score > chosen.score ? row : chosen)).top1));
  const uniformRegret = average(bins.map((bin) => best(bin) - average(bin.map(({ top1 }) => top1))));
  return {
    spearmanInBins: mean(bins.map((bin) => over(spearman, bin))), kendallInBins: mean(bins.map((bin) => over(kendall, bin))),
    spearman: over(spearman, rows), kendall: over(kendall, rows), regret, uniformRegret, gain: uniformRegret - regret,
  };
}

/** One line for each variant, time and seed: means over tasks. */
export interface ScoreLine {
  readonly variant: string;
  /** Share of the training done. */
  readonly share: number;
  readonly seed: number;
  readonly measures: { readonly [Key in keyof ScoreMeasures]: number | null };
}

/** Measures every variant at every time, mean over tasks, seed by seed. */
export function scoreLines(rows: readonly ScoreRow[]): ScoreLine[] {
  return [...groupBy(rows, ({ variant, step, seed }) => `${variant}\n${step}\n${seed}`).values()].map((some) => {
    const { variant, step, steps, seed } = some[0]!;
    const perTask = [...groupBy(some, ({ task }) => task).values()].map(measureScores);
    const mean = (key: keyof ScoreMeasures): number | null => meanSpread(perTask.map((measures) => measures[key]).filter((value) => value !== null))?.mean ?? null;
    return {
      variant, share: step / steps, seed,
      measures: {
        spearmanInBins: mean("spearmanInBins"), kendallInBins: mean("kendallInBins"), spearman: mean("spearman"), kendall: mean("kendall"),
        regret: mean("regret"), uniformRegret: mean("uniformRegret"), gain: mean("gain"),
      },
    };
  });
}

/** A measure of a variant over seeds; null where it was not taken. @param share - of the training done; its end by default. */
export function validityOf(lines: readonly ScoreLine[], variant: string, key: keyof ScoreMeasures, share = 1): MeanSpread | null {
  return meanSpread(lines.filter((line) => line.variant === variant && line.share === share).map(({ measures }) => measures[key]).filter((value) => value !== null));
}

/** The table `validity`: every variant at every time. */
export function validityTable(rows: readonly ScoreRow[], note: string): Table {
  const lines = scoreLines(rows);
  const cells = [...groupBy(lines, ({ variant, share }) => `${variant}\n${share}`).values()].map(([cell]) => cell!);
  return {
    id: "validity", title: "How well scores predict accuracy", note,
    legend:
      "ρ and τ-b: Spearman's and Kendall's rank correlation of score and final test accuracy, inside bins of like cost (mean over bins) or over all stitches. Regret: the best accuracy of a bin less that " +
      "of its stitch of the highest score, mean over bins. Gain: the regret expected of a uniform random choice in each bin (best less mean, exact) less the score's. Means over tasks; ± is the sample " +
      "standard deviation over seeds. SNIP averaged in training is the moving average that deployment goes by.",
    columns: [
      { key: "variant", label: "Score", format: "text", labels: scoreLabels }, { key: "share", label: "Training done (%)", format: "percent" },
      { key: "spearman_in_bins", label: "ρ in bins", format: "number" }, { key: "kendall_in_bins", label: "τ-b in bins", format: "number" }, { key: "spearman", label: "ρ over all", format: "number" },
      { key: "kendall", label: "τ-b over all", format: "number" }, { key: "regret", label: "Regret (%)", format: "percent" }, { key: "gain", label: "Gain over a uniform choice (%)", format: "percent" },
    ],
    rows: cells.map(({ variant, share }) => {
      const of = (key: keyof ScoreMeasures): MeanSpread | null => validityOf(lines, variant, key, share);
      return { variant, share, spearman_in_bins: of("spearmanInBins"), kendall_in_bins: of("kendallInBins"), spearman: of("spearman"), kendall: of("kendall"), regret: of("regret"), gain: of("gain") };
    }),
  };
}
