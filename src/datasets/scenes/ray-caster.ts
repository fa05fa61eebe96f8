/**
 * @file Finds what a ray meets first among solids: each is a unit shape under an affine map, inside a bounding ball.
 */
import type { Solid, Vector } from "./scene.js";
import { enter, outward, shapeNumbers } from "./unit-shapes.js";

/** Numbers kept of a solid: 9 of the map from the world to its unit shape (row by row), 3 of its centre, 1 of the squared bounding radius. */
const STRIDE = 13;

/** Ready to cast many rays at the same solids. */
export class RayCaster {
  /** Length of the ray up to the last hit. */
  distance = Infinity;
  /** Unit vector out of the solid at the last hit, written by {@link normalAt}. */
  readonly normal = new Float64Array(3);
  readonly #maps: Float64Array;
  readonly #shapes: Uint8Array;
  readonly #shadows: Int32Array;

  constructor(solids: readonly Solid[]) {
    this.#maps = new Float64Array(solids.length * STRIDE);
    this.#shapes = Uint8Array.from(solids, ({ shape }) => shapeNumbers[shape]);
    this.#shadows = Int32Array.from(solids.flatMap(({ shadow = true }, index) => (shadow ? [index] : [])));
    solids.forEach((solid, index) => this.#maps.set(affineMap(solid), index * STRIDE));
  }

  /** Number of the first solid on the ray within a length, −1 for none; d is a unit vector. Sets {@link distance}. */
  nearest(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, within: number): number {
    let found = -1;
    this.distance = within;
    for (let index = 0; index < this.#shapes.length; index++) {
      const t = this.#meet(index, ox, oy, oz, dx, dy, dz, this.distance);
      if (t < this.distance) {
        this.distance = t;
        found = index;
      }
    }
    return found;
  }

  /** Whether a solid that throws shadows stands on the ray; d is a unit vector. */
  blocked(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): boolean {
    for (let turn = 0; turn < this.#shadows.length; turn++) {
      if (this.#meet(this.#shadows[turn]!, ox, oy, oz, dx, dy, dz, Infinity) < Infinity) return true;
    }
    return false;
  }

  /** Writes {@link normal} for a point of a solid's surface. */
  normalAt(index: number, x: number, y: number, z: number): void {
    const m = this.#maps;
    const n = this.normal;
    const at = index * STRIDE;
    const px = x - m[at + 9]!;
    const py = y - m[at + 10]!;
    const pz = z - m[at + 11]!;
    outward(
      this.#shapes[index]!,
      m[at]! * px + m[at + 1]! * py + m[at + 2]! * pz,
      m[at + 3]! * px + m[at + 4]! * py + m[at + 5]! * pz,
      m[at + 6]! * px + m[at + 7]! * py + m[at + 8]! * pz,
      n,
    );
    // Normals go by the transposed map.
    const u = n[0]!;
    const v = n[1]!;
    const w = n[2]!;
    n[0] = m[at]! * u + m[at + 3]! * v + m[at + 6]! * w;
    n[1] = m[at + 1]! * u + m[at + 4]! * v + m[at + 7]! * w;
    n[2] = m[at + 2]! * u + m[at + 5]! * v + m[at + 8]! * w;
    const length = Math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    n[0] /= length;
    n[1] /= length;
    n[2] /= length;
  }

  /** Writes {@link normal} for a level plane: 1 for up, −1 for down. */
  normalUp(up: 1 | -1): void {
    this.normal[0] = this.normal[2] = 0;
    this.normal[1] = up;
  }

  /** Length of the ray to the solid; Infinity when it misses or its bounding ball begins beyond `within`. */
  #meet(index: number, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, within: number): number {
    const m = this.#maps;
    const at = index * STRIDE;
    const px = ox - m[at + 9]!;
    const py = oy - m[at + 10]!;
    const pz = oz - m[at + 11]!;
    const along = -(px * dx + py * dy + pz * dz);
    const outside = px * px + py * py + pz * pz - m[at + 12]!;
    // Behind the origin, beyond the limit, or passing the bounding ball by.
    if (outside > 0 && (along < 0 || outside > along * along || outside > within * (2 * along - within) && along > within)) return Infinity;
    return enter(
      this.#shapes[index]!,
      m[at]! * px + m[at + 1]! * py + m[at + 2]! * pz,
      m[at + 3]! * px + m[at + 4]! * py + m[at + 5]! * pz,
      m[at + 6]! * px + m[at + 7]! * py + m[at + 8]! * pz,
      m[at]! * dx + m[at + 1]! * dy + m[at + 2]! * dz,
      m[at + 3]! * dx + m[at + 4]! * dy + m[at + 5]! * dz,
      m[at + 6]! * dx + m[at + 7]! * dy + m[at + 8]! * dz,
    );
  }
}

/** Rows of the map world → unit shape (turn and tilt undone, divided by the half extents), the centre, the squared bounding radius. */
function affineMap({ shape, centre, half, tilt = 0, turn = 0 }: Solid): number[] {
  const [ct, st, cr, sr] = [Math.cos(tilt), Math.sin(tilt), Math.cos(turn), Math.sin(turn)];
  // Where the solid's own axes point in the world.
  const axes: readonly Vector[] = [
    [ct * cr, st, -ct * sr],
    [-st * cr, ct, st * sr],
    [sr, 0, cr],
  ];
  const [a, b, c] = half;
  const reach = shape === "ball" ? Math.max(a, b, c) ** 2 : shape === "box" ? a * a + b * b + c * c : Math.max(a, c) ** 2 + b * b;
  return [...axes.flatMap((axis, row) => axis.map((value) => value / half[row]!)), ...centre, reach];
}
