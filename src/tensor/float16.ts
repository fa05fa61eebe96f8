/**
 * @file Conversion between float32 and the two 16-bit floating-point formats of checkpoint files: IEEE half precision and bfloat16.
 */

const float32 = new Float32Array(1);
const bits = new Uint32Array(float32.buffer);

/** Widens IEEE half-precision bit patterns to float32. Exact; NaN stays NaN. */
export function widenFloat16(halves: Uint16Array): Float32Array {
  const table = halves.length < 4096 ? undefined : float16Table();
  const wide = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) wide[i] = table === undefined ? float16Value(halves[i]!) : table[halves[i]!]!;
  return wide;
}

/** Widens bfloat16 bit patterns to float32: the upper half of the same number. Exact. */
export function widenBfloat16(halves: Uint16Array): Float32Array {
  const wide = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) wide[i] = halves[i]! << 16;
  return new Float32Array(wide.buffer);
}

/** Narrows float32 to IEEE half precision, to the nearest, ties to even; values of 65520 and more become infinite. */
export function narrowToFloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < source.length; i++) halves[i] = float16Bits(source[i]!);
  return halves;
}

/** Narrows float32 to bfloat16, to the nearest, ties to even. */
export function narrowToBfloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < source.length; i++) {
    const word = source[i]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

let cachedTable: Float32Array | undefined;

/** All 65,536 half-precision values, made at the first large tensor. */
function float16Table(): Float32Array {
  if (cachedTable === undefined) {
    cachedTable = new Float32Array(65536);
    for (let half = 0; half < 65536; half++) cachedTable[half] = float16Value(half);
  }
  return cachedTable;
}

function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  bits[0] = ((half & 0x8000) << 16) | ((exponent + 112) << 23) | (mantissa << 13);
  return float32[0]!;
}

function float16Bits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00; // NaN
  if (size >= 0x477ff000) return sign | 0x7c00; // 65520 and more
  if (size >= 0x38800000) return sign | ((size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13);
  if (size <= 0x33000000) return sign; // 2^-25 and less: half of the smallest subnormal, or under it
  const mantissa = (size & 0x7fffff) | 0x800000;
  const shift = 126 - (size >>> 23);
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}
