/**
 * @file The task `emoji-kind`: what kind of thing a drawing shows that is pasted on a photograph.
 *
 * Drawings of Twemoji in any pose on views of the panoramas; splits share neither drawings nor parts of photographs. (The upstream
 * data's icons are invented arrangements of shapes, and its photographs other ones.)
 */
import { Resvg } from "@resvg/resvg-js";
import { createRng, type RandomStream } from "../rng.js";
import { assetSource } from "./asset-file.js";
import { balancedChance, balancedLabels } from "./balanced-labels.js";
import { collageSide, finishCollage, paste, pictureBackground, type CutOut } from "./collage.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { emojiFiles, readEmoji, type Emoji } from "./emoji-category.js";
import { openPanoramas } from "./panorama-views.js";
import { panoramaFolder, panoramaNames } from "./panoramas.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "emoji-kind";
const COUNTS = { train: 800, val: 200, test: 2000 } as const;
type Split = keyof typeof COUNTS;
/** Side at which the drawings are rendered, in pixels. */
const DRAWING_SIDE = 72;
/** Shares of a kind's drawings. */
const SHARES = { train: 0.45, val: 0.15 } as const;

/** Kinds, each from one emoji to another in Unicode's order, and what does not belong to it. */
const KINDS: readonly (readonly [name: string, first: string, last: string, without: string])[] = [
  ["mammal", "🐵", "🦡", "🐽"],
  ["bird", "🦃", "🪿", "🪶🪽🐣"],
  ["sea animal", "🐳", "🦪", "🐚🪸"],
  ["small creature", "🐌", "🪱", "🕸️"],
  ["plant", "💐", "🍄", "💮🏵️🪹🪺"],
  ["fruit or vegetable", "🍇", "🫛", "🥜🫘🌰"],
  ["dish", "🍞", "🥡", "🧈🧂🥫🍘🍥🥮🍠"],
  ["sweet", "🍦", "🍯", ""],
  ["drink", "🥛", "🧉", "🫗"],
  ["building", "🏟️", "🕋", "🏗️🧱🪨🪵🗽"],
  ["vehicle", "🚂", "🚲", ""],
  ["clothing", "👓", "⛑️", "🪭👛👜👝🛍️🪮"],
];

/** Kinds of things, balanced. */
export const emojiKind: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: KINDS.length,
    classNames: KINDS.map(([name]) => name),
    source: `Twemoji drawings in npm package @twemoji/svg@15.0.0 on Poly Haven panoramas in ${assetSource}`,
    licence: "drawings CC BY 4.0 (Twitter and contributors); photographs CC0; packages MIT and CC0",
    label: "The kind of thing drawn (our kinds, by Unicode's order).",
    counts: COUNTS,
    chance: balancedChance(COUNTS.test, KINDS.length),
  },
  version: 1,
  sources: [...emojiFiles, panoramaFolder],
  make: pasteDrawings,
};

async function pasteDrawings(imageSize: number): Promise<TaskSplits> {
  const rng = createRng(0);
  const drawView = await openPanoramas(NAME);
  const emoji = readEmoji(NAME);
  const kinds = KINDS.map((kind) => dealKind(emoji, kind, rng.stream(`${NAME}/${kind[0]}`)));
  const pasted = (split: Split): ImageSplit => {
    const stream = rng.stream(`${NAME}/${split}`);
    const labels = balancedLabels(COUNTS[split], KINDS.length, stream);
    const pictures = labels.map((label) => {
      const drawings = kinds[label]![split];
      const view = drawView(stream.integer(panoramaNames.length), split, stream);
      const collage = pictureBackground(resizeBicubic(view, collageSide, collageSide));
      poseDrawing(collage, drawings[stream.integer(drawings.length)]!, stream);
      return finishCollage(collage, imageSize);
    });
    return makeSplit(pictures, labels);
  };
  return { train: pasted("train"), val: pasted("val"), test: pasted("test") };
}

/** Deals the drawings of a kind to the splits; those that begin with the same sign (a dog, a service dog) stay together. */
function dealKind(emoji: readonly Emoji[], [, first, last, without]: (typeof KINDS)[number], stream: RandomStream): Record<Split, CutOut[]> {
  const start = (sign: string): string => String.fromCodePoint(sign.codePointAt(0)!);
  const place = (sign: string): number => emoji.findIndex((one) => start(one.sign) === start(sign));
  const families = new Map<string, Emoji[]>();
  for (const one of emoji.slice(place(first), place(last) + 1)) {
    if (!without.includes(start(one.sign))) families.set(start(one.sign), [...(families.get(start(one.sign)) ?? []), one]);
  }
  const order = stream.shuffle([...families.values()]);
  const [train, val] = [Math.round(order.length * SHARES.train), Math.round(order.length * SHARES.val)];
  const drawn = (some: readonly Emoji[][]): CutOut[] => some.flat().map(({ svg }) => cutOut(svg));
  return { train: drawn(order.slice(0, train)), val: drawn(order.slice(train, train + val)), test: drawn(order.slice(train + val)) };
}

function poseDrawing(collage: Float32Array, drawing: CutOut, stream: RandomStream): void {
  const between = (low: number, high: number): number => low + (high - low) * stream.uniform();
  const scaleY = between(36, 56) / DRAWING_SIDE;
  const middle = (): number => collageSide / 2 + between(-7, 7);
  const mirror = stream.uniform() < 0.5 ? -1 : 1;
  paste(collage, drawing, { x: middle(), y: middle(), scaleX: mirror * scaleY * between(0.85, 1.15), scaleY, angle: between(-0.4, 0.4), slant: between(-0.15, 0.15) });
}

/** Renders a drawing; the renderer gives colours times cover, of which the cover is taken out again. */
function cutOut(svg: Buffer): CutOut {
  const { pixels } = new Resvg(svg, { fitTo: { mode: "width", value: DRAWING_SIDE }, font: { loadSystemFonts: false } }).render();
  const rgba = new Uint8Array(pixels);
  for (let i = 0; i < rgba.length; i += 4) {
    const cover = rgba[i + 3]!;
    for (let c = i; c < i + 3; c++) rgba[c] = cover === 0 ? 0 : Math.min(255, Math.round((rgba[c]! * 255) / cover));
  }
  return { width: DRAWING_SIDE, height: DRAWING_SIDE, rgba };
}
