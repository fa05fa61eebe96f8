/**
 * @file What a rendered scene is: plain data. Lengths in metres (or any unit), y points up, the ground lies at y = 0, angles in radians.
 */

/** A point, direction or colour: x, y, z or red, green, blue. */
export type Vector = readonly [number, number, number];

/** The second colour of a material and where it lies, as a function of the point in the world. */
export interface Texture {
  /** `checker` and `bricks` fit surfaces along the axes; `blotches` is smooth noise; `road` covers all but a strip along z. */
  readonly kind: "checker" | "bricks" | "stripes" | "blotches" | "road";
  /** Display colour, 0 … 1 per channel. */
  readonly colour: Vector;
  /** Length of one period; for `road` the half width of the road. */
  readonly size: number;
  /** Where the pattern begins. Default: at the world's origin. */
  readonly origin?: Vector;
}

/** How a surface answers light. */
export interface Material {
  /** Display colour, 0 … 1 per channel. */
  readonly colour: Vector;
  readonly texture?: Texture;
  /** Strength of the highlight, 0 (dull, the default) … 1. */
  readonly shine?: number;
}

/** One body: a shape of the box [−1, 1]³, stretched, tilted, turned and moved. */
export interface Solid {
  /** The axis of `cylinder` and `cone` is y; the tip of the cone is up. */
  readonly shape: "ball" | "box" | "cylinder" | "cone";
  readonly centre: Vector;
  /** Half extents before it is tilted and turned. */
  readonly half: Vector;
  /** First turned about z, from x towards y. Default 0. */
  readonly tilt?: number;
  /** Then turned about y, from x towards −z (counter-clockwise seen from above). Default 0. */
  readonly turn?: number;
  readonly material: Material;
  /** Whether it throws a shadow. Default true. */
  readonly shadow?: boolean;
}

/** A pinhole camera; a picture is always square, so unequal angles squeeze it. */
export interface Camera {
  readonly eye: Vector;
  readonly target: Vector;
  /** Full angles of view. */
  readonly width: number;
  readonly height: number;
}

/** Light from far away, and light from everywhere. */
export interface Light {
  /** Towards the light; of any length. */
  readonly direction: Vector;
  /** Of linear light, on a surface that faces it. */
  readonly strength: number;
  readonly ambient: number;
}

/** Everything a picture depends on but its size and noise. */
export interface Scene {
  readonly solids: readonly Solid[];
  readonly ground: Material;
  /** A plane above everything, which throws no shadow. */
  readonly ceiling?: { readonly height: number; readonly material: Material };
  /** Display colours of the sky at the horizon and overhead. */
  readonly sky: readonly [horizon: Vector, zenith: Vector];
  /** Share of light lost to the horizon's colour per metre. Default 0. */
  readonly fog?: number;
  readonly light: Light;
  readonly camera: Camera;
  /** Whether the film sees no colours. Default false. */
  readonly grey?: boolean;
  /** Standard deviation of the film's noise, in levels of 255. */
  readonly noise: number;
}
