/**
 * @file What stands beside a road and is no vehicle: trees, houses, hedges, people, posts, containers. Metres, at the origin.
 */
import type { RandomStream } from "../../rng.js";
import { anyColour, between, near, oneOf } from "./draws.js";
import type { Solid } from "./scene.js";
import { block } from "./vehicles.js";

/** A trunk with one or two crowns, round or pointed. */
export function tree(stream: RandomStream): Solid[] {
  const [height, width] = [between(3.5, 8, stream), between(1, 2.2, stream)];
  const shape = oneOf(["ball", "ball", "cone"] as const, stream);
  const leaves = { colour: near([0.2, 0.38, 0.15], 0.1, stream), texture: { kind: "blotches", colour: near([0.12, 0.25, 0.1], 0.08, stream), size: 0.8 } } as const;
  return [
    { shape: "cylinder", centre: [0, height / 4, 0], half: [0.18, height / 4, 0.18], material: { colour: [0.3, 0.22, 0.15] } },
    { shape, centre: [0, 0.65 * height, 0], half: [width, 0.38 * height, width], material: leaves },
  ];
}

/** A block with rows of windows and a roof. */
export function house(stream: RandomStream): Solid[] {
  const [wide, deep, high] = [between(3, 6, stream), between(3, 6, stream), between(3, 9, stream)];
  const wall = anyColour(0.4, 0.85, stream);
  return [
    block([-wide, 0, -deep], [wide, high, deep], { colour: wall, texture: { kind: oneOf(["checker", "bricks", "stripes"] as const, stream), colour: near([0.3, 0.3, 0.35], 0.1, stream), size: between(0.9, 1.6, stream) } }),
    block([-wide - 0.3, high, -deep - 0.3], [wide + 0.3, high + 0.5, deep + 0.3], { colour: near([0.45, 0.25, 0.2], 0.12, stream) }),
  ];
}

/** A low wall of leaves or stones along the road. */
export function hedge(stream: RandomStream): Solid[] {
  const colour = oneOf([near([0.2, 0.35, 0.15], 0.08, stream), near([0.55, 0.52, 0.48], 0.1, stream)], stream);
  return [block([-0.4, 0, -between(2, 5, stream)], [0.4, between(0.8, 1.8, stream), between(2, 5, stream)], { colour, texture: { kind: "blotches", colour: near(colour, 0.15, stream), size: 0.5 } })];
}

/** Someone who stands or walks. */
export function person(stream: RandomStream): Solid[] {
  const height = between(1.5, 1.9, stream);
  return [
    { shape: "cylinder", centre: [0, 0.24 * height, 0], half: [0.15, 0.24 * height, 0.18], material: { colour: anyColour(0.05, 0.5, stream) } },
    { shape: "ball", centre: [0, 0.65 * height, 0], half: [0.2, 0.22 * height, 0.26], material: { colour: anyColour(0.1, 0.9, stream) } },
    { shape: "ball", centre: [0, 0.92 * height, 0], half: [0.12, 0.08 * height, 0.12], material: { colour: near([0.75, 0.55, 0.42], 0.15, stream) } },
  ];
}

/** A lamp post or a sign. */
export function post(stream: RandomStream): Solid[] {
  const height = between(2.5, 6, stream);
  return [
    { shape: "cylinder", centre: [0, height / 2, 0], half: [0.07, height / 2, 0.07], material: { colour: [0.4, 0.4, 0.4] } },
    block([-0.4, height - 0.5, -0.05], [0.4, height, 0.05], { colour: anyColour(0.2, 0.9, stream) }),
  ];
}

/** A box of a vehicle's size and colours without wheels, windows and lamps. */
export function container(stream: RandomStream): Solid[] {
  return [block([-between(0.7, 1.2, stream), 0, -between(0.8, 1.8, stream)], [between(0.7, 1.2, stream), between(1, 1.9, stream), between(0.8, 1.8, stream)], { colour: anyColour(0.1, 0.9, stream) })];
}
