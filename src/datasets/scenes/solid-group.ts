/**
 * @file Moves solids that make up one thing.
 */
import type { Solid, Vector } from "./scene.js";

/** Where a thing stands that was described around the origin. */
export interface Placement {
  readonly centre: Vector;
  /** About y, as {@link Solid.turn}. */
  readonly turn?: number;
  readonly scale?: number;
}

/** Turns a point about y, from x towards −z. */
export function turned([x, y, z]: Vector, angle: number): Vector {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [x * cos + z * sin, y, z * cos - x * sin];
}

/** The same thing scaled and turned about the origin, then moved to its place. */
export function placed(solids: readonly Solid[], { centre, turn = 0, scale = 1 }: Placement): Solid[] {
  return solids.map((solid) => {
    const [x, y, z] = turned(solid.centre, turn);
    return {
      ...solid,
      centre: [centre[0] + scale * x, centre[1] + scale * y, centre[2] + scale * z],
      half: [scale * solid.half[0], scale * solid.half[1], scale * solid.half[2]],
      turn: (solid.turn ?? 0) + turn,
    };
  });
}
