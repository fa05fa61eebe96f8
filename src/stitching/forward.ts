/**
 * @file Runs a route: the only place where front blocks, stitching layer and end blocks follow one another.
 */
import { anchorBlock, anchorEmbed, anchorHead, anchorNorm, anchorPool, type AnchorConfig } from "../anchors/anchor.js";
import type { KeyValueMemory } from "../anchors/key-value-memory.js";
import { scopedView, type ParameterView } from "../anchors/parameters.js";
import { tokenCount } from "../anchors/vit-shape.js";
import { withPrompts } from "../anchors/visual-prompts.js";
import { linear, tf, type Tensor } from "../tensor/index.js";
import { anchorPrefix, stitchingLayerName } from "./route-parts.js";
import type { Route } from "./route.js";

/**
 * Computes a stitch's logits: `[B, C]` on images `[B, 3, H, W]`, `[B, N, V]` on token ids int32 `[B, N]`.
 *
 * An image's class token is taken before the final norm: the same logits as norming every token, N times cheaper.
 *
 * @param configs - sizes of every anchor of the family.
 * @param view - parameters under `anchors.<a>.` and `stitching_layers.<id>`.
 * @param memory - what a decoder remembers of the tokens before these; each step of the route has its own place in it.
 */
export function stitchLogits(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    const { anchor } = route.find((step) => step.kind === "head")!;
    return anchorHead(configs[anchor]!, scopedView(view, anchorPrefix(anchor)), stitchPooled(configs, route, view, input, memory));
  });
}

/** Computes what a stitch's head reads: the class token `[B, Db]` or every token `[B, N, Db]`, normed where the route says so. */
export function stitchPooled(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    const { anchor } = route.find((step) => step.kind === "head")!;
    let pooled = anchorPool(configs[anchor]!, stitchTokens(configs, route, view, input, memory));
    for (const step of route) if (step.kind === "norm") pooled = anchorNorm(configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor)), pooled);
    return pooled;
  });
}

/** Computes the tokens `[B, N, Db]` that leave a stitch's last block; visual prompts are left behind. */
export function stitchFeatures(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    const tokens = stitchTokens(configs, route, view, input, memory);
    const [first] = configs;
    return first?.kind === "vit" ? withPrompts(tokens, tokenCount(first)) : tokens;
  });
}

/** Tokens that leave a stitch's last block, visual prompts with them, `[B, N + p, Db]`. */
function stitchTokens(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    let x = input;
    route.forEach((step, place) => {
      if (step.kind === "embed") x = anchorEmbed(configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor)), x);
      if (step.kind === "block") x = anchorBlock(configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor)), step.block, x, memory, String(place));
      if (step.kind === "stitch") x = applyStitchingLayer(view, step.stitchingLayerId, x);
    });
    return x;
  });
}

function applyStitchingLayer(view: ParameterView, stitchingLayerId: number, x: Tensor): Tensor {
  const module = stitchingLayerName(stitchingLayerId);
  return linear(x, view.get(`${module}.weight`), view.get(`${module}.bias`), view.lora(module));
}
