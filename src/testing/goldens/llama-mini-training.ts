/**
 * @file Golden gradients and scores of one stitch of decoders under parameter-efficient tuning.
 */
import type { HostTensor } from "../../anchors/parameters.js";
import { createRng } from "../../rng.js";
import { gradientNorm, meanSaliency, meanSquaredGradient } from "../../sampling/importance.js";
import { stitchTokenLoss, type TokenBatch } from "../../stitching/token-loss.js";
import { tf, type Tensor } from "../../tensor/index.js";
import { disposeGradients, valueAndGradients, type LossAndGradients } from "../../training/gradients.js";
import { mergedWeights } from "../../tuning/merge.js";
import { createTunedModel, disposeModel, modelLogits, stitchView, type TunedModel } from "../../tuning/tuned-model.js";
import type { LlamaConfig } from "../../anchors/llama-shape.js";
import { exactListError, relativeError, tensorError } from "./comparison.js";
import { floatsOf, valuesOf } from "./engine-values.js";
import { caseTensors, namedTensor } from "./golden-case.js";
import { WorstError } from "./golden-report.js";
import type { MiniDecoders } from "./llama-mini.js";
import { tolerances } from "./tolerances.js";
import type { Compare } from "./vit-mini-family.js";

/** Compares loss, logits, gradients and scores with the stored biases, and loss and gradients with the added biases at zero. */
export function compareDecoderTraining(mini: MiniDecoders, compare: Compare): void {
  const references = caseTensors(mini.golden, "train.safetensors");
  const training = mini.golden.manifest.get("training");
  const stitchId = training.get("stitch_id").count();
  const starts: Record<string, HostTensor> = {};
  for (const [name, stored] of references) {
    if (name.startsWith("grad") || name === "logits") continue;
    starts[name.endsWith(".bias") ? `stitches.${stitchId}.${name}` : name] = { shape: stored.shape, data: floatsOf(stored) };
  }
  const fromZero = Object.fromEntries(Object.entries(starts).filter(([name]) => !name.endsWith(".bias")));
  const batch = batchOf(mini);

  const model = tuned(mini, stitchId, starts);
  const result = lossOf(model, stitchId, batch);
  compare("training loss", relativeError([result.loss], [training.get("loss").number()]), tolerances.forward);
  compareGradients("grad.", result);
  const { logits } = valuesOf(() => ({ logits: modelLogits(model, stitchId, tf.tensor2d(batch.tokens, [batch.sequences, batch.length], "int32")) }));
  compare("training logits", tensorError(logits, floatsOf(namedTensor(mini.golden, references, "logits"))), tolerances.forward);
  compareScores(result);
  disposeGradients(result);
  disposeModel(model);

  const zero = tuned(mini, stitchId, fromZero);
  const atZero = lossOf(zero, stitchId, batch);
  compare("training loss, added biases at zero", relativeError([atZero.loss], [training.get("loss_zero_biases").number()]), tolerances.forward);
  compareGradients("grad_zero_biases.", atZero);
  disposeGradients(atZero);
  disposeModel(zero);

  function compareGradients(prefix: string, { gradients }: LossAndGradients): void {
    const own = `stitches.${stitchId}.`;
    const found = new Map(Object.entries(gradients).map(([name, gradient]) => [name.startsWith(own) ? name.slice(own.length) : name, gradient.dataSync()]));
    const names = [...references.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    compare(`${prefix.slice(0, -1)}, names of tensors`, exactListError([...found.keys()].sort(), names.sort()), 0);
    const worst = new WorstError();
    for (const name of names) worst.add(name, tensorError(found.get(name) ?? [], floatsOf(namedTensor(mini.golden, references, prefix + name))));
    compare(`${prefix.slice(0, -1)}, gradients`, worst.error, tolerances.gradients, worst.place);
  }

  function compareScores({ gradients }: LossAndGradients): void {
    const pairs = Object.entries(gradients).map(([name, gradient]) => ({ value: model.trainable[name]!.dataSync(), gradient: gradient.dataSync() }));
    const scores = { trainable: meanSaliency(pairs), merged: mergedScore(model, stitchId, batch), "gradient-norm": gradientNorm(pairs), fisher: meanSquaredGradient(pairs) };
    for (const [name, score] of Object.entries(scores)) {
      const expected = training.get("scores").find(name);
      if (expected !== undefined) compare(`score, ${name}`, relativeError([score], [expected.number()]), tolerances.scores);
    }
  }
}

function batchOf({ golden }: MiniDecoders): TokenBatch {
  const rows = golden.manifest.get("tokens").items().map((row) => row.counts());
  const mask = golden.manifest.get("loss_mask").items().flatMap((row) => row.counts());
  return { sequences: rows.length, length: rows[0]!.length, tokens: Int32Array.from(rows.flat()), mask };
}

function tuned({ golden, family, values }: MiniDecoders, stitchId: number, starts: Readonly<Record<string, HostTensor>>): TunedModel<LlamaConfig> {
  const config = golden.manifest.get("config");
  const method = { kind: "pst", rank: config.get("lora_rank").count(), scaling: config.get("lora_scale").number(), loraTargets: "qkv", biasScope: "all" } as const;
  return createTunedModel(family, values, method, createRng(0), { stitchIds: [stitchId], starts });
}

function lossOf(model: TunedModel<LlamaConfig>, stitchId: number, batch: TokenBatch): LossAndGradients {
  const { configs, routes } = model.family;
  return valueAndGradients(() => stitchTokenLoss(configs, routes[stitchId]!, stitchView(model, stitchId), batch), model.trainable);
}

/** mean |W∘∂L/∂W| over the merged weights of the modules that carry an update. */
function mergedScore(model: TunedModel<LlamaConfig>, stitchId: number, batch: TokenBatch): number {
  const merged = mergedWeights(model, stitchId);
  const own = stitchView(model, stitchId);
  const find = (name: string): Tensor | undefined => merged[name] ?? own.find?.(name);
  const view = { get: (name: string): Tensor => find(name) ?? own.get(name), find, lora: () => undefined };
  const { configs, routes } = model.family;
  const result = valueAndGradients(() => stitchTokenLoss(configs, routes[stitchId]!, view, batch), merged);
  const score = meanSaliency(Object.entries(merged).map(([name, weight]) => ({ value: weight.dataSync(), gradient: result.gradients[name]!.dataSync() })));
  disposeGradients(result);
  tf.dispose(Object.values(merged));
  return score;
}
