/**
 * @file Runs a route: the only place where front blocks, stitching layer and end blocks follow one another.
 */
import { anchorBlock, anchorEmbed, anchorHead, anchorLastBlock, anchorNorm, type AnchorConfig } from "../anchors/anchor.js";
import type { KeyValueMemory } from "../anchors/key-value-memory.js";
import { scopedView, type ParameterView } from "../anchors/parameters.js";
import { tokenCount } from "../anchors/vit-shape.js";
import { withPrompts } from "../anchors/visual-prompts.js";
import { linear, tf, type Tensor } from "../tensor/index.js";
import { anchorPrefix, stitchingLayerName } from "./route-parts.js";
import type { Route } from "./route.js";

/**
 * Computes a stitch's logits: `[B, C]` on images `[B, 3, H, W]`, `[B, N, V]` on token ids int32 `[B, N]`, with a memory those of the last token `[B, 1, V]`.
 *
 * An image's class token alone leaves the last block's attention: the same logits as carrying every token to the end, cheaper.
 *
 * @param configs - sizes of every anchor of the family.
 * @param view - parameters under `anchors.<a>.` and `stitching_layers.<id>`.
 * @param memory - what a decoder remembers of the tokens before these; each step of the route has its own place in it.
 */
export function stitchLogits(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor, memory?: KeyValueMemory): Tensor {
  return runRoute(configs, route, view, input, route.length, memory);
}

/** Computes what a stitch's head reads: the class token `[B, Db]` or every token `[B, N, Db]`, normed where the route says so. */
export function stitchPooled(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor): Tensor {
  return runRoute(configs, route, view, input, route.length - 1);
}

/** Computes the tokens `[B, N, Db]` that leave a stitch's last block; visual prompts are left behind. */
export function stitchFeatures(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor): Tensor {
  return tf.tidy(() => {
    const tokens = runRoute(configs, route.filter(({ kind }) => kind !== "norm" && kind !== "head"), view, input);
    const [first] = configs;
    return first?.kind === "vit" ? withPrompts(tokens, tokenCount(first)) : tokens;
  });
}

/**
 * Computes the logits of several stitches on the same input, as {@link stitchLogits} does, bit for bit; steps that routes begin with in
 * common run once. Where routes part, the result there is held until the last of them goes on, the way that most take.
 *
 * @param view - one for all routes: what they have in common must read the same parameters.
 * @param take - told each stitch's logits by its place in `routes`; they are freed when it returns.
 */
export function eachLogits(configs: readonly AnchorConfig[], routes: readonly Route[], view: ParameterView, input: Tensor, take: (place: number, logits: Tensor) => void): void {
  const walk = (places: readonly number[], depth: number, x: Tensor): void => {
    const ways = bySameStep(routes, places, depth);
    for (const [index, going] of ways.entries()) {
      const route = routes[going[0]!]!;
      const y = tf.tidy(() => runStep(configs, route, depth, view, x));
      if (index === ways.length - 1 && x !== input) x.dispose();
      if (depth + 1 < route.length) walk(going, depth + 1, y);
      else {
        for (const place of going) take(place, y);
        y.dispose();
      }
    }
  };
  tf.tidy(() => walk(routes.map((_, place) => place), 0, input)); // frees what is held where `take` throws
}

/** Routes that take the same step next, together, the largest group last; a route's last block is another step than the same block elsewhere. */
function bySameStep(routes: readonly Route[], places: readonly number[], depth: number): number[][] {
  const groups = new Map<string, number[]>();
  for (const place of places) {
    const step = JSON.stringify([routes[place]![depth], isLastBlock(routes[place]!, depth)]);
    groups.set(step, [...(groups.get(step) ?? []), place]);
  }
  return [...groups.values()].sort((a, b) => a.length - b.length);
}

function runRoute(configs: readonly AnchorConfig[], route: Route, view: ParameterView, input: Tensor, length = route.length, memory?: KeyValueMemory): Tensor {
  return tf.tidy(() => {
    let x = input;
    for (let place = 0; place < length; place++) x = runStep(configs, route, place, view, x, memory);
    return x;
  });
}

function runStep(configs: readonly AnchorConfig[], route: Route, place: number, view: ParameterView, x: Tensor, memory?: KeyValueMemory): Tensor {
  const step = route[place]!;
  if (step.kind === "stitch") return applyStitchingLayer(view, step.stitchingLayerId, x);
  const [config, own] = [configs[step.anchor]!, scopedView(view, anchorPrefix(step.anchor))];
  switch (step.kind) {
    case "embed":
      return anchorEmbed(config, own, x);
    case "block":
      return (isLastBlock(route, place) ? anchorLastBlock : anchorBlock)(config, own, step.block, x, memory, String(place));
    case "norm":
      return anchorNorm(config, own, x);
    case "head":
      return anchorHead(config, own, x);
  }
}

/** Whether only norm and head read what leaves this block. */
function isLastBlock(route: Route, place: number): boolean {
  const next = route[place + 1]?.kind;
  return route[place]!.kind === "block" && (next === "norm" || next === "head");
}

function applyStitchingLayer(view: ParameterView, stitchingLayerId: number, x: Tensor): Tensor {
  const module = stitchingLayerName(stitchingLayerId);
  return linear(x, view.get(`${module}.weight`), view.get(`${module}.bias`), view.lora(module));
}
