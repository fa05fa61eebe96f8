/**
 * @file Golden parameters after steps that each train another stitch: what is shared, what is owned, what is left alone.
 */
import { toHost } from "../../anchors/parameters.js";
import { adamWStep, createAdamWState } from "../../tensor/index.js";
import { disposeGradients, stitchGradients } from "../../training/gradients.js";
import { disposeModel } from "../../tuning/tuned-model.js";
import { exactError, exactListError, firmErrors, larger, relativeError } from "./comparison.js";
import { bytesOf, floatsOf } from "./engine-values.js";
import { caseTensors, namedTensor } from "./golden-case.js";
import { WorstError } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { looseTolerance, tolerances } from "./tolerances.js";
import type { Compare, MiniFamily } from "./vit-mini-family.js";
import { tunedMini } from "./vit-mini-family.js";

/** Runs the sequence and compares losses, step counts, touched and untouched tensors. */
export function compareSequence(mini: MiniFamily, sequence: JsonNode, compare: Compare): void {
  const references = caseTensors(mini.golden, "sequence.safetensors");
  const masks = caseTensors(mini.golden, "sequence-firm.safetensors");
  const learningRate = sequence.get("lr").number();
  const weightDecay = sequence.get("weight_decay").number();

  const model = tunedMini(mini);
  const before = toHost(model.trainable);
  const optimizer = createAdamWState();
  const losses = sequence.get("stitch_ids").counts().map((stitchId) => {
    const result = stitchGradients(model, stitchId, mini);
    adamWStep(model.trainable, result.gradients, optimizer, { learningRate, weightDecay });
    disposeGradients(result);
    return result.loss;
  });
  const after = toHost(model.trainable);
  disposeModel(model);

  compare("sequence losses", relativeError(losses, sequence.get("losses").numbers()), tolerances.forward);
  const steps = sequence.get("optimizer_steps");
  compare("sequence optimizer_steps", exactError(steps.keys().map((name) => optimizer.get(name)?.steps ?? 0), steps.keys().map((name) => steps.get(name).count())), 0);
  compare("sequence names of touched tensors", exactListError([...optimizer.keys()].sort(), [...references.keys()].sort()), 0);
  const untouched = Object.keys(after).filter((name) => !references.has(name));
  const moved = new WorstError();
  for (const name of untouched) moved.add(name, exactError(after[name]!.data, before[name]!.data));
  compare("sequence untouched tensors", moved.error, 0, moved.place);

  const firm = new WorstError();
  const others = new Map<number, number>();
  for (const name of references.keys()) {
    const mask = bytesOf(namedTensor(mini.golden, masks, name));
    const errors = firmErrors(after[name]?.data ?? [], floatsOf(namedTensor(mini.golden, references, name)), (index) => mask[index] === 1);
    const count = optimizer.get(name)?.steps ?? 0;
    firm.add(name, errors.firm);
    others.set(count, larger(others.get(count) ?? 0, errors.others));
  }
  compare("sequence parameters, firm", firm.error, tolerances.firmAfterSequence, firm.place);
  for (const [count, error] of [...others].sort(([a], [b]) => a - b)) compare(`sequence parameters after ${count} of their steps, others`, error, looseTolerance(learningRate, count));
}
