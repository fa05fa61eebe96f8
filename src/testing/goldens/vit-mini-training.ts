/**
 * @file Golden gradients of one stitch and its parameters after steps of AdamW.
 */
import { adamWStep, createAdamWState } from "../../tensor/index.js";
import { disposeGradients, stitchGradients } from "../../training/gradients.js";
import { disposeModel, modelLogits, type TunedModel } from "../../tuning/tuned-model.js";
import type { Trainable } from "../../tuning/method.js";
import { trainableElements } from "../../tuning/method.js";
import { UsageError } from "../../checks.js";
import { exactListError, firmElements, firmErrors, relativeError, tensorError } from "./comparison.js";
import { floatsOf, valuesOf } from "./engine-values.js";
import { caseTensors, namedTensor } from "./golden-case.js";
import { WorstError } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { looseTolerance, tolerances } from "./tolerances.js";
import { sharedName, tunedMini, type Compare, type MiniFamily } from "./vit-mini-family.js";

type Values = Readonly<Record<string, Float32Array>>;

/** Trains one stitch on the batch as the entry says and compares gradients, parameters, losses and logits. */
export function compareTraining(mini: MiniFamily, entry: JsonNode, compare: Compare): void {
  const file = entry.get("file").string();
  const stitchId = entry.get("stitch_id").count();
  const label = file.replace(/\.safetensors$/, "");
  const references = caseTensors(mini.golden, file);
  const reference = (name: string): Float32Array => floatsOf(namedTensor(mini.golden, references, name));
  const named = (prefix: string): string[] => [...references.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const learningRate = entry.get("lr").number();
  const losses = entry.get("losses").numbers();

  const model = tunedMini(mini);
  const trainables = model.partition[stitchId];
  if (trainables === undefined) throw entry.get("stitch_id").unlike(`a stitch from 0 to ${model.partition.length - 1}`);
  compareElements(entry, trainables, (quantity, error) => compare(`${label} ${quantity}`, error, 0));

  const { gradients, parameters, logits, foundLosses } = trainOne(mini, model, stitchId, losses.length - 1, learningRate, entry.get("weight_decay").number());
  disposeModel(model);
  compare(`${label} names of tensors`, exactListError(Object.keys(gradients).sort(), named("grad.").sort()), 0);
  const worst = new WorstError();
  for (const name of named("grad.")) worst.add(name, tensorError(valueOf(gradients, name), reference(`grad.${name}`)));
  compare(`${label} gradients`, worst.error, tolerances.gradients, worst.place);
  compare(`${label} losses`, relativeError(foundLosses, losses), tolerances.forward);
  for (const name of [...references.keys()].filter((one) => one.startsWith("logits_"))) {
    const step = name === "logits_start" ? 0 : Number(/^logits_after_(\d+)_steps?$/.exec(name)?.[1]);
    compare(`${label} ${name}`, tensorError(atStep(logits, step, name), reference(name)), tolerances.forward);
  }
  for (const step of stepsIn(references.keys())) {
    const [firm, others] = [new WorstError(), new WorstError()];
    for (const name of named(`step${step}.`)) {
      const errors = firmErrors(valueOf(atStep(parameters, step, "step"), name), reference(`step${step}.${name}`), firmElements(reference(`grad.${name}`)));
      firm.add(name, errors.firm);
      others.add(name, errors.others);
    }
    compare(`${label} parameters after step ${step}, firm`, firm.error, tolerances.firmAfterSteps, firm.place);
    compare(`${label} parameters after step ${step}, others`, others.error, looseTolerance(learningRate, step), others.place);
  }
}

function compareElements(entry: JsonNode, trainables: readonly Trainable[], compare: (quantity: string, error: number) => void): void {
  const size = (role?: Trainable["role"]): number => trainableElements(trainables.filter((one) => role === undefined || one.role === role));
  const found = { trainable_elements: size(), bias_elements: size("bias"), lora_elements: size("lora"), head_elements: size("head") };
  const keys = Object.keys(found).filter((key) => entry.find(key) !== undefined) as (keyof typeof found)[];
  compare("trained elements", exactListError(keys.map((key) => found[key]), keys.map((key) => entry.get(key).count())));
}

interface Training {
  /** At the start, by the goldens' names. */
  readonly gradients: Values;
  /** Parameters and logits before each step and after the last. */
  readonly parameters: readonly Values[];
  readonly logits: readonly Float32Array[];
  readonly foundLosses: readonly number[];
}

function trainOne(mini: MiniFamily, model: TunedModel, stitchId: number, steps: number, learningRate: number, weightDecay: number): Training {
  const optimizer = createAdamWState();
  const parameters: Values[] = [];
  const logits: Float32Array[] = [];
  const foundLosses: number[] = [];
  let gradients: Values = {};
  for (let step = 0; step <= steps; step++) {
    const result = stitchGradients(model, stitchId, mini);
    if (step === 0) gradients = readOut(Object.entries(result.gradients));
    foundLosses.push(result.loss);
    parameters.push(readOut(model.partition[stitchId]!.map(({ name }) => [name, model.trainable[name]!])));
    logits.push(valuesOf(() => ({ logits: modelLogits(model, stitchId, mini.images) })).logits);
    if (step < steps) adamWStep(model.trainable, result.gradients, optimizer, { learningRate, weightDecay });
    disposeGradients(result);
  }
  return { gradients, parameters, logits, foundLosses };
}

function readOut(tensors: readonly (readonly [string, { dataSync(): ArrayLike<number> }])[]): Values {
  return Object.fromEntries(tensors.map(([name, tensor]) => [sharedName(name), Float32Array.from(tensor.dataSync())]));
}

function stepsIn(names: Iterable<string>): number[] {
  const steps = [...names].map((name) => /^step(\d+)\./.exec(name)?.[1]).filter((step) => step !== undefined);
  return [...new Set(steps)].map(Number).sort((a, b) => a - b);
}

function atStep<T>(values: readonly T[], step: number, name: string): T {
  const value = values[step];
  if (value === undefined) throw new UsageError(`goldens: ${name} asks for step ${step}, expected 0 to ${values.length - 1} as the losses have it.`);
  return value;
}

function valueOf(values: Values, name: string): Float32Array {
  const value = values[name];
  if (value === undefined) throw new UsageError(`goldens: the reference has a gradient of ${name}, which the library does not train on this path.`);
  return value;
}
