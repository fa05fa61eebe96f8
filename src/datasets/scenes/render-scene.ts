/**
 * @file Renders a scene by casting rays: sun with hard shadows, light from the sky, highlights, fog, supersampling at edges, film noise.
 */
import type { RandomStream } from "../../rng.js";
import { RayCaster } from "./ray-caster.js";
import type { Material, Scene, Vector } from "./scene.js";
import { textureShare } from "./textures.js";
import { unit, viewOf, type View } from "./view.js";

/** Sides of the grid of rays in a pixel that needs more than its corners and middle. */
const FINE = 3;
/** Pixels whose first five rays differ more than this in a channel (of 1) get the grid. */
const EDGE = 0.08;
/** A ray that starts at a surface starts this far off it. */
const LIFT = 1e-4;

/**
 * Renders a scene.
 *
 * @param noise - where the film's noise comes from; the scene without it depends on nothing but itself.
 * @returns `[imageSize, imageSize, 3]` bytes.
 */
export function renderScene(scene: Scene, imageSize: number, noise: RandomStream): Uint8Array {
  const film = new Film(scene, imageSize);
  const pixels = new Uint8Array(imageSize * imageSize * 3);
  const colour = new Float64Array(3);
  for (let row = 0; row < imageSize; row++) {
    for (let column = 0; column < imageSize; column++) {
      film.pixel(row, column, colour);
      if (scene.grey === true) colour.fill(0.299 * colour[0]! + 0.587 * colour[1]! + 0.114 * colour[2]!);
      const at = (row * imageSize + column) * 3;
      const shared = grain(noise);
      for (let channel = 0; channel < 3; channel++) {
        const level = 255 * colour[channel]! + scene.noise * (scene.grey === true ? shared : channel === 1 ? shared : grain(noise));
        pixels[at + channel] = Math.max(0, Math.min(255, Math.round(level)));
      }
    }
  }
  return pixels;
}

/** Nearly normal noise of standard deviation 1, cheaply: three uniform draws. */
function grain(noise: RandomStream): number {
  return 2 * (noise.uniform() + noise.uniform() + noise.uniform() - 1.5);
}

/** The 24th power, by products alone so that it is the same everywhere. */
function polished(cosine: number): number {
  const squared = cosine * cosine;
  const eighth = squared * squared * squared * squared;
  return eighth * eighth * eighth;
}

/** Colours of the pixels of one picture. */
class Film {
  readonly #tracer: Tracer;
  readonly #size: number;
  /** Colours at the corners of the pixels, `[size + 1, size + 1, 3]`. */
  readonly #corners: Float64Array;

  constructor(scene: Scene, size: number) {
    this.#tracer = new Tracer(scene);
    this.#size = size;
    this.#corners = new Float64Array((size + 1) ** 2 * 3);
    for (let row = 0; row <= size; row++) {
      for (let column = 0; column <= size; column++) {
        this.#see(row, column);
        this.#corners.set(this.#tracer.colour, (row * (size + 1) + column) * 3);
      }
    }
  }

