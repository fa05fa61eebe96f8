/**
 * @file `esta adapt`: adapts a family to any task in VTAB-1k's folder layout, or to one of the kit's own, and writes weights and the experiment's tables.
 */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { throwProblems, UsageError } from "../checks.js";
import { vtabStitching } from "../experiments/vtab-stitching.js";
import type { Json } from "../reporting/run-record.js";
import { isLanguagePair } from "../training/language-pairs.js";
import { adaptPair, type AdaptPairOptions } from "./adapt-pair.js";
import { finiteNumber, startEngine, texts, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { withPairOptions } from "./pair-options.js";
import { schedule } from "./run-command.js";
import { interruptible, type Terminal } from "./terminal.js";

/** Options of the command, as commander names them. */
interface AdaptCommandOptions extends EngineOptions {
  readonly family: string;
  readonly data?: string;
  readonly weights?: string;
  readonly task?: string;
  readonly out: string;
  readonly methods: string[];
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly rank: number;
  readonly biasScope: string;
  readonly loraTargets: string;
  readonly sampler: string;
  readonly importance: string;
  readonly testImages?: number;
  readonly seed: number;
  readonly refit?: true;
  readonly again?: true;
}

/** Adds the command. @param finish - told the exit code where a run failed. */
export function addAdaptCommand(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  const defaults = vtabStitching.settingsOf("laptop");
  const textOf = (key: string): string => String(defaults[key]);
  const numberOf = (key: string): number => Number(defaults[key]);
  withPairOptions(withEngineOptions(program.command("adapt")))
    .description("adapt a family and all its stitches to one task, or a pair of decoders to instructions; writes weights and tables")
    .option("--task <name>", "images: folder of the task below --data, or one of the kit's own tasks (esta list)")
    .requiredOption("--out <folder>", "folder of the results")
    .option("--family <id>", "family of anchors, or a pair of decoders (esta list)", "mini")
    .option("--data <path>", "folder in VTAB-1k's layout (default: the kit's own tasks); for decoders, a JSON file in Alpaca's format")
    .option("--weights <folder>", "folder searched for weights before the kit's own")
    .option("--methods <list>", "pst, sn-net, anchor-ti, anchor-s, anchor-b; by commas", texts, ["pst"])
    .option("--steps <count>", "optimizer updates", wholeNumber(1), numberOf("steps"))
    .option("--batch-size <count>", "images or sequences a step", wholeNumber(1), numberOf("batchSize"))
    .option("--learning-rate <number>", "peak learning rate; full fine-tuning takes a tenth", finiteNumber, numberOf("learningRate"))
    .option("--rank <r>", "rank of the low-rank updates", wholeNumber(1), numberOf("rank"))
    .option("--lora-targets <choice>", "qkv, q+v, qkv+proj or none; in decoders q and v, with qkv+proj the output too", textOf("loraTargets"))
    .option("--bias-scope <scope>", "biases that each stitch owns: all, linear, attention, shared or none", textOf("biasScope"))
    .option("--sampler <kind>", "uniform, flops-grouped or importance", textOf("sampler"))
    .option("--importance <variant>", "trainable, merged, gradient-norm, fisher, loss or random", textOf("importance"))
    .option("--test-images <count>", "test images to evaluate on (default: all)", wholeNumber(1))
    .option("--length <tokens>", "decoders: longest sequence; longer examples are left out (default: 512, at most the context)", wholeNumber(8))
    .option("--held-out <count>", "decoders: examples kept from training, to judge every stitch by", wholeNumber(0), 20)
    .option("--initial-examples <count>", "decoders: examples that start the stitching layers", wholeNumber(1), 100)
    .option("--seed <number>", "seed of every random choice", wholeNumber(0), 0)
    .option("--refit", "train on training and validation images together, once settings are chosen")
    .option("--again", "adapt again although the results are there")
    .addHelpText("after", "\nExamples:\n  esta adapt --task digits --out out/digits --steps 300\n  esta adapt --family mini --data data/vtab-1k --task cifar --out out/cifar --methods pst,sn-net --seed 1\n  esta adapt --family smollm2 --weights-small SmolLM2-135M --weights-large SmolLM2-360M --data alpaca.json --out out/smollm2")
    .action(async (options: AdaptCommandOptions & AdaptPairOptions) => {
      if (isLanguagePair(options.family)) return adaptPair(terminal, options);
      if (options.task === undefined) throw new UsageError(`adapt: --task is missing, expected a folder below --data or one of the kit's own tasks (esta list).`);
      const experiment = planOf(options);
      throwProblems(experiment.problems());
      const engine = await startEngine(terminal, options);
      const summary = await interruptible(terminal, (signal) => schedule(terminal, experiment, engine, { results: options.out, folder: options.out, signal, again: options.again === true }));
      if (existsSync(join(options.out, "weights"))) terminal.print(`adapted weights in ${join(options.out, "weights")}; esta export makes a plain network of one stitch`);
      if (summary.failed.length > 0) finish(summary.failed.every(({ usage }) => usage) ? 2 : 1);
    });
}

function planOf(options: AdaptCommandOptions) {
  const { family, data, weights, task = "", methods, steps, batchSize, learningRate, rank, loraTargets, biasScope, sampler, importance, testImages, seed, refit } = options;
  const changes: Record<string, Json> = {
    family, tasks: [task], methods, steps, batchSize, learningRate, fullLearningRate: learningRate / 10, rank, loraTargets, biasScope, sampler, importance,
    dataFolder: data ?? null, weightsFolder: weights ?? null, testImages: testImages ?? null, refit: refit === true, saveWeights: true,
  };
  return vtabStitching.plan("laptop", { changes, seeds: [seed], name: "adapt", where: "adapt", command: commandText(options) });
}

/** The command that makes the same results again. */
function commandText({ family, data, task, methods, steps, batchSize, learningRate, rank, seed, refit }: AdaptCommandOptions): string {
  const source = data === undefined ? "" : ` --data ${data}`;
  return `esta adapt --family ${family}${source} --task ${task} --methods ${methods.join(",")} --steps ${steps} --batch-size ${batchSize} --learning-rate ${learningRate} --rank ${rank} --seed ${seed}${refit === true ? " --refit" : ""}`;
}
