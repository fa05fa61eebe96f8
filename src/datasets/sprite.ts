/**
 * @file Draws one white sprite (square, ellipse or heart) on black, antialiased, scaled, turned and shifted.
 */

/** Shapes of the sprites, in the order of their number. */
export const spriteShapes = ["square", "ellipse", "heart"] as const;

/** What a sprite looks like; lengths are fractions of the picture's side. */
export interface Sprite {
  readonly shape: (typeof spriteShapes)[number];
  /** 1 is full size: a square of side 0.34. */
  readonly scale: number;
  /** Angle by which it is turned, clockwise on the screen, in radians. */
  readonly orientation: number;
  /** Centre from the left edge. */
  readonly x: number;
  /** Centre from the upper edge. */
  readonly y: number;
}

/** No sprite of scale 1 reaches farther from its centre. */
const REACH = 0.245;

/** Whether a point of the unturned sprite of scale 1, v pointing down, is inside. */
const inside: Record<Sprite["shape"], (u: number, v: number) => boolean> = {
  square: (u, v) => Math.abs(u) <= 0.17 && Math.abs(v) <= 0.17,
  ellipse: (u, v) => (u / 0.23) ** 2 + (v / 0.115) ** 2 <= 1,
  // The sextic heart (x² + y² − 1)³ = x²y³, its middle moved to the origin.
  heart: (u, v) => {
    const x = u / 0.18;
    const y = 0.1 - v / 0.18;
    const ring = x * x + y * y - 1;
    return ring * ring * ring <= x * x * y * y * y;
  },
};

/**
 * Draws the sprite; a pixel's grey is the share of it that the sprite covers, from a regular grid of points.
 *
 * @returns `[imageSize, imageSize, 3]` bytes.
 */
export function drawSprite(sprite: Sprite, imageSize: number): Uint8Array {
  const pixels = new Uint8Array(imageSize * imageSize * 3);
  const points = Math.max(2, Math.ceil(256 / imageSize));
  const covers = inside[sprite.shape];
  const cos = Math.cos(sprite.orientation) / sprite.scale;
  const sin = Math.sin(sprite.orientation) / sprite.scale;
  const reach = REACH * sprite.scale;
  const low = (centre: number): number => Math.max(0, Math.floor((centre - reach) * imageSize));
  const high = (centre: number): number => Math.min(imageSize, Math.ceil((centre + reach) * imageSize));
  for (let row = low(sprite.y); row < high(sprite.y); row++) {
    for (let column = low(sprite.x); column < high(sprite.x); column++) {
      let hits = 0;
      for (let down = 0; down < points; down++) {
        const dy = (row + (down + 0.5) / points) / imageSize - sprite.y;
        for (let across = 0; across < points; across++) {
          const dx = (column + (across + 0.5) / points) / imageSize - sprite.x;
          if (covers(cos * dx + sin * dy, cos * dy - sin * dx)) hits++;
        }
      }
      const at = (row * imageSize + column) * 3;
      pixels.fill(Math.round((255 * hits) / (points * points)), at, at + 3);
    }
  }
  return pixels;
}
