/**
 * @file Which stitches a family of anchors has: whole numbers only, no tensors.
 */
import { throwProblems, UsageError, wholeNumberProblem } from "../checks.js";

/** An anchor run alone: a stitch whose front and end are the same anchor. */
export interface AnchorStitch {
  readonly kind: "anchor";
  readonly stitchId: number;
  readonly front: number;
  readonly end: number;
}

/** A front anchor's blocks 0…frontBlock, a stitching layer, and an end anchor's blocks endBlock…depth−1. */
export interface JoinedStitch {
  readonly kind: "stitch";
  readonly stitchId: number;
  readonly front: number;
  readonly end: number;
  readonly pair: number;
  readonly frontBlock: number;
  readonly endBlock: number;
  /** Index of the sliding window that first names this position; absent between anchors of unequal depths. */
  readonly window?: number;
  readonly stitchingLayerId: number;
}

export type Stitch = AnchorStitch | JoinedStitch;

/** One linear map between two anchors' widths, shared by all stitches that name it. */
export interface StitchingLayerPlace {
  readonly stitchingLayerId: number;
  readonly front: number;
  readonly end: number;
}

/** All stitches of a family; `stitches[id].stitchId === id`, the anchors first. */
export interface StitchSpace {
  readonly anchorDepths: readonly number[];
  readonly stitches: readonly Stitch[];
  readonly stitchingLayers: readonly StitchingLayerPlace[];
}

/** How positions are enumerated. */
export interface PositionOptions {
  /** How a pair's positions are found:
   * - *window* - sliding windows; the default where depths are equal (SN-Net's paired stitching)
   * - *nearest* - the nearest map by relative depth; the default where they differ (unpaired stitching) */
  readonly pairing?: "window" | "nearest";
  /** Blocks in a window, k; 2 by default (SN-Net). */
  readonly windowSize?: number;
  /** Blocks between the starts of neighbouring windows, s; 1 by default (SN-Net). */
  readonly stride?: number;
}

type Position = Pick<JoinedStitch, "frontBlock" | "endBlock" | "window"> & { readonly layer: number };

/**
 * Enumerates the stitches between neighbouring anchors, smaller to larger.
 *
 * Equal depths: windows of k blocks slide by s over both anchors; every (i, j) inside a window that no earlier window
 * named is a position, and all positions of a window share one stitching layer. k = 2, s = 1 and three anchors of twelve
 * blocks give 71 stitches and 22 stitching layers. Unequal depths: the nearest map m[e] = ⌊e·L₁/L₂⌋ gives the positions
 * (m[e], e) with m[e] < e, one stitching layer for each m; the window options play no part. (The nearest map between equal depths has none.)
 *
 * @param anchorDepths - blocks of each anchor, smallest anchor first.
 * @throws {UsageError} when there are no anchors, a depth or option is not a whole number in range, a front anchor is deeper than its end anchor, or "window" is asked for between unequal depths.
 *
 * Source: SN-Net, `get_stitch_configs`; general k, s and unequal depths are our generalisation.
 * Differs: SN-Net's sharing list for unequal depths is one position off; ours is not.
 */
export function stitchSpace(anchorDepths: readonly number[], { pairing, windowSize = 2, stride = 1 }: PositionOptions = {}): StitchSpace {
  const windowed = anchorDepths.filter((depth, anchor) => pairing !== "nearest" && (depth === anchorDepths[anchor - 1] || depth === anchorDepths[anchor + 1]));
  if (anchorDepths.length === 0) throw new UsageError("stitchSpace: no anchors arrived, expected at least one depth.");
  throwProblems([
    ...anchorDepths.flatMap((depth, anchor) => wholeNumberProblem("stitchSpace", `depth of anchor ${anchor}`, depth, 1, Infinity)),
    ...(windowed.length === 0 ? [] : wholeNumberProblem("stitchSpace", "windowSize", windowSize, 1, Math.min(...windowed), "the anchors' depth")),
    ...wholeNumberProblem("stitchSpace", "stride", stride, 1, Infinity),
  ]);
  const stitches: Stitch[] = anchorDepths.map((_, anchor) => ({ kind: "anchor", stitchId: anchor, front: anchor, end: anchor }));
  const stitchingLayers: StitchingLayerPlace[] = [];
  for (let front = 0; front + 1 < anchorDepths.length; front++) {
    const end = front + 1;
    const firstLayer = stitchingLayers.length;
    const positions = pairPositions(anchorDepths[front]!, anchorDepths[end]!, pairing, windowSize, stride);
    for (const { layer, ...position } of positions) {
      const stitchingLayerId = firstLayer + layer;
      stitchingLayers[stitchingLayerId] ??= { stitchingLayerId, front, end };
      stitches.push({ kind: "stitch", stitchId: stitches.length, front, end, pair: front, ...position, stitchingLayerId });
    }
  }
  return { anchorDepths: [...anchorDepths], stitches, stitchingLayers };
}

function pairPositions(frontDepth: number, endDepth: number, pairing: PositionOptions["pairing"], windowSize: number, stride: number): Position[] {
  if (frontDepth > endDepth) {
    throw new UsageError(`stitchSpace: a front anchor of ${frontDepth} blocks precedes an end anchor of ${endDepth}, expected the shallower first: order the anchors from small to large.`);
  }
  if (pairing === "window" && frontDepth !== endDepth) {
    throw new UsageError(`stitchSpace: pairing is "window" between anchors of ${frontDepth} and ${endDepth} blocks, expected equal depths: use "nearest".`);
  }
  return pairing === "window" || (pairing === undefined && frontDepth === endDepth)
    ? windowPositions(frontDepth, windowSize, stride)
    : nearestPositions(frontDepth, endDepth);
}

function windowPositions(depth: number, windowSize: number, stride: number): Position[] {
  const positions: Position[] = [];
  const named = new Set<number>();
  for (let window = 0; window * stride + windowSize <= depth; window++) {
    const start = window * stride;
    for (let frontBlock = start; frontBlock < start + windowSize; frontBlock++) {
      for (let endBlock = start; endBlock < start + windowSize; endBlock++) {
        if (named.has(frontBlock * depth + endBlock)) continue;
        named.add(frontBlock * depth + endBlock);
        positions.push({ frontBlock, endBlock, window, layer: window });
      }
    }
  }
  return positions;
}

/** The front block nearest to each end block by relative depth: m[e] = ⌊e·L₁/L₂⌋. */
export function nearestMap(frontDepth: number, endDepth: number): number[] {
  return Array.from({ length: endDepth }, (_, endBlock) => Math.floor((endBlock * frontDepth) / endDepth));
}

function nearestPositions(frontDepth: number, endDepth: number): Position[] {
  return nearestMap(frontDepth, endDepth)
    .map((frontBlock, endBlock) => ({ frontBlock, endBlock, layer: frontBlock }))
    .filter(({ frontBlock, endBlock }) => frontBlock < endBlock);
}

/** Returns the stitch of that id. @throws {UsageError} when the space has no such stitch. */
export function stitchOf(space: StitchSpace, stitchId: number): Stitch {
  const stitch = space.stitches[stitchId];
  if (stitch === undefined) throw new UsageError(`stitchOf: stitch ${stitchId} does not exist, expected 0 to ${space.stitches.length - 1}.`);
  return stitch;
}
