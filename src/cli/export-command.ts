/**
 * @file `esta export`: one stitch of an adapted family as a plain network in a file of its own.
 */
import { Option, type Command } from "commander";
import { UsageError } from "../checks.js";
import { loadAnchorFamily, ownWeightFolders } from "../experiments/vtab-sources.js";
import { stitchLabel } from "../stitching/family.js";
import { loadAdapted, readAdaptedRecord } from "../training/adapted-file.js";
import { exportStitch, mostImportantStitch } from "../training/export-stitch.js";
import { disposeModel } from "../tuning/tuned-model.js";
import { finiteNumber, startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import type { Terminal } from "./terminal.js";

/** Options of the command, as commander names them. */
interface ExportCommandOptions extends EngineOptions {
  readonly weights: string;
  readonly out: string;
  readonly stitch?: number;
  readonly flops?: number;
  readonly anchors?: string;
}

/** Adds the command. */
export function addExportCommand(program: Command, terminal: Terminal): void {
  withEngineOptions(program.command("export"))
    .description("write one adapted stitch as a plain network, low-rank updates folded in: timm's names for an anchor")
    .requiredOption("--weights <file>", "what esta adapt trained, below the weights folder of its results")
    .requiredOption("--out <file>", "safetensors file to write")
    .option("--stitch <id>", "stitch to write (default: the most important)", wholeNumber(0))
    .addOption(new Option("--flops <count>", "multiply–accumulates of one image that the most important may cost").argParser(finiteNumber).conflicts("stitch"))
    .option("--anchors <folder>", "folder searched for the anchors' weights before the kit's own")
    .addHelpText("after", "\nExamples:\n  esta export --weights out/digits/weights/task=digits_method=pst_seed=0.safetensors --out digits.safetensors\n  esta export --weights FILE --flops 20e6 --out small.safetensors\n  esta export --weights FILE --stitch 2 --out vit-b.safetensors")
    .action(async (options: ExportCommandOptions) => {
      const { weights, out, flops, anchors } = options;
      if (weights === out) throw new UsageError(`export: --out is ${out}, expected another file than --weights.`);
      const { family: familyId } = readAdaptedRecord(weights);
      const family = await loadAnchorFamily(familyId, anchors === undefined ? ownWeightFolders : [anchors, ...ownWeightFolders]);
      await startEngine(terminal, options);
      const model = loadAdapted(weights, family);
      try {
        const stitchId = options.stitch ?? mostImportantStitch(model, flops);
        exportStitch(out, model, stitchId);
        terminal.print(`stitch ${stitchId}, ${stitchLabel(model.family.space, stitchId, family.labels)}: ${model.family.costs[stitchId]!.flops} multiply–accumulates an image, in ${out}`);
      } finally {
        disposeModel(model);
      }
    });
}
