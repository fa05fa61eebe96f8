import { expect, test } from "vitest";
import { createFormulaClasses, formulaKinds } from "./formula-classes.js";

const imageBytes = 32 * 32 * 3;

function paintMany(classes: ReturnType<typeof createFormulaClasses>, classNumber: number, from: number, count: number): Uint8Array {
  const images = new Uint8Array(count * imageBytes);
  for (let image = 0; image < count; image++) classes.paint(classNumber, from + image, images, image * imageBytes);
  return images;
}

/** Simple features of an image: contrast-normalised brightness, its edges' directions by octant, and how bright each quarter row is. */
function features(images: Uint8Array, image: number): Float64Array {
  const light = new Float64Array(1024);
  let mean = 0;
  for (let pixel = 0; pixel < 1024; pixel++) {
    const at = image * imageBytes + pixel * 3;
    light[pixel] = images[at]! + images[at + 1]! + images[at + 2]!;
    mean += light[pixel]! / 1024;
  }
  let spread = 1e-6;
  for (const value of light) spread += (value - mean) ** 2 / 1024;
  const result = new Float64Array(8 * 3);
  for (const stride of [1, 2, 4]) {
    const part = stride === 1 ? 0 : stride === 2 ? 8 : 16;
    for (let y = stride; y < 32 - stride; y++) {
      for (let x = stride; x < 32 - stride; x++) {
        const dx = light[y * 32 + x + stride]! - light[y * 32 + x - stride]!;
        const dy = light[(y + stride) * 32 + x]! - light[(y - stride) * 32 + x]!;
        const octant = Math.floor(((Math.atan2(dy, dx) / Math.PI + 1) % 1) * 8) & 7;
        result[part + octant] = result[part + octant]! + Math.hypot(dx, dy) / Math.sqrt(spread) / 1024;
      }
    }
  }
  return result;
}

test("an image depends on seed, class and index alone, not on what was drawn before", () => {
  const one = createFormulaClasses(3, 60);
  const other = createFormulaClasses(3, 60);
  for (let classNumber = 59; classNumber >= 0; classNumber--) paintMany(other, classNumber, 500, 1);
  for (let classNumber = 0; classNumber < 60; classNumber++) {
    expect(paintMany(one, classNumber, 7, 1)).toEqual(paintMany(other, classNumber, 7, 1));
  }
  const target = new Uint8Array(imageBytes);
  expect(one.paint(59, 7, target, 0)).toEqual(other.paint(59, 7, target, 0));
  expect(paintMany(one, 5, 7, 1)).not.toEqual(paintMany(one, 5, 8, 1));
  expect(paintMany(createFormulaClasses(4, 60), 5, 7, 1)).not.toEqual(paintMany(one, 5, 7, 1));
});

test("every kind gets its share of the classes and no two classes share a name", () => {
  for (const count of [6, 60, 512, 1024]) {
    const { kinds, names } = createFormulaClasses(0, count);
    expect(kinds.length).toBe(count);
    expect(new Set(names).size).toBe(count);
    for (const { kind, share } of formulaKinds) {
      expect(Math.abs(kinds.filter((other) => other === kind).length - share * count)).toBeLessThanOrEqual(1);
    }
  }
});

test("no class is named after a downstream shape", () => {
  for (const name of createFormulaClasses(0, 1024).names) expect(name).not.toMatch(/square|rectangle|ellipse|circle|heart|digit|emoji/);
});

