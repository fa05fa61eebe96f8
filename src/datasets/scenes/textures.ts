/**
 * @file Which of a material's two colours lies at a point of the world.
 */
import type { Texture } from "./scene.js";

/**
 * Share of the texture's colour at a point, 0 … 1.
 *
 * Walls stand along the axes, so that x + z counts along a wall of either direction.
 */
export function textureShare({ kind, size, origin }: Texture, x: number, y: number, z: number): number {
  return origin === undefined ? share(kind, size, x, y, z) : share(kind, size, x - origin[0], y - origin[1], z - origin[2]);
}

function share(kind: Texture["kind"], size: number, x: number, y: number, z: number): number {
  switch (kind) {
    case "checker":
      // A little off the whole numbers, where the surfaces of a grid lie.
      return (Math.floor(x / size + 0.013) + Math.floor(y / size + 0.013) + Math.floor(z / size + 0.013)) & 1;
    case "bricks": {
      const row = y / size;
      const along = (x + z) / (2 * size) + (Math.floor(row) & 1) / 2;
      return row - Math.floor(row) < 0.16 || along - Math.floor(along) < 0.08 ? 1 : 0;
    }
    case "stripes":
      return Math.floor((x + z) / size) & 1;
    case "blotches":
      return 0.65 * smoothNoise(x / size, y / size, z / size) + 0.35 * smoothNoise((3 * x) / size, (3 * y) / size, (3 * z) / size);
    case "road":
      return roadShare(x, z, size);
  }
}

/** Little of the other colour on the road, most off it, both uneven. */
function roadShare(x: number, z: number, half: number): number {
  return Math.abs(x) > half ? 0.5 + 0.5 * smoothNoise(x, 0, z / 2) : 0.1 * smoothNoise(2 * x, 0, z / 2);
}

/** Random values at the whole numbers, smoothly joined. */
function smoothNoise(x: number, y: number, z: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const iz = Math.floor(z);
  const fx = ease(x - ix);
  const fy = ease(y - iy);
  const along = (dy: number, dz: number): number => mix(hashed(ix, iy + dy, iz + dz), hashed(ix + 1, iy + dy, iz + dz), fx);
  return mix(mix(along(0, 0), along(1, 0), fy), mix(along(0, 1), along(1, 1), fy), ease(z - iz));
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** A number in [0, 1) that depends on three whole numbers in no visible order. */
function hashed(x: number, y: number, z: number): number {
  let bits = Math.imul(x, 0x8da6b343) ^ Math.imul(y, 0xd8163841) ^ Math.imul(z, 0xcb1ab31f);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
}
