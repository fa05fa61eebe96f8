/**
 * @file Runs a route: the only place where front blocks, stitching layer and end blocks follow one another.
 */
import { scopedView, type ParameterView } from "../anchors/parameters.js";
import { vitBlock, vitClassToken, vitEmbed, vitHead, vitNorm } from "../anchors/vit.js";
import { tokenCount, type VitConfig } from "../anchors/vit-shape.js";
import { withPrompts } from "../anchors/visual-prompts.js";
import { linear, tf, type Tensor } from "../tensor/index.js";
import { anchorPrefix, stitchingLayerName } from "./route-parts.js";
import type { Route } from "./route.js";

/**
 * Computes a stitch's logits `[B, C]` on images `[B, 3, H, W]`.
 *
 * The class token is taken before the final norm: the same logits as norming every token, N times cheaper.
 *
 * @param configs - sizes of every anchor of the family.
 * @param view - parameters under `anchors.<a>.` and `stitching_layers.<id>`.
 */
export function stitchLogits(configs: readonly VitConfig[], route: Route, view: ParameterView, images: Tensor): Tensor {
  return tf.tidy(() => {
    let classToken = vitClassToken(stitchTokens(configs, route, view, images));
    for (const step of route) {
      if (step.kind === "norm") classToken = vitNorm(configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor)), classToken);
      if (step.kind === "head") classToken = vitHead(scopedView(view, anchorPrefix(step.anchor)), classToken);
    }
    return classToken;
  });
}

/** Computes the tokens `[B, N, Db]` that leave a stitch's last block; visual prompts are left behind. */
export function stitchFeatures(configs: readonly VitConfig[], route: Route, view: ParameterView, images: Tensor): Tensor {
  return tf.tidy(() => withPrompts(stitchTokens(configs, route, view, images), tokenCount(configs[0]!)));
}

/** Tokens that leave a stitch's last block, visual prompts with them, `[B, N + p, Db]`. */
function stitchTokens(configs: readonly VitConfig[], route: Route, view: ParameterView, images: Tensor): Tensor {
  return tf.tidy(() => {
    let x = images;
    for (const step of route) {
      if (step.kind === "embed") x = vitEmbed(configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor)), x);
      if (step.kind === "block") x = vitBlock(configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor)), step.block, x);
      if (step.kind === "stitch") x = applyStitchingLayer(view, step.stitchingLayerId, x);
    }
    return x;
  });
}

function applyStitchingLayer(view: ParameterView, stitchingLayerId: number, x: Tensor): Tensor {
  const module = stitchingLayerName(stitchingLayerId);
  return linear(x, view.get(`${module}.weight`), view.get(`${module}.bias`), view.lora(module));
}
