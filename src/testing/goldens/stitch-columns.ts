/**
 * @file A stitch space as columns with the names of the golden tables.
 */
import type { JoinedStitch, Stitch, StitchSpace } from "../../stitching/stitch-space.js";

/** Compares lists exactly: the lines of a report are groups of fields. */
export type CompareLists = (group: string, field: string, values: readonly unknown[], reference: readonly unknown[]) => void;

/** One list a field, in the order of stitch ids; undefined where a stitch has no such field. */
export function stitchColumns({ stitches }: StitchSpace): Record<string, readonly unknown[]> {
  const joined = (field: (stitch: JoinedStitch) => unknown): unknown[] => stitches.map((stitch: Stitch) => (stitch.kind === "stitch" ? field(stitch) : undefined));
  return {
    stitch_id: stitches.map(({ stitchId }) => stitchId),
    kind: stitches.map(({ kind }) => kind),
    front: stitches.map(({ front }) => front),
    end: stitches.map(({ end }) => end),
    pair: joined(({ pair }) => pair),
    front_block: joined(({ frontBlock }) => frontBlock),
    end_block: joined(({ endBlock }) => endBlock),
    window: joined(({ window }) => window),
    stitching_layer_id: joined(({ stitchingLayerId }) => stitchingLayerId),
  };
}
