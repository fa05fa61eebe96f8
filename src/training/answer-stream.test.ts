import { beforeAll, expect, test } from "vitest";
import { KeyValueMemory } from "../anchors/key-value-memory.js";
import { createRng } from "../rng.js";
import { tf, useBackend, type Tensor } from "../tensor/index.js";
import { largestError } from "../testing/compare.js";
import { tinyInstructions, tinyLanguage, tinyLanguageSettings } from "../testing/tiny-language.js";
import { defaultPst } from "../tuning/method.js";
import { disposeModel, modelLogits } from "../tuning/tuned-model.js";
import { formatOf, startLanguageModel } from "./adapt-language.js";
import { prepareText } from "./text-batches.js";

beforeAll(async () => void (await useBackend("auto", { threads: 1 })));

test.each(["qkv", "qkv+proj"] as const)("a stitch with biases and low-rank updates (%s) gives the same logits token by token as all at once, beyond the memory's first room", (loraTargets) => {
  const family = tinyLanguage();
  const settings = { ...tinyLanguageSettings(), method: { ...defaultPst, rank: 2, loraTargets } };
  const model = startLanguageModel(family, prepareText(tinyInstructions().train, formatOf(family)), settings, 0);
  const stream = createRng(4).stream("trained");
  for (const variable of Object.values(model.trainable)) tf.tidy(() => variable.assign(tf.tensor(Float32Array.from({ length: variable.size }, () => 0.3 * stream.normal()), variable.shape)));
  const tokens = Array.from({ length: 70 }, () => stream.integer(family.tokenizer.vocabularySize));
  const ids = (part: readonly number[]): Tensor => tf.tensor2d([...part], [1, part.length], "int32");
  for (const stitchId of [1, 3]) {
    tf.tidy(() => {
      const memory = new KeyValueMemory();
      const parts = [tokens.slice(0, 3), ...tokens.slice(3).map((token) => [token])];
      const stepwise = parts.map((part) => modelLogits(model, stitchId, ids(part), memory));
      const whole = modelLogits(model, stitchId, ids(tokens));
      expect(largestError(tf.concat(stepwise, 1).dataSync(), tf.slice(whole, [0, 2, 0], [1, 68, whole.shape[2]!]).dataSync())).toBeLessThan(1e-4);
      memory.dispose();
    });
  }
  disposeModel(model);
});
