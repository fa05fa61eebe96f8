/**
 * @file Tables with balls, blocks and cylinders after the manner of CLEVR: its camera, its spread of 3 to 10 objects, its materials.
 */
import type { RandomStream } from "../../rng.js";
import { anyColour, between, near, oneOf, somewhere, sunDirection } from "./draws.js";
import type { Camera, Material, Scene, Solid, Vector } from "./scene.js";
import { unit } from "./view.js";
import { visibleShares } from "./visibility.js";

/** Objects stand within this distance of the middle along both axes, as in CLEVR. */
const REACH = 3;
/** Between two objects, seen from above. */
const GAP = 0.2;
const TRIES = 400;
/** Least share of the picture that shows of each object: three pixels of 32×32. */
const LEAST_SEEN = 2.5 / 32 ** 2;
const COLOURS: readonly Vector[] = [
  [0.42, 0.42, 0.42],
  [0.72, 0.18, 0.18],
  [0.2, 0.32, 0.8],
  [0.15, 0.5, 0.15],
  [0.5, 0.33, 0.15],
  [0.52, 0.2, 0.7],
  [0.18, 0.75, 0.75],
  [0.92, 0.85, 0.25],
];

/**
 * Draws a scene of so many objects; undefined when they would not fit or one would be hidden.
 *
 * @param closest - the closest object's depth is above the first and at most the second. Default: anything.
 */
export function clevrScene(count: number, stream: RandomStream, closest?: readonly [above: number, to: number]): Scene | undefined {
  const camera = clevrCamera(stream);
  const solids: Solid[] = [];
  let nearest = 0;
  for (let index = 0; index < count; index++) {
    const solid = freePlace(solids, stream, (candidate) => {
      if (closest === undefined) return true;
      const own = depthOf(candidate, camera);
      return index === 0 ? own > closest[0] && own <= closest[1] : own > nearest;
    });
    if (solid === undefined) return undefined;
    if (index === 0) nearest = depthOf(solid, camera);
    solids.push(solid);
  }
  if (visibleShares({ solids, camera }).some((share) => share < LEAST_SEEN)) return undefined;
  const ground = between(0.3, 0.7, stream);
  const strength = between(0.7, 1.3, stream);
  return {
    solids,
    ground: { colour: near([ground, ground, ground], 0.04, stream), texture: { kind: "blotches", colour: near([ground, ground, ground], 0.15, stream), size: between(0.4, 2, stream), origin: somewhere(stream) } },
    sky: [near([0.5, 0.5, 0.5], 0.2, stream), near([0.4, 0.4, 0.4], 0.2, stream)],
    light: { direction: sunDirection(0.7, 1.3, stream), strength, ambient: between(0.25, 0.5, stream) * strength },
    camera,
    noise: between(1, 5, stream),
  };
}

/** Depth of an object: how far its middle lies from the camera along the camera's axis, as CLEVR's `pixel_coords`. */
export function depthOf({ centre }: Solid, { eye, target }: Camera): number {
  const [ax, ay, az] = unit([target[0] - eye[0], target[1] - eye[1], target[2] - eye[2]]);
  return (centre[0] - eye[0]) * ax + (centre[1] - eye[1]) * ay + (centre[2] - eye[2]) * az;
}

/** A little narrower than CLEVR's lens, about 11.2 from the middle, moved by up to 0.5 along each axis; its 3:2 pictures are squeezed to squares as VTAB does. */
function clevrCamera(stream: RandomStream): Camera {
  const moved = (value: number): number => value + between(-0.5, 0.5, stream);
  return { eye: [moved(7.4), moved(5.3), moved(6.6)], target: [0, 0.3, 0], width: 0.76, height: 0.53 };
}

/** Draws an object that touches no other and fits the condition. */
function freePlace(others: readonly Solid[], stream: RandomStream, fits: (solid: Solid) => boolean): Solid | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const solid = clevrObject(stream);
    const apart = others.every(({ centre, half }) => Math.hypot(centre[0] - solid.centre[0], centre[2] - solid.centre[2]) > radius(half) + radius(solid.half) + GAP);
    if (apart && fits(solid)) return solid;
  }
  return undefined;
}

/** Radius from above of a body as wide as it is deep, corners counted half. */
function radius([x, , z]: Vector): number {
  return Math.max(x, z) * 1.15;
}

function clevrObject(stream: RandomStream): Solid {
  const shape = oneOf(["ball", "box", "cylinder"] as const, stream);
  // Sizes run from CLEVR's small ones to its large ones; a block has the diagonal of a ball.
  const size = between(0.38, 0.75, stream) * (shape === "box" ? 0.8 : 1);
  return {
    shape,
    centre: [between(-REACH, REACH, stream), size, between(-REACH, REACH, stream)],
    half: [size, size, size],
    turn: between(0, Math.PI / 2, stream),
    material: clevrMaterial(stream),
  };
}

/** Rubber is dull, metal shines; every third object has a second colour. */
function clevrMaterial(stream: RandomStream): Material {
  const colour = near(oneOf(COLOURS, stream), 0.1, stream);
  const shine = oneOf([0, 0.8], stream);
  if (stream.uniform() < 2 / 3) return { colour, shine };
  return { colour, shine, texture: { kind: oneOf(["checker", "blotches"] as const, stream), colour: anyColour(0.1, 0.9, stream), size: between(0.3, 0.7, stream) } };
}
