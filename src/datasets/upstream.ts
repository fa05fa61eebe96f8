/**
 * @file Upstream data for pretraining the mini family: formula-driven images and, where present, real photographs, mixed.
 *
 * Every batch is a function of (settings, step, size) alone. What upstream never holds: squares, ellipses, hearts, digits, emoji,
 * Earth imagery. The `location` and `orientation` labels ask of other objects what two downstream tasks ask of sprites; they are
 * auxiliary pretext labels (our choice) and belong on the model card.
 */
import { throwProblems, wholeNumberProblem } from "../checks.js";
import { createRng } from "../rng.js";
import { upstreamImageSize } from "./formula-canvas.js";
import { createFormulaClasses, formulaClassLimit, formulaKinds } from "./formula-classes.js";
import { FormulaRandom, shuffledIndex } from "./formula-random.js";
import { loadPhotographs, type Photographs } from "./photographs.js";
import { augmentPhotograph } from "./upstream-augment.js";

/** What {@link createUpstream} takes. Plain data, so that a worker thread can be given it. */
export interface UpstreamSettings {
  readonly seed: number;
  /** How many formula-driven classes, 6 to 1024; 256 unless told. */
  readonly formulaClasses?: number;
  /** A zip of `train/<class>/<number>.jpg`; none unless told, and going on without where the file is absent. */
  readonly photographs?: string;
  /** Share of photographs in a batch where they are present, 0–1; a half unless told. */
  readonly photographShare?: number;
  /** Share of every photograph class kept for validation (its last files); 0.05 unless told. */
  readonly heldOut?: number;
  /** Where decoded photographs are kept; `data/cache` unless told. */
  readonly cacheFolder?: string;
}

/** Images with a class label over formula and photograph classes, and auxiliary labels that are −1 where they mean nothing. */
export interface UpstreamBatch {
  /** `[count, 32, 32, 3]` bytes. */
  readonly images: Uint8Array;
  /** Class over the union: formula classes first, photograph classes after. */
  readonly labels: Int32Array;
  /** Cell of the object's centre on a 4 × 4 grid, row by row, or −1. */
  readonly location: Int32Array;
  /** Sixteenth of a turn from the class's upright pose, 0–15, or −1. */
  readonly orientation: Int32Array;
}

/** Upstream data, ready to draw from. */
export interface Upstream {
  /** Classes over the union. */
  readonly classes: number;
  readonly classNames: readonly string[];
  readonly formulaClasses: number;
  /** 0 where no photographs are present. */
  readonly photographClasses: number;
  /** Makes training batch `step` (0 up) of `size` images. */
  batch(step: number, size: number): UpstreamBatch;
  /** Makes a held-out set of `size` images: formula images of indices that training never draws, photographs from every class's last files, unaugmented; half each where photographs are present. */
  validation(size: number): UpstreamBatch;
  /** Tells in lines for people what is drawn from. */
  describe(): string;
}

/** Twice as many are learned too slowly to help within a million images (measured). */
const defaultFormulaClasses = 256;
const imageBytes = upstreamImageSize * upstreamImageSize * 3;
/** Formula images below this index train, those from it on validate. */
const firstHeldOutIndex = 2 ** 30;

/**
 * Opens upstream data.
 *
 * @throws {UsageError} with every bad setting, or when the zip is there and does not read.
 */
export async function createUpstream(settings: UpstreamSettings): Promise<Upstream> {
  checkSettings(settings);
  if (settings.photographs === undefined) return mixUpstream(settings, null, "photographs: none asked for.");
  const search = await loadPhotographs(settings.photographs, settings.cacheFolder);
  if (search.kind === "absent") return mixUpstream(settings, null, search.reason);
  return mixUpstream(settings, search.photographs, `photographs: ${search.photographs.count} of ${search.photographs.classes.length} classes, zip sha256 ${search.photographs.sha256}.`);
}

function checkSettings(settings: UpstreamSettings): void {
  const problems = [
    ...wholeNumberProblem("upstream", "seed", settings.seed, 0, 2 ** 31 - 1),
    ...wholeNumberProblem("upstream", "formulaClasses", settings.formulaClasses ?? defaultFormulaClasses, formulaKinds.length, formulaClassLimit),
  ];
  const { photographShare = 0.5, heldOut = 0.05 } = settings;
  if (!(photographShare >= 0 && photographShare <= 1)) problems.push(`upstream: photographShare is ${photographShare}, expected a share from 0 to 1.`);
  if (!(heldOut > 0 && heldOut <= 0.5)) problems.push(`upstream: heldOut is ${heldOut}, expected a share above 0 and up to 0.5.`);
  throwProblems(problems);
}

