/**
 * @file `esta pretrain`: makes the weights of the mini family's anchors and their model card.
 */
import { Option, type Command } from "commander";
import { basename, join } from "node:path";
import { familyOf } from "../anchors/registry.js";
import { UsageError } from "../checks.js";
import { packageRoot } from "../experiments/package-root.js";
import { defaultPretrain } from "../training/pretrain.js";
import { pretrainFamily } from "../training/pretrain-family.js";
import { finiteNumber, startEngine, texts, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { progressDisplay } from "./progress.js";
import { isLanguageFamily, pretrainLanguageFamily } from "./pretrain-language-command.js";
import { interruptible, type Terminal } from "./terminal.js";
import { durationText } from "./text-table.js";

/** Options of the command, as commander names them. */
interface PretrainCommandOptions extends EngineOptions {
  readonly family: string;
  readonly anchors?: string[];
  readonly out: string;
  readonly from?: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly formulaClasses?: number;
  readonly photographs?: string;
  readonly seed: number;
}

/** Adds the command. */
export function addPretrainCommand(program: Command, terminal: Terminal): void {
  withEngineOptions(program.command("pretrain"))
    .description("pretrain a family's anchors on formula-driven images and, where given, photographs, or on English text; writes weights and a model card")
    .option("--family <id>", "anchors of 32×32 images, mini or mini-fine, or of text, mini-llama (with a recipe of its own where options are left out)", "mini")
    .option("--anchors <list>", "anchors by label, as ti,s,b, or s,l of mini-llama (default: all)", texts)
    .addOption(new Option("--out <folder>", "folder of weights and card").default(join(packageRoot, "data", "anchors"), "data/anchors in the kit's folder"))
    .option("--from <folder>", "folder of weights to go on from, with new heads and a new schedule (default: random weights)")
    .option("--steps <count>", "optimizer updates of each anchor", wholeNumber(1), defaultPretrain.steps)
    .option("--batch-size <count>", "images a step", wholeNumber(1), defaultPretrain.batchSize)
    .option("--learning-rate <number>", "peak learning rate", finiteNumber, defaultPretrain.learningRate)
    .option("--weight-decay <number>", "decoupled decay of matrices", finiteNumber, defaultPretrain.weightDecay)
    .option("--formula-classes <count>", "formula-driven classes", wholeNumber(6))
    .option("--photographs <zip>", "zip of train/<class>/<number>.jpg to mix in")
    .option("--seed <number>", "seed of every random choice", wholeNumber(0), 0)
    .addHelpText("after", "\nExamples:\n  esta pretrain --out my-anchors\n  esta pretrain --anchors ti --steps 500 --out try --photographs cifar10-train.zip\n  esta pretrain --anchors b --from my-anchors --out longer --steps 12000 --learning-rate 0.0005 --formula-classes 512 --seed 1")
    .action(async (options: PretrainCommandOptions, command: Command) => {
      if (isLanguageFamily(options.family)) {
        if (options.from !== undefined) throw new UsageError("pretrain: --from is given for a family of text, expected it for anchors of images alone: leave it out.");
        return pretrainLanguageFamily(terminal, options, (key) => command.getOptionValueSource(key) === "cli");
      }
      const { family: familyId, out, steps, batchSize, learningRate, weightDecay, seed, photographs, formulaClasses } = options;
      const family = familyOf(familyId);
      const { imageSize } = family.anchors[0]!.config;
      if (imageSize !== 32) throw new UsageError(`pretrain: family ${familyId} reads images of ${imageSize} pixels, expected 32, the size of upstream images. Its weights come from elsewhere: ${family.obtain}.`);
      const engine = await startEngine(terminal, options);
      const settings = {
        ...defaultPretrain, steps, batchSize, learningRate, weightDecay,
        upstream: { seed, ...(formulaClasses === undefined ? {} : { formulaClasses }), ...(photographs === undefined ? {} : { photographs }) },
      };
      const display = progressDisplay(terminal);
      const started = performance.now();
      const hasCard = await interruptible(terminal, async (signal) => {
        const done = await pretrainFamily(family, settings, {
          seed, out, ...(options.from === undefined ? {} : { from: options.from }), command: commandText(options), engine: `${engine.backend}, ${engine.threads} threads`, onProgress: (progress) => display.update(progress), signal,
          ...(options.anchors === undefined ? {} : { anchorIds: anchorIds(family.anchors, options.anchors) }),
        });
        signal.throwIfAborted();
        return done;
      });
      display.clear();
      terminal.print(`weights ${hasCard ? "and model card " : "(no card while an anchor is missing) "}in ${out}, ${durationText((performance.now() - started) / 1000)}`);
    });
}

function anchorIds(anchors: readonly { readonly anchorId: string; readonly label: string }[], labels: readonly string[]): string[] {
  return labels.map((label) => anchors.find((anchor) => anchor.label.toLowerCase() === label.toLowerCase())?.anchorId ?? label);
}

/** The command that makes the same weights again, for their record: with folder and file names alone, without the choice of anchors. */
function commandText({ family, from, steps, batchSize, learningRate, weightDecay, formulaClasses, photographs, seed }: PretrainCommandOptions): string {
  const rest = [
    ...(from === undefined ? [] : [`--from ${basename(from)}`]),
    `--steps ${steps} --batch-size ${batchSize} --learning-rate ${learningRate} --weight-decay ${weightDecay}`,
    ...(formulaClasses === undefined ? [] : [`--formula-classes ${formulaClasses}`]),
    ...(photographs === undefined ? [] : [`--photographs ${basename(photographs)}`]),
    `--seed ${seed}`,
  ];
  return `esta pretrain --family ${family} ${rest.join(" ")}`;
}
