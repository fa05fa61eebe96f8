/**
 * @file Toys of smallNORB's five categories, of simple solids: at the origin, front towards +x, at most about 1 from the middle.
 */
import type { RandomStream } from "../../rng.js";
import { between, oneOf } from "./draws.js";
import type { Material, Solid, Vector } from "./scene.js";
import { placed } from "./solid-group.js";
import { block, car, truck, van, type Paint } from "./vehicles.js";

/** A toy drawn from a stream: the same stream gives the same toy. */
type Toy = (stream: RandomStream) => Solid[];

/** The categories of smallNORB, in its order. */
export const toyCategories = ["animal", "human", "airplane", "truck", "car"] as const;

/** Draws a toy of a category. */
export function drawToy(category: (typeof toyCategories)[number], stream: RandomStream): Solid[] {
  return makers[category](stream);
}

const makers: Readonly<Record<(typeof toyCategories)[number], Toy>> = {
  animal,
  human,
  airplane,
  truck: (stream) => placed(stream.uniform() < 0.75 ? truck(toyPaint(stream), plastic(stream), stream) : van(toyPaint(stream), stream), { centre: [0, 0, 0], scale: 0.27 }),
  car: (stream) => placed(car(toyPaint(stream), stream), { centre: [0, 0, 0], scale: 0.42 }),
};

/** Grey plastic: the pictures have no colours. */
function plastic(stream: RandomStream): Material {
  const grey = between(0.35, 0.95, stream);
  return { colour: [grey, grey, grey], shine: oneOf([0, 0.3], stream) };
}

/** Lamps tell the front, bright, from the rear, dark. */
function toyPaint(stream: RandomStream): Paint {
  return { body: plastic(stream), frontLight: [1, 1, 1], rearLight: [0.1, 0.1, 0.1] };
}

/** Four legs, a body, a neck with a head in front, and a tail. */
function animal(stream: RandomStream): Solid[] {
  const [skin, hoof] = [plastic(stream), plastic(stream)];
  const [length, width, leg] = [between(0.4, 0.6, stream), between(0.18, 0.28, stream), between(0.12, 0.28, stream)];
  const back = 2 * leg + width;
  const [neck, rise] = [between(0.15, 0.4, stream), between(0.3, 1.1, stream)];
  const head: Vector = [length + neck * Math.cos(rise), back + neck * Math.sin(rise), 0];
  const size = between(0.13, 0.19, stream);
  return [
    { shape: "ball", centre: [0, back, 0], half: [length + 0.1, width, width], material: skin },
    ...[-1, 1].flatMap((end) => [-1, 1].map((side): Solid => ({ shape: "cylinder", centre: [end * 0.7 * length, leg, side * 0.65 * width], half: [0.07, leg, 0.07], material: hoof }))),
    { shape: "cylinder", centre: [(length + head[0]) / 2 - 0.05, (back + head[1]) / 2, 0], half: [0.09, neck / 2 + 0.06, 0.09], tilt: rise - Math.PI / 2, material: skin },
    { shape: "ball", centre: head, half: [1.3 * size, size, size], material: skin },
    ...[-1, 1].map((side): Solid => ({ shape: "cone", centre: [head[0] - 0.06, head[1] + size, side * 0.6 * size], half: [0.05, 0.1, 0.05], material: hoof })),
    { shape: "cylinder", centre: [-length - 0.12, back + 0.05, 0], half: [0.035, 0.14, 0.035], tilt: between(0.6, 1.3, stream), material: hoof },
  ];
}

/** Stands or strides, an arm stretched out to the front, a pack on the back. */
function human(stream: RandomStream): Solid[] {
  const [trousers, shirt, skin] = [plastic(stream), plastic(stream), plastic(stream)];
  const [leg, chest, broad] = [between(0.28, 0.36, stream), between(0.22, 0.28, stream), between(0.2, 0.28, stream)];
  const [stride, reach] = [between(0, 0.35, stream), between(0.2, 0.32, stream)];
  const shoulder = 2 * leg + 1.6 * chest;
  const limb = (side: number, angle: number): Solid => ({
    shape: "cylinder",
    centre: [leg * Math.sin(angle), leg, side * 0.5 * broad],
    half: [0.09, leg, 0.09],
    tilt: angle,
    material: trousers,
  });
  return [
    limb(-1, stride),
    limb(1, -stride),
    { shape: "ball", centre: [0, 2 * leg + 0.8 * chest, 0], half: [0.15, chest, broad], material: shirt },
    { shape: "ball", centre: [0.02, shoulder + 0.2, 0], half: [0.13, 0.16, 0.13], material: skin },
    block([0.1, shoulder + 0.12, -0.04], [0.2, shoulder + 0.2, 0.04], skin),
    { shape: "cylinder", centre: [reach, shoulder - 0.08, broad], half: [0.06, reach, 0.06], tilt: -Math.PI / 2 + between(-0.3, 0.4, stream), material: skin },
    { shape: "cylinder", centre: [0, shoulder - 0.3, -1.1 * broad], half: [0.06, 0.28, 0.06], material: skin },
    block([-0.3, shoulder - 0.42, -0.7 * broad], [-0.1, shoulder - 0.02, 0.7 * broad], trousers),
  ];
}

/** A body with wings, tail and fin; some have engines. */
function airplane(stream: RandomStream): Solid[] {
  const [skin, wing] = [plastic(stream), plastic(stream)];
  const [thick, span, chord, at] = [between(0.12, 0.18, stream), between(0.65, 0.95, stream), between(0.13, 0.24, stream), between(-0.1, 0.25, stream)];
  const height = thick + between(0.05, 0.25, stream);
  const fin = between(0.25, 0.4, stream);
  const engines = stream.uniform() < 0.5 ? [-1, 1] : [];
  return [
    { shape: "ball", centre: [0, height, 0], half: [0.95, thick, thick], material: skin },
    { shape: "ball", centre: [0.45, height + 0.7 * thick, 0], half: [0.22, 0.55 * thick, 0.6 * thick], material: { colour: [0.1, 0.1, 0.1], shine: 0.6 } },
    block([at - chord, height - 0.03, -span], [at + chord, height + 0.03, span], wing),
    block([-0.9, height, -0.4 * span], [-0.65, height + 0.05, 0.4 * span], wing),
    block([-0.92, height, -0.03], [-0.66, height + fin, 0.03], wing),
    ...engines.map((side): Solid => ({ shape: "cylinder", centre: [at + 0.08, height - 0.08, side * 0.5 * span], half: [0.08, 0.18, 0.08], tilt: Math.PI / 2, material: skin })),
  ];
}
