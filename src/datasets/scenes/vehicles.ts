/**
 * @file Cars, vans and trucks of simple solids: about their real size in metres, standing at the origin, front towards +x.
 */
import type { RandomStream } from "../../rng.js";
import { between } from "./draws.js";
import type { Material, Solid, Vector } from "./scene.js";

const GLASS: Material = { colour: [0.12, 0.15, 0.2], shine: 0.6 };
const TYRE: Material = { colour: [0.06, 0.06, 0.06] };

/** What a vehicle is painted. */
export interface Paint {
  readonly body: Material;
  readonly frontLight: Vector;
  readonly rearLight: Vector;
}

/** A body colour with white lights in front and red ones behind. */
export function paint(colour: Vector): Paint {
  return { body: { colour, shine: 0.4 }, frontLight: [0.95, 0.95, 0.85], rearLight: [0.75, 0.05, 0.05] };
}

/** A box from one corner to the opposite one. */
export function block(from: Vector, to: Vector, material: Material): Solid {
  const middle = (axis: 0 | 1 | 2): number => (from[axis] + to[axis]) / 2;
  const half = (axis: 0 | 1 | 2): number => Math.abs(to[axis] - from[axis]) / 2;
  return { shape: "box", centre: [middle(0), middle(1), middle(2)], half: [half(0), half(1), half(2)], material };
}

/** A bonnet, a cabin towards the rear, and sometimes a boot. */
export function car({ body, ...lights }: Paint, stream: RandomStream): Solid[] {
  const [length, width] = [between(1.9, 2.3, stream), between(0.8, 0.9, stream)];
  const [belt, roof] = [between(0.8, 0.95, stream), between(1.35, 1.6, stream)];
  const [rear, windscreen] = [between(-0.95, -0.6, stream) * length, between(0.2, 0.4, stream) * length];
  return [
    block([-length, 0.3, -width], [length, belt, width], body),
    block([rear, belt, -0.88 * width], [windscreen, roof - 0.08, 0.88 * width], GLASS),
    block([rear + 0.15, roof - 0.1, -0.82 * width], [windscreen - 0.2, roof, 0.82 * width], body),
    ...wheels([-0.62 * length, 0.62 * length], width, 0.33),
    ...lamps(length, width, belt - 0.15, lights),
  ];
}

/** One tall box with a short nose. */
export function van({ body, ...lights }: Paint, stream: RandomStream): Solid[] {
  const [length, width, roof] = [between(2.2, 2.8, stream), between(0.9, 1, stream), between(1.9, 2.5, stream)];
  const front = length - between(0.4, 0.8, stream);
  return [
    block([-length, 0.35, -width], [front, roof, width], body),
    block([front, 0.35, -width], [length, 1.1, width], body),
    block([front - 0.6, 1.15, -1.01 * width], [front + 0.02, roof - 0.25, 1.01 * width], GLASS),
    ...wheels([-0.65 * length, 0.6 * length], width, 0.36),
    ...lamps(length, width, 0.85, lights),
  ];
}

/** A cab in front of a load: a closed box or an open bed. */
export function truck({ body, ...lights }: Paint, load: Material, stream: RandomStream): Solid[] {
  const [length, width] = [between(3, 3.8, stream), between(1.1, 1.25, stream)];
  const cab = length - between(1.5, 1.9, stream);
  const [roof, top] = [between(2.2, 2.6, stream), stream.uniform() < 0.6 ? between(2.8, 3.3, stream) : between(1.3, 1.6, stream)];
  return [
    block([cab, 0.45, -width], [length, roof, width], body),
    block([cab + 0.6, 1.5, -1.01 * width], [length + 0.02, roof - 0.2, 1.01 * width], GLASS),
    block([-length, 0.8, -width], [cab - 0.15, top, width], load),
    block([-length, 0.5, -0.7 * width], [cab, 0.8, 0.7 * width], TYRE),
    ...wheels([-0.75 * length, -0.4 * length, 0.75 * length], width, 0.5),
    ...lamps(length, width, 0.8, lights),
  ];
}

/** A wheel at both sides of each axle. */
function wheels(axles: readonly number[], width: number, radius: number): Solid[] {
  // One drum across the whole width looks like a wheel on either side; its axis lies along z.
  return axles.map((x): Solid => ({ shape: "cylinder", centre: [x, radius, 0], half: [radius, 1.02 * width, radius], tilt: Math.PI / 2, turn: Math.PI / 2, material: TYRE }));
}

/** Two lamps in front and two behind. */
function lamps(length: number, width: number, height: number, { frontLight, rearLight }: Omit<Paint, "body">): Solid[] {
  return [-1, 1].flatMap((side): Solid[] => {
    const lamp = (end: number, colour: Vector): Solid => ({ shape: "box", centre: [end * length, height, side * 0.72 * width], half: [0.04, 0.09, 0.16 * width], material: { colour }, shadow: false });
    return [lamp(1, frontLight), lamp(-1, rearLight)];
  });
}
