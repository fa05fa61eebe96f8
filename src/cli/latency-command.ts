/**
 * @file `esta latency`: how long an image or a token takes in every stitch of a family on this machine; the report's explorer offers it as a budget.
 */
import { Option, type Command } from "commander";
import { UsageError } from "../checks.js";
import { families, familyOf, type FamilyEntry } from "../anchors/registry.js";
import type { AnchorConfig } from "../anchors/anchor.js";
import { llamaModules } from "../anchors/llama-shape.js";
import { tokenCount } from "../anchors/vit-shape.js";
import { machine } from "../experiments/provenance.js";
import { writeLatency, type StitchLatency } from "../reporting/latency.js";
import type { StitchFamily } from "../stitching/family.js";
import { tf, type BackendInUse } from "../tensor/index.js";
import { flopsPerToken } from "../training/adapt-language.js";
import { tokenMilliseconds } from "../training/answer-stream.js";
import { batchOf, disposeBatch } from "../training/batches.js";
import { languageStructure } from "../training/language-family.js";
import { languagePairs, type LanguagePair } from "../training/language-pairs.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { disposeModel, modelLogits, type TunedModel } from "../tuning/tuned-model.js";
import { benchImages, benchModel, benchSplit, randomModel } from "./bench.js";
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
    .description("measure how long an image, or a token of decoders, takes in every stitch of a family, low-rank updates folded in; random weights")
    .option("--family <id>", `family of anchors: ${families.map(({ familyId }) => familyId).join(", ")}; or a pair of decoders: ${languagePairs.map(({ familyId }) => familyId).join(", ")}`, "mini")
    .option("--batch <count>", "images run together; decoders write one token after another", wholeNumber(1), 1)
    .option("--repeats <count>", "timed passes over all stitches, after one untimed", wholeNumber(1), 15)
    .addOption(new Option("--results <folder>", "folder of results").default(defaultResults, "results in the kit's folder"))
    .addHelpText("after", "\nExamples:\n  esta latency\n  esta latency --batch 32 --threads 1\n  esta latency --family mini-llama       # milliseconds a token\n  esta report                            # shows it")
    .action(async (options: LatencyCommandOptions) => {
      const { family, repeats } = options;
      const pair = languagePairs.find(({ familyId }) => familyId === family);
      if (pair !== undefined && options.batch !== 1) throw new UsageError(`latency: --batch is ${options.batch}, expected 1 for a pair of decoders: they write one token after another.`);
      const entry = pair === undefined ? familyOf(family) : undefined;
      const engine = await startEngine(terminal, options);
      const show = progressDisplay(terminal);
      const onPass = (done: number, total: number): void => void show.update({ done, total, label: "all stitches" });
      const stitches = entry === undefined ? await measurePairLatency(pair!, options, onPass) : await measureLatency(entry, options, onPass);
      show.clear();
      const of = entry === undefined ? "token" : "image";
      const path = writeLatency(options.results, { family, of, batch: options.batch, repeats, engine: engineOf(engine), machine: machine(), stitches });
      const anchors = stitches.filter(({ frontBlock }) => frontBlock === null);
      for (const line of textTable(["anchor", `ms ${of === "image" ? "an image" : "a token"}`, "least", "most"], anchors.map(({ front, milliseconds, least, most }) => [front, ...[milliseconds, least, most].map((value) => value.toFixed(3))]), [1, 2, 3])) terminal.print(line);
      terminal.print(`${stitches.length} stitches in ${path}; esta report shows them`);
    });
}

function engineOf({ backend, threads }: BackendInUse): { readonly backend: string; readonly threads: number } {
  return { backend, threads };
}

/** What is told after each pass. */
type OnPass = (done: number, total: number) => void;

/**
 * Times every stitch of image classifiers.
 *
 * @returns milliseconds of one image: the median, the least and the most over the repeats.
 */
export async function measureLatency({ familyId, anchors }: Pick<FamilyEntry, "familyId" | "anchors">, { batch, repeats }: { readonly batch: number; readonly repeats: number }, onPass: OnPass = () => {}): Promise<StitchLatency[]> {
  const tokens = tokenCount(anchors[0]!.config);
  if (!(tokens in benchImages)) throw new UsageError(`latency: family ${familyId} has ${tokens} tokens, expected ${Object.keys(benchImages).join(", ")}.`);
  const model = benchModel({ widths: anchors.map(({ config }) => config.width), tokens });
  const pictures = batchOf(benchSplit({ tokens }, batch), Array.from({ length: batch }, (_, index) => index));
  const time = (merged: TunedModel, stitchId: number): number => {
    const started = performance.now();
    const logits = tf.tidy(() => modelLogits(merged, stitchId, pictures.images));
    logits.dataSync();
    logits.dispose();
    return (performance.now() - started) / batch;
  };
  try {
    return await timeStitches(model, anchors, time, ({ costs }, stitchId) => costs[stitchId]!.flops, repeats, onPass);
  } finally {
    disposeBatch(pictures);
  }
}

/**
 * Times every stitch of a pair of decoders, of the pair's published sizes.
 *
 * @returns milliseconds of a token after the first, in each pass the quickest of eight: the median, the least and the most over the repeats.
 */
export async function measurePairLatency({ anchors }: Pick<LanguagePair, "anchors">, { repeats }: { readonly repeats: number }, onPass: OnPass = () => {}): Promise<StitchLatency[]> {
  const model = randomModel(languageStructure({ anchors }), llamaModules);
  return timeStitches(model, anchors, tokenMilliseconds, flopsPerToken, repeats, onPass);
}

/** Times every stitch, pass after pass over all of them, so that a machine that slows down does so for all. Disposes the model. */
async function timeStitches<Config extends AnchorConfig>(
  model: TunedModel<Config>, anchors: readonly { readonly anchorId: string }[], time: (merged: TunedModel<Config>, stitchId: number) => number,
  flopsOf: (family: StitchFamily<Config>, stitchId: number) => number, repeats: number, onPass: OnPass,
): Promise<StitchLatency[]> {
  const merged = mergeModel(model);
  try {
    const { routes, space } = model.family;
    const milliseconds: number[][] = routes.map(() => []);
    for (let pass = 0; pass <= repeats; pass++) {
      for (const stitchId of routes.keys()) {
        const taken = time(merged, stitchId);
        if (pass > 0) milliseconds[stitchId]!.push(taken);
      }
      onPass(pass + 1, repeats + 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return space.stitches.map((stitch) => {
      const times = milliseconds[stitch.stitchId]!;
      const joined = stitch.kind === "stitch";
      return {
        front: anchors[stitch.front]!.anchorId, end: anchors[stitch.end]!.anchorId, frontBlock: joined ? stitch.frontBlock : null, endBlock: joined ? stitch.endBlock : null, flops: flopsOf(model.family, stitch.stitchId),
        milliseconds: rounded(median(times)), least: rounded(Math.min(...times)), most: rounded(Math.max(...times)),
      };
    });
  } finally {
    disposeMerged(merged);
    disposeModel(model);
  }
}

function rounded(milliseconds: number): number {
  return Number(milliseconds.toPrecision(4));
}
