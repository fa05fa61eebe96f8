/**
 * @file `esta bench`: how fast a PST training step, inference and a matrix product are, as a table or as JSON lines.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { UsageError } from "../checks.js";
import { benchImages, measureInference, measureMatmul, measureTrainStep, type BenchSettings, type Measurement } from "./bench.js";
import { startEngine, wholeNumber, wholeNumbers, withEngineOptions, type EngineOptions } from "./options.js";
import { measureStitchCosts } from "./stitch-costs.js";
import type { Terminal } from "./terminal.js";
import { textTable } from "./text-table.js";

interface BenchCommandOptions extends EngineOptions {
  readonly family: number[];
  readonly tokens: number;
  readonly batch: number;
  readonly steps: number;
  readonly only?: "train-step" | "inference";
  readonly costs?: number;
  readonly json?: true;
  readonly details?: true;
}

const timed = { "train-step": measureTrainStep, inference: measureInference };

/** Adds the command. */
export function addBenchCommand(program: Command, terminal: Terminal): void {
  withEngineOptions(program.command("bench"))
    .description("measure a PST training step (a random stitch each step), inference and a matrix product; random weights")
    .option("--family <widths>", "widths of the anchors, multiples of 16 by commas", familyWidths, [48, 96, 192])
    .option("--tokens <count>", "17 (patch 8) or 65 (patch 4) tokens of a 32×32 image, or 197 (patch 16) of a 224×224 image", tokenCount, 65)
    .option("--batch <count>", "images a step", wholeNumber(1), 32)
    .option("--steps <count>", "timed steps, after one of every anchor and three more", wholeNumber(1), 30)
    .addOption(new Option("--only <bench>", "one of the two that run the family, after the product").choices(Object.keys(timed)))
    .option("--costs <rounds>", "instead, run every stitch so many times: does its time follow its FLOPs?", wholeNumber(1))
    .option("--json", "one JSON object a line, for scripts")
    .option("--details", "with --json, also the processor time of an image and how much the last steps are slower than the first")
    .addHelpText("after", "\nExamples:\n  esta bench\n  esta bench --family 192,384,768 --tokens 197 --batch 8 --threads 2 --json\n  esta bench --tokens 17 --steps 10000 --only train-step\n  esta bench --costs 5\n  esta bench --backend wasm --steps 5")
    .action(async ({ family, tokens, batch, steps, only, costs, json, details, ...engine }: BenchCommandOptions) => {
      const { headWidth } = benchImages[tokens]!;
      if (family.some((width) => width % headWidth !== 0)) throw new UsageError(`bench: family is ${family.join(",")}, expected multiples of ${headWidth} at ${tokens} tokens (${headWidth} features a head).`);
      const inUse = await startEngine(json === true ? { print: (line = "") => terminal.complain(line) } : terminal, engine);
      const settings: BenchSettings = { widths: family, tokens, batch, steps, backend: inUse.backend, threads: inUse.threads };
      if (costs !== undefined) {
        const line = measureStitchCosts(settings, costs);
        const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
        terminal.print(json === true ? JSON.stringify(line) : `${line.cpu_ms_per_gmac.toFixed(2)} ms of processor time for 10⁹ multiply–accumulates; ${line.stitches} stitches differ from that by ${percent(line.median_deviation)} (median), at most ${percent(line.worst_deviation)} (stitch ${line.worst_stitch})`);
        return;
      }
      const matmul = measureMatmul(settings);
      const measurements: Measurement[] = [matmul];
      for (const [bench, measure] of Object.entries(timed)) if (only === undefined || only === bench) measurements.push(measure(settings, matmul.gflops_rate));
      if (json === true) for (const measurement of measurements) terminal.print(JSON.stringify(details === true ? measurement : withoutDetails(measurement)));
      else for (const line of measurementTable(measurements)) terminal.print(line);
    });
}

function withoutDetails({ cpu_ms_per_image: _, late_over_early: __, ...measurement }: Measurement): object {
  return measurement;
}

function measurementTable(measurements: readonly Measurement[]): string[] {
  const shown = (value: number | null, digits: number): string => (value === null ? "–" : value.toFixed(digits));
  return textTable(
    ["bench", "images/s best", "median", "GFLOP/s", "of matmul", "late/early", "peak RSS MB"],
    measurements.map((one) => [one.bench, shown(one.images_per_second_best, 1), shown(one.images_per_second_median, 1), shown(one.gflops_rate, 1), shown(one.fraction_of_matmul_rate, 2), shown(one.late_over_early, 3), shown(one.peak_rss_bytes / 1e6, 0)]),
    [1, 2, 3, 4, 5, 6],
  );
}

function familyWidths(text: string): number[] {
  const widths = wholeNumbers(16)(text);
  if (widths.some((width, index) => width % 16 !== 0 || width < (widths[index - 1] ?? 0))) throw new InvalidArgumentError("Expected multiples of 16 (16 features a head), from small to large.");
  return widths;
}

function tokenCount(text: string): number {
  if (!(text in benchImages)) throw new InvalidArgumentError("Expected 17, 65 or 197.");
  return Number(text);
}
