/**
 * @file Augmentation of an upstream photograph: mirrored half the time, a jittered crop of the padded picture, mild changes of light.
 */
import { upstreamImageSize } from "./formula-canvas.js";
import type { FormulaRandom } from "./formula-random.js";

const size = upstreamImageSize;

/**
 * Writes an augmented copy of a 32 × 32 picture.
 *
 * The crop's side is 0.7 to 1.1 of the picture's, its place is uniform over the picture padded by four pixels (edges repeated),
 * and it is resampled bilinearly. Light: gain 0.8–1.2, shift up to 8 %, grey in one picture of ten (our choice).
 */
export function augmentPhotograph(source: Uint8Array, sourceOffset: number, target: Uint8Array, targetOffset: number, random: FormulaRandom): void {
  const mirrored = random.chance(0.5);
  const scale = random.chance(0.3) ? 1 : random.range(0.7, 1.1);
  const side = size * scale;
  const room = Math.max(size + 8 - side, 0);
  let left = random.uniform() * room - 4;
  let top = random.uniform() * room - 4;
  if (scale === 1) {
    left = Math.round(left);
    top = Math.round(top);
  }
  const gain = random.range(0.8, 1.2);
  const shift = 128 - 128 * gain + random.range(-20, 20);
  const grey = random.chance(0.1);
  for (let y = 0; y < size; y++) {
    const sy = top + (y + 0.5) * scale - 0.5;
    const y0 = Math.floor(sy);
    const fy = sy - y0;
    const rowA = clamp(y0) * size;
    const rowB = clamp(y0 + 1) * size;
    for (let x = 0; x < size; x++) {
      const sx = left + ((mirrored ? size - 1 - x : x) + 0.5) * scale - 0.5;
      const x0 = Math.floor(sx);
      const fx = sx - x0;
      const columnA = clamp(x0);
      const columnB = clamp(x0 + 1);
      const a = sourceOffset + (rowA + columnA) * 3;
      const b = sourceOffset + (rowA + columnB) * 3;
      const c = sourceOffset + (rowB + columnA) * 3;
      const d = sourceOffset + (rowB + columnB) * 3;
      const wa = (1 - fx) * (1 - fy);
      const wb = fx * (1 - fy);
      const wc = (1 - fx) * fy;
      const wd = fx * fy;
      let red = source[a]! * wa + source[b]! * wb + source[c]! * wc + source[d]! * wd;
      let green = source[a + 1]! * wa + source[b + 1]! * wb + source[c + 1]! * wc + source[d + 1]! * wd;
      let blue = source[a + 2]! * wa + source[b + 2]! * wb + source[c + 2]! * wc + source[d + 2]! * wd;
      if (grey) red = green = blue = 0.299 * red + 0.587 * green + 0.114 * blue;
      const at = targetOffset + (y * size + x) * 3;
      target[at] = byte(red * gain + shift);
      target[at + 1] = byte(green * gain + shift);
      target[at + 2] = byte(blue * gain + shift);
    }
  }
}

function clamp(coordinate: number): number {
  return coordinate < 0 ? 0 : coordinate >= size ? size - 1 : coordinate;
}

function byte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5;
}
