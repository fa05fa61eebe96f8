/**
 * @file Polygons of the shape classes and signed distances to polygons. Squares, ellipses, hearts, digits and emoji are left out on purpose.
 */

/** A closed polygon: x and y of each corner in turn, within about one unit of the origin, y downwards. */
export type Polygon = Float32Array;

/** A named outline; `oriented` says that no turn below a full one maps it onto itself. */
export interface Outline {
  readonly name: string;
  readonly oriented: boolean;
  readonly polygon: Polygon;
}

function star(points: number, inner: number): number[] {
  return Array.from({ length: points * 2 }, (_, corner) => {
    const angle = (corner * Math.PI) / points - Math.PI / 2;
    const radius = corner % 2 === 0 ? 1 : inner;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  }).flat();
}

function regular(corners: number): number[] {
  return radial(corners, () => 1);
}

function radial(corners: number, radius: (angle: number) => number): number[] {
  return Array.from({ length: corners }, (_, corner) => {
    const angle = (corner * 2 * Math.PI) / corners;
    return [Math.sin(angle) * radius(angle), -Math.cos(angle) * radius(angle)];
  }).flat();
}

function arc(steps: number, from: number, to: number, radius: number, x = 0, y = 0): number[] {
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = from + ((to - from) * step) / steps;
    return [x + Math.cos(angle) * radius, y + Math.sin(angle) * radius];
  }).flat();
}

const quarter = Math.PI / 2;

function outline(name: string, oriented: boolean, corners: number[]): Outline {
  return { name, oriented, polygon: Float32Array.from(corners) };
}

/** Every outline of the shape classes. */
export const outlines: readonly Outline[] = [
  outline("triangle", false, regular(3)),
  outline("arrow", true, [0, -1, 0.75, -0.2, 0.28, -0.2, 0.28, 1, -0.28, 1, -0.28, -0.2, -0.75, -0.2]),
  outline("star-5", false, star(5, 0.42)),
  outline("crescent", true, [...arc(10, -2.5, 2.5, 0.95), ...arc(8, 1.95, -1.95, 0.72, -0.45, 0)]),
  outline("plus", false, [-0.3, -1, 0.3, -1, 0.3, -0.3, 1, -0.3, 1, 0.3, 0.3, 0.3, 0.3, 1, -0.3, 1, -0.3, 0.3, -1, 0.3, -1, -0.3, -0.3, -0.3]),
  outline("ell", true, [-0.7, -1, -0.15, -1, -0.15, 0.45, 0.75, 0.45, 0.75, 1, -0.7, 1]),
  outline("hexagon", false, regular(6)),
  outline("drop", true, [0, -1, ...arc(11, -0.6, Math.PI + 0.6, 0.6, 0, 0.35)]),
  outline("star-4", false, star(4, 0.33)),
  outline("tee", true, [-0.9, -0.9, 0.9, -0.9, 0.9, -0.35, 0.28, -0.35, 0.28, 1, -0.28, 1, -0.28, -0.35, -0.9, -0.35]),
  outline("gear", false, radial(28, (angle) => (Math.sin(angle * 7 + 0.8) > 0 ? 1 : 0.7))),
  outline("cup", true, [-0.85, -0.9, -0.35, -0.9, -0.35, 0.4, 0.35, 0.4, 0.35, -0.9, 0.85, -0.9, 0.85, 0.9, -0.85, 0.9]),
  outline("flower", false, radial(30, (angle) => 0.72 + 0.28 * Math.cos(angle * 5))),
  outline("half-disc", true, arc(14, 0, -Math.PI, 1, 0, 0.4)),
  outline("zed", false, [-0.9, -0.85, 0.3, -0.85, 0.3, 0.3, 0.9, 0.3, 0.9, 0.85, -0.3, 0.85, -0.3, -0.3, -0.9, -0.3]),
  outline("wedge", true, [0, 0, ...arc(14, -quarter + 0.65, 3 * quarter - 0.65, 1)]),
  outline("hourglass", false, [-0.75, -1, 0.75, -1, 0.15, 0, 0.75, 1, -0.75, 1, -0.15, 0]),
  outline("chevron", true, [0, -0.8, 1, 0.2, 1, 0.85, 0, -0.1, -1, 0.85, -1, 0.2]),
  outline("propeller", false, radial(30, (angle) => 0.58 + 0.42 * Math.cos(angle * 3))),
  outline("house", true, [0, -1, 0.85, -0.15, 0.55, -0.15, 0.55, 0.9, -0.55, 0.9, -0.55, -0.15, -0.85, -0.15]),
  outline("star-8", false, star(8, 0.55)),
  outline("bolt", true, [0.2, -1, -0.6, 0.15, -0.05, 0.15, -0.25, 1, 0.6, -0.25, 0.05, -0.25, 0.55, -1]),
  outline("pentagon", false, regular(5)),
  outline("key", true, [...arc(10, quarter - 0.35, quarter + 0.35 - 2 * Math.PI, 0.45, 0, -0.55), -0.15, 1, 0.5, 1, 0.5, 0.7, 0.15, 0.7, 0.15, 0.5, 0.4, 0.5, 0.4, 0.25, 0.15, 0.25]),
];

/** Returns the distance from (x, y) to the polygon's edge, negative inside (even–odd rule). */
export function polygonDistance(polygon: Polygon, x: number, y: number): number {
  let nearest = Infinity;
  let inside = false;
  let ax = polygon[polygon.length - 2]!;
  let ay = polygon[polygon.length - 1]!;
  for (let at = 0; at < polygon.length; at += 2) {
    const bx = polygon[at]!;
    const by = polygon[at + 1]!;
    const ex = bx - ax;
    const ey = by - ay;
    const px = x - ax;
    const py = y - ay;
    let along = (px * ex + py * ey) / (ex * ex + ey * ey + 1e-12);
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    const dx = px - along * ex;
    const dy = py - along * ey;
    const square = dx * dx + dy * dy;
    if (square < nearest) nearest = square;
    if (ay > y !== by > y && px < (ex * py) / ey) inside = !inside;
    ax = bx;
    ay = by;
  }
  const distance = Math.sqrt(nearest);
  return inside ? -distance : distance;
}
