/**
 * @file Things that lie about in a maze: good ones, bad ones, and ones that mean nothing.
 */
import type { RandomStream } from "../../rng.js";
import { between, near, oneOf } from "./draws.js";
import type { Solid, Vector } from "./scene.js";

/** What finding a thing brings. */
export type Reward = "good" | "bad" | "none";

/** A thing about 1 high that stands at the origin. */
type Model = (stream: RandomStream) => Solid[];

const LEAF: Vector = [0.15, 0.5, 0.12];

/** A round fruit with stalk and leaf. */
const fruit = (colour: Vector): Model => (stream) => [
  { shape: "ball", centre: [0, 0.42, 0], half: [0.45, 0.42, 0.45], material: { colour: near(colour, 0.08, stream), shine: 0.4 } },
  { shape: "cylinder", centre: [0, 0.9, 0], half: [0.05, 0.12, 0.05], material: { colour: [0.35, 0.22, 0.1] } },
  { shape: "ball", centre: [0.15, 0.95, 0], half: [0.2, 0.05, 0.1], tilt: 0.4, material: { colour: LEAF } },
];

/** A slice of cake on end: a cone, point down in two layers, with a cherry. */
const cake: Model = (stream) => [
  { shape: "cylinder", centre: [0, 0.2, 0], half: [0.5, 0.2, 0.5], material: { colour: near([0.95, 0.75, 0.8], 0.06, stream) } },
  { shape: "cylinder", centre: [0, 0.55, 0], half: [0.36, 0.15, 0.36], material: { colour: near([0.95, 0.93, 0.85], 0.05, stream) } },
  { shape: "ball", centre: [0, 0.82, 0], half: [0.16, 0.16, 0.16], material: { colour: [0.85, 0.08, 0.1], shine: 0.5 } },
];

/** A long fruit that lies on its side. */
const lemon: Model = (stream) => [{ shape: "ball", centre: [0, 0.36, 0], half: [0.6, 0.36, 0.36], tilt: between(-0.2, 0.2, stream), material: { colour: near([0.95, 0.85, 0.12], 0.06, stream), shine: 0.3 } }];

/** A toadstool. */
const toadstool: Model = (stream) => [
  { shape: "cylinder", centre: [0, 0.3, 0], half: [0.14, 0.3, 0.14], material: { colour: [0.92, 0.9, 0.82] } },
  { shape: "ball", centre: [0, 0.62, 0], half: [0.52, 0.3, 0.52], material: { colour: near([0.82, 0.12, 0.1], 0.06, stream), texture: { kind: "checker", colour: [0.95, 0.95, 0.9], size: 0.14 } } },
];

/** A bottle of poison. */
const bottle: Model = (stream) => [
  { shape: "cylinder", centre: [0, 0.32, 0], half: [0.3, 0.32, 0.3], material: { colour: near([0.48, 0.12, 0.6], 0.07, stream), shine: 0.6 } },
  { shape: "cone", centre: [0, 0.76, 0], half: [0.3, 0.14, 0.3], material: { colour: near([0.48, 0.12, 0.6], 0.07, stream), shine: 0.6 } },
  { shape: "cylinder", centre: [0, 0.9, 0], half: [0.1, 0.12, 0.1], material: { colour: [0.15, 0.15, 0.15] } },
];

/** A coloured ball, block or cone. */
const clutter: Model = (stream) => {
  const colour = near(oneOf<Vector>([[0.2, 0.35, 0.85], [0.55, 0.55, 0.55], [0.2, 0.65, 0.65], [0.85, 0.5, 0.15], [0.5, 0.3, 0.15]], stream), 0.1, stream);
  const shape = oneOf(["box", "cone", "ball"] as const, stream);
  return [{ shape, centre: [0, 0.42, 0], half: [0.42, 0.42, 0.42], material: { colour } }];
};

const models: Readonly<Record<Reward, readonly Model[]>> = {
  good: [fruit([0.8, 0.1, 0.1]), fruit([0.45, 0.75, 0.15]), cake],
  bad: [lemon, toadstool, bottle],
  none: [clutter],
};

/** Draws a thing of one kind, about 1 high and wide, that stands at the origin. */
export function mazeObject(reward: Reward, stream: RandomStream): Solid[] {
  return oneOf(models[reward], stream)(stream);
}