  #see(row: number, column: number): void {
    this.#tracer.see((2 * column) / this.#size - 1, (2 * row) / this.#size - 1);
  }

  /** Mean of the corners and the middle where they agree, of a grid of rays otherwise. */
  pixel(row: number, column: number, colour: Float64Array): void {
    const corners = this.#corners;
    const seen = this.#tracer.colour;
    const above = (row * (this.#size + 1) + column) * 3;
    const below = above + (this.#size + 1) * 3;
    this.#see(row + 0.5, column + 0.5);
    let spread = 0;
    for (let channel = 0; channel < 3; channel++) {
      const a = corners[above + channel]!;
      const b = corners[above + 3 + channel]!;
      const c = corners[below + channel]!;
      const d = corners[below + 3 + channel]!;
      const e = seen[channel]!;
      spread = Math.max(spread, Math.max(a, b, c, d, e) - Math.min(a, b, c, d, e));
      colour[channel] = (a + b + c + d + 4 * e) / 8;
    }
    if (spread <= EDGE) return;
    colour.fill(0);
    for (let ray = 0; ray < FINE * FINE; ray++) {
      this.#see(row + (Math.floor(ray / FINE) + 0.5) / FINE, column + ((ray % FINE) + 0.5) / FINE);
      for (let channel = 0; channel < 3; channel++) colour[channel]! += seen[channel]! / (FINE * FINE);
    }
  }
}

/** Follows single rays. */
class Tracer {
  /** Display colour of the last ray, 0 … 1. */
  readonly colour = new Float64Array(3);
  readonly #scene: Scene;
  readonly #caster: RayCaster;
  readonly #view: View;
  readonly #sun: Vector;
  /** Linear light of the sky at the horizon and overhead. */
  readonly #sky: readonly (readonly number[])[];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#caster = new RayCaster(scene.solids);
    this.#view = viewOf(scene.camera);
    this.#sun = unit(scene.light.direction);
    this.#sky = scene.sky.map((colour) => colour.map((level) => level * level));
  }

  /** Sets {@link colour} to what the camera sees at a point of the picture; u to the right and v down from −1 to 1. */
  see(u: number, v: number): void {
    const { forward, right, down } = this.#view;
    const x = forward[0] + u * right[0] + v * down[0];
    const y = forward[1] + u * right[1] + v * down[1];
    const z = forward[2] + u * right[2] + v * down[2];
    const length = Math.sqrt(x * x + y * y + z * z);
    this.#trace(x / length, y / length, z / length);
    for (let channel = 0; channel < 3; channel++) this.colour[channel] = Math.sqrt(Math.min(1, this.colour[channel]!));
  }

  /** Sets {@link colour} to the linear light that comes along a ray from the eye. */
  #trace(dx: number, dy: number, dz: number): void {
    const { camera, ceiling, ground, solids, fog = 0 } = this.#scene;
    const { eye } = camera;
    const horizon = this.#sky[0]!;
    const zenith = this.#sky[1]!;
    const plane = dy < 0 ? -eye[1] / dy : ceiling !== undefined && dy > 0 ? (ceiling.height - eye[1]) / dy : Infinity;
    const found = this.#caster.nearest(eye[0], eye[1], eye[2], dx, dy, dz, plane);
    const far = this.#caster.distance;
    if (far === Infinity) {
      const height = Math.sqrt(Math.max(0, dy));
      for (let channel = 0; channel < 3; channel++) this.colour[channel] = horizon[channel]! + height * (zenith[channel]! - horizon[channel]!);
      return;
    }
    const x = eye[0] + far * dx;
    const y = eye[1] + far * dy;
    const z = eye[2] + far * dz;
    if (found >= 0) this.#caster.normalAt(found, x, y, z);
    else this.#caster.normalUp(dy < 0 ? 1 : -1);
    this.#shade(found >= 0 ? solids[found]!.material : dy < 0 ? ground : ceiling!.material, x, y, z, dx, dy, dz);
    if (fog === 0) return;
    const clear = Math.exp(-fog * far);
    for (let channel = 0; channel < 3; channel++) this.colour[channel] = clear * this.colour[channel]! + (1 - clear) * horizon[channel]!;
  }

  /** Lambert's law under the sun and the sky, and Phong's highlight. */
  #shade({ colour, texture, shine = 0 }: Material, x: number, y: number, z: number, dx: number, dy: number, dz: number): void {
    const { light } = this.#scene;
    const normal = this.#caster.normal;
    const nx = normal[0]!;
    const ny = normal[1]!;
    const nz = normal[2]!;
    const sx = this.#sun[0];
    const sy = this.#sun[1];
    const sz = this.#sun[2];
    const facing = nx * sx + ny * sy + nz * sz;
    const lit = facing > 0 && !this.#caster.blocked(x + LIFT * nx, y + LIFT * ny, z + LIFT * nz, sx, sy, sz);
    const strength = light.ambient * (0.75 + 0.25 * ny) + (lit ? light.strength * facing : 0);
    // The highlight follows the mirrored ray.
    const toEye = nx * dx + ny * dy + nz * dz;
    const mirrored = (dx - 2 * toEye * nx) * sx + (dy - 2 * toEye * ny) * sy + (dz - 2 * toEye * nz) * sz;
    const highlight = lit && shine > 0 && mirrored > 0 ? shine * light.strength * polished(mirrored) : 0;
    const share = texture === undefined ? 0 : textureShare(texture, x, y, z);
    for (let channel = 0; channel < 3; channel++) {
      const paint = colour[channel]! + (texture === undefined ? 0 : share * (texture.colour[channel]! - colour[channel]!));
      this.colour[channel] = paint * paint * strength + highlight;
    }
  }
}
