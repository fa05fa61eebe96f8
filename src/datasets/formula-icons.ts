/**
 * @file Icon classes: three to six coloured layers in a class-defined arrangement, like flat artwork of things that do not exist.
 */
import { contrastingColour, jitteredColour, paintBackground, randomColour, type Colour } from "./formula-canvas.js";
import { placeObject, poseOf, type FormulaClass } from "./formula-class.js";
import type { Fill, FillStyle } from "./formula-fills.js";
import { outlines, type Polygon } from "./formula-outlines.js";
import type { FormulaRandom } from "./formula-random.js";
import { paintPolygon } from "./formula-shapes.js";

interface Layer {
  readonly polygon: Polygon;
  readonly fill: Fill;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly angle: number;
  readonly stretch: number;
  readonly main: Colour;
  readonly second: Colour;
}

const layerFills: readonly Fill[] = ["solid", "solid", "solid", "bordered", "gradient", "core", "halves"];

/** Makes an icon class from its own random numbers: a large body, then smaller parts, some of them in mirrored pairs. */
export function makeIconClass(number: number, random: FormulaRandom): FormulaClass {
  const layers: Layer[] = [];
  const body = drawLayer(random, 0, 0, random.range(0.75, 1), randomColour(random));
  layers.push(body);
  const parts = 2 + random.integer(3);
  for (let part = 0; part < parts; part++) {
    const x = random.range(-0.6, 0.6);
    const layer = drawLayer(random, x, random.range(-0.7, 0.7), random.range(0.2, 0.5), contrastingColour(random, body.main, 0.25));
    layers.push(layer);
    if (random.chance(0.4)) layers.push({ ...layer, x: -x, angle: -layer.angle });
  }
  return {
    name: `icon ${number} of ${layers.length} layers`,
    paint(canvas, image) {
      paintBackground(canvas, image);
      const placement = placeObject(image, { smallest: 7.5, largest: 14, freedom: 0.3 });
      const cos = Math.cos(placement.angle) * placement.radius;
      const sin = Math.sin(placement.angle) * placement.radius;
      for (const layer of layers) {
        const x = layer.x + 0.04 * image.bell();
        const y = layer.y + 0.04 * image.bell();
        const radius = layer.radius * placement.radius * image.range(0.9, 1.1);
        const style: FillStyle = {
          fill: layer.fill,
          main: jitteredColour(image, layer.main, 0.06),
          second: jitteredColour(image, layer.second, 0.06),
          radius,
          halfLine: 0.6,
          wave: 4,
        };
        const place = { x: placement.x + x * cos - y * sin, y: placement.y + x * sin + y * cos, radius, angle: placement.angle + layer.angle + 0.06 * image.bell() };
        paintPolygon(canvas, layer.polygon, place, layer.stretch, style, image);
      }
      return poseOf(placement, true);
    },
  };
}

function drawLayer(random: FormulaRandom, x: number, y: number, radius: number, main: Colour): Layer {
  return {
    polygon: random.pick(outlines).polygon,
    fill: random.pick(layerFills),
    x,
    y,
    radius,
    angle: random.chance(0.5) ? 0 : random.range(0, 2 * Math.PI),
    stretch: random.range(0.6, 1.6),
    main,
    second: contrastingColour(random, main, 0.25),
  };
}
