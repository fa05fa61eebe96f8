/**
 * @file The loss of a stitch of decoders: how well it predicts the next token, where that counts.
 */
import type { ParameterView } from "../anchors/parameters.js";
import { llamaHeadName, type LlamaConfig } from "../anchors/llama-shape.js";
import { UsageError } from "../checks.js";
import { NO_LABEL, tf, tokenCrossEntropy, type MovingOperands, type Tensor } from "../tensor/index.js";
import { stitchPooled } from "./forward.js";
import { anchorPrefix } from "./route-parts.js";
import type { Route } from "./route.js";

/** Sequences of equal length, row after row. */
export interface TokenBatch {
  readonly sequences: number;
  /** Tokens of a sequence, N. */
  readonly length: number;
  /** `[sequences, N]`. */
  readonly tokens: Int32Array;
  /** `[sequences, N]`, 1 where a token counts: those of the response. The first of a sequence never does: nothing predicts it. */
  readonly mask: ArrayLike<number>;
}

/**
 * Computes the mean cross-entropy of the tokens that count, token t predicted from position t − 1, all sequences pooled.
 *
 * @param moving - `"features and weight"` where the head (or the embedding that it is) trains too.
 * @throws {UsageError} when sizes do not fit, a sequence exceeds the context, or no token counts.
 */
export function stitchTokenLoss(configs: readonly LlamaConfig[], route: Route, view: ParameterView, batch: TokenBatch, moving: MovingOperands = "features"): Tensor {
  const { anchor } = route.find((step) => step.kind === "head")!;
  const config = configs[anchor]!;
  const { sequences, length, tokens } = batch;
  if (tokens.length !== sequences * length || batch.mask.length !== tokens.length) {
    throw new UsageError(`stitchTokenLoss: ${tokens.length} tokens and ${batch.mask.length} mask values arrived, expected ${sequences}·${length} of each.`);
  }
  if (length > config.context) throw new UsageError(`stitchTokenLoss: sequences have ${length} tokens, expected at most the context of ${config.context}. Cut or leave out the longer ones.`);
  return tf.tidy(() => {
    const features = stitchPooled(configs, route, view, tf.tensor2d(tokens, [sequences, length], "int32"));
    const weight = view.get(`${anchorPrefix(anchor)}${llamaHeadName(config)}.weight`);
    return tokenCrossEntropy(tf.reshape(features, [sequences * length, config.width]), weight, nextTokens(batch), moving);
  });
}

/** The token that each position predicts, {@link NO_LABEL} where it does not count. */
function nextTokens({ length, tokens, mask }: TokenBatch): Int32Array {
  return tokens.map((_, at) => (at % length === length - 1 || mask[at + 1] === 0 ? NO_LABEL : tokens[at + 1]!));
}
