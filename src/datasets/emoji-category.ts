/**
 * @file The task `emoji-category`: to which of Unicode's nine groups a drawn emoji belongs.
 *
 * Artwork: Twemoji, one drawing per emoji in its yellow form on white, from the npm package `@twemoji/svg`; groups from `unicode-emoji-json`.
 * Variants of one drawing (see `emojiFamily`) are kept in one split.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { createRng } from "../rng.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { emojiFamily, twemojiFile } from "./emoji-family.js";
import { checkHash, packagePath, readPackageFile, type PackageFile } from "./package-file.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "emoji-category";
const GROUPS = ["Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects", "Symbols", "Flags"] as const;
const COUNTS = { train: 800, val: 200, test: 869 } as const;
/** Side at which the drawings are rendered before they are resized: Twemoji's own raster size. */
const RENDERED_SIDE = 72;
const GROUPS_FILE: PackageFile = { package: "unicode-emoji-json", version: "0.9.0", path: "data-by-emoji.json", bytes: 387444, sha256: "2ebd44d5c66459b48aadbb34ad21161850da6c9b74036dce9097b2bfad9b2c23" };
/** The drawings used; the hash is over name and content of each, in the order of the groups file. */
const DRAWINGS: PackageFile = { package: "@twemoji/svg", version: "15.0.0", path: "", bytes: 3305768, sha256: "9b1db7af60d887b91fdd76159922d401513e5988717061af4ebe15211beb862a" };

/** What {@link readEmoji} reads. */
export const emojiFiles: readonly PackageFile[] = [GROUPS_FILE, DRAWINGS];

/** One emoji and its drawing. */
export interface Emoji {
  readonly sign: string;
  /** See `emojiFamily`; equal drawings are of one family too. */
  readonly family: string;
  readonly group: number;
  readonly svg: Buffer;
}

/** Groups of emoji, as frequent as they are in Unicode. */
export const emojiCategory: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: GROUPS.length,
    classNames: GROUPS,
    source: "Twemoji drawings in npm package @twemoji/svg@15.0.0, groups from unicode-emoji-json@0.9.0",
    licence: "drawings CC BY 4.0 (Twitter and contributors); packages MIT",
    label: "Unicode's group of the emoji.",
    counts: COUNTS,
    chance: 194 / 869,
  },
  version: 1,
  sources: emojiFiles,
  make: async (imageSize) => cutEmoji(imageSize),
};

/** Deals families at random, each to the first split that still has room for all of it. */
function cutEmoji(imageSize: number): TaskSplits {
  const rng = createRng(0);
  const families = new Map<string, Emoji[]>();
  for (const emoji of readEmoji(NAME)) families.set(emoji.family, [...(families.get(emoji.family) ?? []), emoji]);
  const dealt: Record<keyof typeof COUNTS, Emoji[]> = { train: [], val: [], test: [] };
  for (const family of rng.stream(`${NAME}/families`).shuffle([...families.values()])) {
    const split = (["train", "val"] as const).find((name) => dealt[name].length + family.length <= COUNTS[name]) ?? "test";
    dealt[split].push(...family);
  }
  const drawn = (name: keyof typeof COUNTS): ImageSplit => {
    const emoji = rng.stream(`${NAME}/${name}`).shuffle(dealt[name]);
    return makeSplit(emoji.map(({ svg }) => drawSvg(svg, imageSize)), emoji.map(({ group }) => group));
  };
  return { train: drawn("train"), val: drawn("val"), test: drawn("test") };
}

/** Emoji of all groups for which there is a drawing (newer ones have none), in Unicode's order. */
export function readEmoji(task: string): Emoji[] {
  const groups = JSON.parse(readPackageFile(task, GROUPS_FILE).toString("utf8")) as Record<string, { readonly group: (typeof GROUPS)[number] }>;
  const folder = packagePath(task, DRAWINGS.package, DRAWINGS.version, DRAWINGS.path);
  const hash = createHash("sha256");
  const emoji: Emoji[] = [];
  const familyOf = new Map<string, string>();
  for (const [sign, { group }] of Object.entries(groups)) {
    const file = twemojiFile(sign);
    if (!existsSync(join(folder, file))) continue;
    const svg = readFileSync(join(folder, file));
    hash.update(file).update("\0").update(svg).update("\0");
    // Some flags are drawn alike (Norway's and Bouvet Island's, say): equal drawings are of one family.
    const content = svg.toString("latin1");
    const family = familyOf.get(content) ?? emojiFamily(sign);
    familyOf.set(content, family);
    emoji.push({ sign, family, group: GROUPS.indexOf(group), svg });
  }
  checkHash(task, DRAWINGS, hash.digest("hex"));
  return emoji;
}

/** Renders a square drawing on white. */
function drawSvg(svg: Buffer, imageSize: number): Uint8Array {
  const side = Math.max(RENDERED_SIDE, imageSize);
  const { pixels: rgba } = new Resvg(svg, { fitTo: { mode: "width", value: side }, background: "white", font: { loadSystemFonts: false } }).render();
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) pixels.set(rgba.subarray(i * 4, i * 4 + 3), i * 3);
  return resizeBicubic({ width: side, height: side, pixels }, imageSize, imageSize).pixels;
}
