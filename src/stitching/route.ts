/**
 * @file What a stitch runs, step by step: written once, read by forward pass, costs, parameter counts and drawing.
 */
import { stitchOf, type StitchSpace } from "./stitch-space.js";

/** One step of a route. `norm` is the final norm of an anchor. */
export type RouteStep =
  | { readonly kind: "embed"; readonly anchor: number }
  | { readonly kind: "block"; readonly anchor: number; readonly block: number }
  | { readonly kind: "stitch"; readonly front: number; readonly end: number; readonly stitchingLayerId: number }
  | { readonly kind: "norm"; readonly anchor: number }
  | { readonly kind: "head"; readonly anchor: number };

export type Route = readonly RouteStep[];

export interface RouteOptions {
  /** Whether a joined stitch applies its end anchor's final norm: true by default (SN-Netv2); false is SN-Net's first version. Anchors always apply theirs. */
  readonly finalNorm?: boolean;
}

/** Lists the steps of a stitch from embedding to head. */
export function routeOf(space: StitchSpace, stitchId: number, { finalNorm = true }: RouteOptions = {}): Route {
  const stitch = stitchOf(space, stitchId);
  const { front, end } = stitch;
  const lastBlock = space.anchorDepths[end]! - 1;
  const steps: RouteStep[] = [{ kind: "embed", anchor: front }];
  if (stitch.kind === "anchor") {
    steps.push(...blocks(front, 0, lastBlock));
  } else {
    steps.push(...blocks(front, 0, stitch.frontBlock));
    steps.push({ kind: "stitch", front, end, stitchingLayerId: stitch.stitchingLayerId });
    steps.push(...blocks(end, stitch.endBlock, lastBlock));
  }
  if (finalNorm || stitch.kind === "anchor") steps.push({ kind: "norm", anchor: end });
  steps.push({ kind: "head", anchor: end });
  return steps;
}

function blocks(anchor: number, first: number, last: number): RouteStep[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => ({ kind: "block", anchor, block: first + offset }));
}
