/**
 * @file `esta latency`: how long an image takes in every stitch of a family on this machine; the report's explorer offers it as a budget.
 */
import { Option, type Command } from "commander";
import { UsageError } from "../checks.js";
import { families, familyOf, type FamilyEntry } from "../anchors/registry.js";
import { tokenCount } from "../anchors/vit-shape.js";
import { machine } from "../experiments/provenance.js";
import { writeLatency, type StitchLatency } from "../reporting/latency.js";
import { tf, type BackendInUse } from "../tensor/index.js";
import { batchOf, disposeBatch } from "../training/batches.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { disposeModel, modelLogits } from "../tuning/tuned-model.js";
import { benchImages, benchModel, benchSplit } from "./bench.js";
import { median } from "./median.js";
import { defaultResults, startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { progressDisplay } from "./progress.js";
import type { Terminal } from "./terminal.js";
import { textTable } from "./text-table.js";

/** Options of the command, as commander names them. */
interface LatencyCommandOptions extends EngineOptions {
  readonly family: string;
  readonly batch: number;
  readonly repeats: number;
  readonly results: string;
}

/** Adds the command. */
export function addLatencyCommand(program: Command, terminal: Terminal): void {
  withEngineOptions(program.command("latency"))
    .description("measure how long an image takes in every stitch of a family, low-rank updates folded in; random weights")
    .option("--family <id>", `family of anchors: ${families.map(({ familyId }) => familyId).join(", ")}`, "mini")
    .option("--batch <count>", "images run together", wholeNumber(1), 1)
    .option("--repeats <count>", "timed passes over all stitches, after one untimed", wholeNumber(1), 15)
    .addOption(new Option("--results <folder>", "folder of results").default(defaultResults, "results in the kit's folder"))
    .addHelpText("after", "\nExamples:\n  esta latency\n  esta latency --batch 32 --threads 1\n  esta report                            # shows it")
    .action(async (options: LatencyCommandOptions) => {
      const entry = familyOf(options.family);
      const engine = await startEngine(terminal, options);
      const show = progressDisplay(terminal);
      const stitches = await measureLatency(entry, options, (done, total) => show.update({ done, total, label: "all stitches" }));
      show.clear();
      const path = writeLatency(options.results, { family: options.family, batch: options.batch, repeats: options.repeats, engine: engineOf(engine), machine: machine(), stitches });
      const anchors = stitches.filter(({ frontBlock }) => frontBlock === null);
      for (const line of textTable(["anchor", "ms an image", "least", "most"], anchors.map(({ front, milliseconds, least, most }) => [front, ...[milliseconds, least, most].map((value) => value.toFixed(3))]), [1, 2, 3])) terminal.print(line);
      terminal.print(`${stitches.length} stitches in ${path}; esta report shows them`);
    });
}

function engineOf({ backend, threads }: BackendInUse): { readonly backend: string; readonly threads: number } {
  return { backend, threads };
}

/**
 * Times every stitch, pass after pass over all of them, so that a machine that slows down does so for all.
 *
 * @returns milliseconds of one image: the median, the least and the most over the repeats.
 */
export async function measureLatency({ familyId, anchors }: Pick<FamilyEntry, "familyId" | "anchors">, { batch, repeats }: { readonly batch: number; readonly repeats: number }, onPass: (done: number, total: number) => void = () => {}): Promise<StitchLatency[]> {
  const tokens = tokenCount(anchors[0]!.config);
  if (!(tokens in benchImages)) throw new UsageError(`latency: family ${familyId} has ${tokens} tokens, expected ${Object.keys(benchImages).join(", ")}.`);
  const model = benchModel({ widths: anchors.map(({ config }) => config.width), tokens });
  const merged = mergeModel(model);
  const pictures = batchOf(benchSplit({ tokens }, batch), Array.from({ length: batch }, (_, index) => index));
  try {
    const { routes, costs, space } = model.family;
    const milliseconds: number[][] = routes.map(() => []);
    for (let pass = 0; pass <= repeats; pass++) {
      for (const stitchId of routes.keys()) {
        const started = performance.now();
        const logits = tf.tidy(() => modelLogits(merged, stitchId, pictures.images));
        logits.dataSync();
        logits.dispose();
        if (pass > 0) milliseconds[stitchId]!.push((performance.now() - started) / batch);
      }
      onPass(pass + 1, repeats + 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return space.stitches.map((stitch) => {
      const times = milliseconds[stitch.stitchId]!;
      const joined = stitch.kind === "stitch";
      return {
        front: anchors[stitch.front]!.anchorId, end: anchors[stitch.end]!.anchorId, frontBlock: joined ? stitch.frontBlock : null, endBlock: joined ? stitch.endBlock : null, flops: costs[stitch.stitchId]!.flops,
        milliseconds: rounded(median(times)), least: rounded(Math.min(...times)), most: rounded(Math.max(...times)),
      };
    });
  } finally {
    disposeBatch(pictures);
    disposeMerged(merged);
    disposeModel(model);
  }
}

function rounded(milliseconds: number): number {
  return Number(milliseconds.toPrecision(4));
}