function mixUpstream(settings: UpstreamSettings, photographs: Photographs | null, note: string): Upstream {
  const { seed, formulaClasses = defaultFormulaClasses, photographShare = 0.5, heldOut = 0.05 } = settings;
  const formula = createFormulaClasses(seed, formulaClasses);
  const split = photographs === null ? null : splitPhotographs(photographs, heldOut);
  const share = split === null ? 0 : photographShare;
  const key = Math.floor(createRng(seed).stream("upstream/batches").uniform() * 4294967296);
  const photographClasses = photographs?.classes.length ?? 0;

  const isPhotograph = (slot: number): boolean => Math.floor((slot + 1) * share) > Math.floor(slot * share);
  const emptyBatch = (size: number): UpstreamBatch => ({
    images: new Uint8Array(size * imageBytes),
    labels: new Int32Array(size),
    location: new Int32Array(size).fill(-1),
    orientation: new Int32Array(size).fill(-1),
  });
  const paintFormula = (batch: UpstreamBatch, slot: number, chosen: number, index: number): void => {
    const pose = formula.paint(chosen, index, batch.images, slot * imageBytes);
    batch.labels[slot] = chosen;
    batch.location[slot] = pose.location;
    batch.orientation[slot] = pose.orientation;
  };

  return {
    classes: formulaClasses + photographClasses,
    classNames: [...formula.names, ...(photographs?.classes.map((name) => `photograph ${name}`) ?? [])],
    formulaClasses,
    photographClasses,
    batch(step, size) {
      throwProblems([...wholeNumberProblem("upstream batch", "step", step, 0, 2 ** 31 - 1), ...wholeNumberProblem("upstream batch", "size", size, 1, 1 << 20)]);
      const batch = emptyBatch(size);
      const photographsInBatch = Math.floor(size * share);
      let drawn = step * photographsInBatch;
      const random = new FormulaRandom(key, step, 0xba7c4);
      for (let slot = 0; slot < size; slot++) {
        if (photographs === null || split === null || !isPhotograph(slot)) {
          paintFormula(batch, slot, random.integer(formulaClasses), random.bits() % firstHeldOutIndex);
          continue;
        }
        const pass = Math.floor(drawn / split.train.length);
        const chosen = split.train[shuffledIndex(drawn % split.train.length, split.train.length, key ^ (pass + 1))]!;
        drawn++;
        augmentPhotograph(photographs.images, chosen * imageBytes, batch.images, slot * imageBytes, new FormulaRandom(key ^ 1, step, slot));
        batch.labels[slot] = formulaClasses + photographs.labels[chosen]!;
      }
      return batch;
    },
    validation(size) {
      throwProblems(wholeNumberProblem("upstream validation", "size", size, 1, 1 << 20));
      const batch = emptyBatch(size);
      const heldOutImages = split === null ? 0 : Math.min(split.heldOut.length, Math.floor(size / 2));
      for (let slot = 0; slot < size; slot++) {
        if (photographs === null || split === null || slot >= heldOutImages) {
          const number = slot - heldOutImages;
          paintFormula(batch, slot, shuffledIndex(number % formulaClasses, formulaClasses, key), firstHeldOutIndex + number);
          continue;
        }
        const chosen = split.heldOut[shuffledIndex(slot, split.heldOut.length, key)]!;
        batch.images.set(photographs.images.subarray(chosen * imageBytes, (chosen + 1) * imageBytes), slot * imageBytes);
        batch.labels[slot] = formulaClasses + photographs.labels[chosen]!;
      }
      return batch;
    },
    describe() {
      const kinds = formulaKinds.map(({ kind }) => `${formula.kinds.filter((other) => other === kind).length} ${kind}`).join(", ");
      const lines = [`formula-driven images: ${formulaClasses} classes (${kinds}), drawn on the fly, seed ${seed}.`, note];
      if (split !== null) lines.push(`mixture: ${(share * 100).toFixed(0)} % photographs; ${split.train.length} train, ${split.heldOut.length} held out (the last of every class).`);
      return lines.join("\n");
    },
  };
}

interface PhotographSplit {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

function splitPhotographs({ labels, classes }: Photographs, heldOutShare: number): PhotographSplit {
  const train: number[] = [];
  const heldOut: number[] = [];
  for (let label = 0; label < classes.length; label++) {
    const members: number[] = [];
    for (let index = 0; index < labels.length; index++) if (labels[index] === label) members.push(index);
    const kept = members.length < 2 ? members.length : members.length - Math.max(1, Math.round(members.length * heldOutShare));
    train.push(...members.slice(0, kept));
    heldOut.push(...members.slice(kept));
  }
  return { train: Int32Array.from(train), heldOut: Int32Array.from(heldOut) };
}
