/**
 * @file Turns the steps of a route into parts with full parameter names: the bridge from a stitch to its parameters and costs.
 */
import { anchorPartShape, anchorTokens, type AnchorConfig } from "../anchors/anchor.js";
import type { ModuleShape, PartShape } from "../anchors/module-shape.js";
import type { Route, RouteStep } from "./route.js";

/** Prefix of an anchor's parameters in a stitched model's tree. */
export function anchorPrefix(anchor: number): string {
  return `anchors.${anchor}.`;
}

/** Name of a stitching layer's module. */
export function stitchingLayerName(stitchingLayerId: number): string {
  return `stitching_layers.${stitchingLayerId}`;
}

/** The stitching layer's module, `[Db, Da]` with bias, applied to every token: N·Da·Db multiply–accumulates. */
export function stitchingLayerShape(configs: readonly AnchorConfig[], step: RouteStep & { kind: "stitch" }): PartShape {
  const front = configs[step.front]!;
  const end = configs[step.end]!;
  const module: ModuleShape = { name: stitchingLayerName(step.stitchingLayerId), role: "stitching-layer", weight: [end.width, front.width], bias: end.width };
  return { modules: [module], flops: anchorTokens(front) * front.width * end.width };
}

/** One part per step of the route; module names carry their prefix (`anchors.<a>.`, `stitching_layers.<id>`). */
export function routeParts(configs: readonly AnchorConfig[], route: Route): PartShape[] {
  return route.map((step) => {
    if (step.kind === "stitch") return stitchingLayerShape(configs, step);
    const part = anchorPartShape(configs[step.anchor]!, step);
    return { ...part, modules: part.modules.map((module) => ({ ...module, name: anchorPrefix(step.anchor) + module.name })) };
  });
}

/** All modules on the route; a head that is its anchor's embedding occurs twice where both are run. */
export function routeModules(configs: readonly AnchorConfig[], route: Route): ModuleShape[] {
  return routeParts(configs, route).flatMap((part) => part.modules);
}
