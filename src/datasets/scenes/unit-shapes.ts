/**
 * @file Where a ray meets the four shapes of the box [−1, 1]³ around the origin.
 */
import type { Solid } from "./scene.js";

/** Number of a shape, for tight loops. */
export const shapeNumbers: Readonly<Record<Solid["shape"], number>> = { ball: 0, box: 1, cylinder: 2, cone: 3 };

/** No surface nearer than this is met, so that a ray may start on one. */
const NEAREST = 1e-7;

/** Ray parameter of the first point of the shape on the ray o + t·d with t > 0; Infinity when it misses. */
export function enter(shape: number, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
  if (shape === 0) return firstRoot(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, ox * ox + oy * oy + oz * oz - 1);
  return shape === 1 ? enterBox(ox, oy, oz, dx, dy, dz) : enterTapered(shape === 2 ? 1 : 0, ox, oy, oz, dx, dy, dz);
}

/** Smaller root of a·t² + 2b·t + c above 0, or the larger one, or Infinity. */
function firstRoot(a: number, b: number, c: number): number {
  const discriminant = b * b - a * c;
  if (discriminant < 0) return Infinity;
  const root = Math.sqrt(discriminant);
  const near = (-b - root) / a;
  if (near > NEAREST) return near;
  const far = (-b + root) / a;
  return far > NEAREST ? far : Infinity;
}

function enterBox(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
  const ix = 1 / dx;
  const iy = 1 / dy;
  const iz = 1 / dz;
  const rx = Math.abs(ix);
  const ry = Math.abs(iy);
  const rz = Math.abs(iz);
  const near = Math.max(-ox * ix - rx, -oy * iy - ry, -oz * iz - rz);
  const far = Math.min(rx - ox * ix, ry - oy * iy, rz - oz * iz);
  if (!(near <= far)) return Infinity;
  if (near > NEAREST) return near;
  return far > NEAREST ? far : Infinity;
}

/** A round body about y whose radius is 1 below and `top` above: 1 is a cylinder, 0 a cone. */
function enterTapered(top: number, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
  const slope = (top - 1) / 2;
  const radius = (top + 1) / 2 + slope * oy;
  let first = Infinity;
  // The flat ends, where it has them.
  for (let end = -1; end <= top; end += 2) {
    const t = (end - oy) / dy;
    if (t > NEAREST && t < first && (ox + t * dx) ** 2 + (oz + t * dz) ** 2 <= 1) first = t;
  }
  // The side: x² + z² = radius(y)².
  const a = dx * dx + dz * dz - slope * slope * dy * dy;
  const b = ox * dx + oz * dz - slope * dy * radius;
  const c = ox * ox + oz * oz - radius * radius;
  const discriminant = b * b - a * c;
  if (discriminant < 0) return first;
  const root = Math.sqrt(discriminant);
  for (let sign = -1; sign <= 1; sign += 2) {
    const t = (-b + sign * root) / a;
    if (t > NEAREST && t < first && Math.abs(oy + t * dy) <= 1) first = t;
  }
  return first;
}

/** Writes the direction (of any length) that points out of the shape at a point of its surface. */
export function outward(shape: number, x: number, y: number, z: number, out: Float64Array): void {
  out[0] = x;
  out[1] = y;
  out[2] = z;
  if (shape === 0) return;
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  const az = Math.abs(z);
  if (shape === 1) {
    if (ax < ay || ax < az) out[0] = 0;
    if (ay <= ax || ay < az) out[1] = 0;
    if (az <= ax || az <= ay) out[2] = 0;
  } else if (ay > 1 - 1e-9 && (shape === 2 || y < 0)) {
    out[0] = out[2] = 0;
  } else {
    out[1] = shape === 2 ? 0 : (1 - y) / 4;
  }
}
