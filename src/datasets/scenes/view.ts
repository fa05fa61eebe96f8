/**
 * @file Which way a camera's rays go.
 */
import type { Camera, Vector } from "./scene.js";

/** Directions of a camera's rays. */
export interface View {
  readonly forward: Vector;
  /** To the right and downward edge of the picture, of the length at distance 1. */
  readonly right: Vector;
  readonly down: Vector;
}

/** Directions through the points of a picture: `forward + u·right + v·down` with u, v from −1 to 1. */
export function viewOf({ eye, target, width, height }: Camera): View {
  const forward = unit([target[0] - eye[0], target[1] - eye[1], target[2] - eye[2]]);
  const level = unit([-forward[2], 0, forward[0]]);
  const up: Vector = [level[1] * forward[2] - level[2] * forward[1], level[2] * forward[0] - level[0] * forward[2], level[0] * forward[1] - level[1] * forward[0]];
  const [across, upright] = [Math.tan(width / 2), Math.tan(height / 2)];
  return { forward, right: [level[0] * across, level[1] * across, level[2] * across], down: [-up[0] * upright, -up[1] * upright, -up[2] * upright] };
}

/** A vector of length 1. */
export function unit([x, y, z]: Vector): Vector {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}