test("placed objects carry a location and, where a turn shows, an orientation; textures and fractals carry neither", () => {
  const classes = createFormulaClasses(0, 120);
  const target = new Uint8Array(imageBytes);
  const cells = new Set<number>();
  const turns = new Set<number>();
  for (let classNumber = 0; classNumber < 120; classNumber++) {
    const kind = classes.kinds[classNumber]!;
    for (let index = 0; index < 12; index++) {
      const { location, orientation } = classes.paint(classNumber, index, target, 0);
      if (kind === "texture" || kind === "fractal") expect([location, orientation]).toEqual([-1, -1]);
      else {
        expect(location).toBeGreaterThanOrEqual(0);
        expect(orientation).toBeGreaterThanOrEqual(/triangle|star|plus|hexagon|pentagon|gear|flower|zed|hourglass|propeller/.test(classes.names[classNumber]!) ? -1 : 0);
      }
      cells.add(location);
      turns.add(orientation);
    }
  }
  expect([...cells].sort((a, b) => a - b)).toEqual([-1, ...Array.from({ length: 16 }, (_, cell) => cell)]);
  expect([...turns].sort((a, b) => a - b)).toEqual([-1, ...Array.from({ length: 16 }, (_, turn) => turn)]);
});

test("the location label says where the object is: the brightness changes nearest to its cell", () => {
  const classes = createFormulaClasses(0, 200);
  const solid = classes.names.indexOf("shape gear stripes");
  expect(solid).toBeGreaterThan(0);
  const target = new Uint8Array(imageBytes);
  let error = 0;
  const count = 300;
  for (let index = 0; index < count; index++) {
    const { location } = classes.paint(solid, index, target, 0);
    let [sx, sy, weight] = [0, 0, 0];
    for (let y = 1; y < 31; y++) {
      for (let x = 1; x < 31; x++) {
        const at = (y * 32 + x) * 3 + 1;
        const edge = Math.abs(target[at + 3]! - target[at - 3]!) ** 2 + Math.abs(target[at + 96]! - target[at - 96]!) ** 2;
        sx += edge * x;
        sy += edge * y;
        weight += edge;
      }
    }
    error += Math.hypot(sx / weight - ((location % 4) * 8 + 4), sy / weight - (Math.floor(location / 4) * 8 + 4)) / count;
  }
  expect(error).toBeLessThan(5.5);
});

test("classes can be told apart by simple features, well above chance and far from perfectly", () => {
  const classes = createFormulaClasses(1, 64);
  const [trainCount, testCount] = [24, 8];
  const centres = Array.from({ length: 64 }, (_, classNumber) => {
    const images = paintMany(classes, classNumber, 0, trainCount);
    const centre = new Float64Array(24);
    for (let image = 0; image < trainCount; image++) features(images, image).forEach((value, at) => (centre[at] = centre[at]! + value / trainCount));
    return centre;
  });
  let right = 0;
  for (let classNumber = 0; classNumber < 64; classNumber++) {
    const images = paintMany(classes, classNumber, 1000, testCount);
    for (let image = 0; image < testCount; image++) {
      const found = features(images, image);
      const distances = centres.map((centre) => centre.reduce((sum, value, at) => sum + (value - found[at]!) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) === classNumber) right++;
    }
  }
  const accuracy = right / (64 * testCount);
  expect(accuracy).toBeGreaterThan(6 / 64);
  expect(accuracy).toBeLessThan(0.8);
});

test("images use the whole range of bytes and almost none is flat", () => {
  const classes = createFormulaClasses(0, 200);
  const target = new Uint8Array(imageBytes);
  let flat = 0;
  let [sum, squares] = [0, 0];
  for (let classNumber = 0; classNumber < 200; classNumber++) {
    for (let index = 0; index < 4; index++) {
      classes.paint(classNumber, index, target, 0);
      const mean = target.reduce((total, value) => total + value, 0) / imageBytes;
      const spread = Math.sqrt(target.reduce((total, value) => total + (value - mean) ** 2, 0) / imageBytes);
      if (spread < 6) flat++;
      sum += mean / 800;
      squares += (spread * spread + mean * mean) / 800;
    }
  }
  expect(flat / 800).toBeLessThan(0.03);
  expect(sum).toBeGreaterThan(80);
  expect(sum).toBeLessThan(175);
  expect(Math.sqrt(squares - sum * sum)).toBeGreaterThan(50);
});

test("too many or too few classes are refused", () => {
  expect(() => createFormulaClasses(0, 2000)).toThrow("formula classes: count is 2000, expected a whole number from 6 to 1024 (every kind once, no shape twice).");
});
