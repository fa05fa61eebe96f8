/**
 * @file Whether a stitch costs what its FLOPs say: the time of a training step, stitch by stitch.
 */
import { withTrainStep, type BenchSettings } from "./bench.js";
import { processorSeconds } from "../experiments/processor-seconds.js";
import { median } from "./median.js";

/** One line of the benchmark; names as scripts read them. */
export interface StitchCostLine {
  readonly bench: "stitch-costs";
  readonly backend: string;
  readonly family: string;
  readonly tokens: number;
  readonly batch: number;
  readonly threads: number;
  readonly stitches: number;
  /** Processor time of a training step for 10⁹ multiply–accumulates of its forward passes, the median over stitches. */
  readonly cpu_ms_per_gmac: number;
  /** How far a stitch is from that, the median over stitches and the farthest, as a share of it. */
  readonly median_deviation: number;
  readonly worst_deviation: number;
  readonly worst_stitch: number;
}

/** Runs every stitch `rounds` times, all of them in each round, and takes its best time. Processor time, so that other programs count for little. */
export function measureStitchCosts(settings: BenchSettings, rounds: number): StitchCostLine {
  const { widths, tokens, batch, threads, backend } = settings;
  return withTrainStep(settings, ({ costs }, step) => {
    const best = costs.map(() => Infinity);
    for (let round = -1; round < rounds; round++) {
      for (const stitchId of costs.keys()) {
        const started = process.cpuUsage();
        step(stitchId);
        const milliseconds = 1000 * processorSeconds(started);
        if (round >= 0) best[stitchId] = Math.min(best[stitchId]!, milliseconds);
      }
    }
    const perGmac = best.map((milliseconds, stitchId) => milliseconds / ((batch * costs[stitchId]!.flops) / 1e9));
    const middle = median(perGmac);
    const deviations = perGmac.map((value) => Math.abs(value / middle - 1));
    const worst = Math.max(...deviations);
    return {
      bench: "stitch-costs",
      backend,
      family: widths.join(","),
      tokens,
      batch,
      threads,
      stitches: costs.length,
      cpu_ms_per_gmac: middle,
      median_deviation: median(deviations),
      worst_deviation: worst,
      worst_stitch: deviations.indexOf(worst),
    };
  });
}
