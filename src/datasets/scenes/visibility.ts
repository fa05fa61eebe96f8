/**
 * @file How much of each solid the camera sees.
 */
import { RayCaster } from "./ray-caster.js";
import type { Camera, Scene, Solid } from "./scene.js";
import { unit, viewOf } from "./view.js";

/** Rays to a side of the picture. */
const SIDE = 32;

/** Share of the picture that each solid of a scene covers, `[solids]`, from 32×32 rays, in front of the planes. */
export function visibleShares({ solids, camera }: Pick<Scene, "solids" | "camera">): Float64Array {
  const shares = new Float64Array(solids.length);
  const caster = new RayCaster(solids);
  const { forward, right, down } = viewOf(camera);
  for (let row = 0; row < SIDE; row++) {
    const v = (2 * row + 1) / SIDE - 1;
    for (let column = 0; column < SIDE; column++) {
      const u = (2 * column + 1) / SIDE - 1;
      const [dx, dy, dz] = unit([forward[0] + u * right[0] + v * down[0], forward[1] + u * right[1] + v * down[1], forward[2] + u * right[2] + v * down[2]]);
      const found = caster.nearest(camera.eye[0], camera.eye[1], camera.eye[2], dx, dy, dz, Infinity);
      if (found >= 0) shares[found]! += 1 / SIDE ** 2;
    }
  }
  return shares;
}

/** Share of the picture that each of several things covers, `[things]`. */
export function thingShares(things: readonly (readonly Solid[])[], camera: Camera): number[] {
  const shares = visibleShares({ solids: things.flat(), camera });
  let next = 0;
  return things.map((thing) => thing.reduce((sum) => sum + shares[next++]!, 0));
}

/** Whether the first of several things covers a share of the picture, and at least half of what it would without the others. */
export function showsWell(things: readonly (readonly Solid[])[], camera: Camera, least: number): boolean {
  const seen = thingShares(things, camera)[0]!;
  return seen >= least && seen >= thingShares(things.slice(0, 1), camera)[0]! / 2;
}
