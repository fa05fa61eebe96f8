/**
 * @file What a stitch costs: multiply–accumulates and parameters, read from its route.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import { isToken, moduleParameters } from "../anchors/module-shape.js";
import type { Route } from "./route.js";
import { routeModules, routeParts } from "./route-parts.js";

/** Costs of one stitch. */
export interface StitchCosts {
  /** Multiply–accumulates of one image or one full context, counted once (fvcore's convention). */
  readonly flops: number;
  /** Parameters as SN-Net counts them: joined stitches without class token and positions, anchors with. */
  readonly params: number;
  /** Parameters with class token and positions. */
  readonly paramsWithEmbeddings: number;
  /** Blocks run. */
  readonly blocks: number;
}

/** Adds up the route's costs. @param configs - sizes of every anchor of the family, smallest first. */
export function stitchCosts(configs: readonly AnchorConfig[], route: Route): StitchCosts {
  const modules = [...new Map(routeModules(configs, route).map((module) => [module.name, module])).values()]; // a tied head is stored once
  const paramsWithEmbeddings = modules.reduce((sum, module) => sum + moduleParameters(module), 0);
  const tokens = modules.filter(isToken).reduce((sum, module) => sum + moduleParameters(module), 0);
  const joined = route.some((step) => step.kind === "stitch");
  return {
    flops: routeParts(configs, route).reduce((sum, part) => sum + part.flops, 0),
    params: joined ? paramsWithEmbeddings - tokens : paramsWithEmbeddings,
    paramsWithEmbeddings,
    blocks: route.filter((step) => step.kind === "block").length,
  };
}
