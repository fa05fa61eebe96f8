/**
 * @file A study on image tasks: named ways of adapting a family, each on every task, one row a stitch. What vtab-stitching and its ablations share.
 */
import { families, familyOf } from "../anchors/registry.js";
import { choiceProblem, shown, wholeNumberProblem } from "../checks.js";
import type { Dataset } from "../datasets/dataset.js";
import { countText } from "../reporting/claim-text.js";
import type { ClaimResult } from "../reporting/claims.js";
import { stitchRows, type StitchRow } from "../reporting/record.js";
import type { Json } from "../reporting/run-record.js";
import type { StitchFamily } from "../stitching/family.js";
import { adapt, adaptProblems, type AdaptResult, type AdaptSettings, type AnchorFamily } from "../training/adapt.js";
import type { WorkSettings } from "../training/adaptation-work.js";
import { adaptedRecord, saveAdapted } from "../training/adapted-file.js";
import { stepsPerEpoch } from "../training/batches.js";
import type { StitchScore } from "../training/stitch-scores.js";
import type { TuningMethod } from "../tuning/method.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { defineExperiment, type Experiment, type FigureDrawings, type Ingredients, type Profile, type ReportContext, type RunContext } from "./experiment.js";
import { versions } from "./provenance.js";
import { recipeProblems } from "./recipe-problems.js";
import { adaptSettingsOf, sixTasks, vtabImages, vtabSettingKinds, type VtabSettings } from "./vtab-settings.js";
import { unloaded, vtabMemory, vtabWork } from "./vtab-estimates.js";
import { anchorsOf, missingSources, namingProblems, sourceProblems, taskOf, taskSha256 } from "./vtab-sources.js";

/** A way of adapting a family to a task. */
export interface Variant {
  /** What is trained, as {@link adaptSettingsOf} names it: `pst`, `sn-net`, `anchor-…` or `full-…`. */
  readonly adapts: string;
  /** Settings that differ from the experiment's. */
  readonly changes?: Partial<VtabSettings>;
  /** What training moves, where it is none of those. */
  readonly tuning?: TuningMethod;
  /** Name of the method in the rows; the variant's own by default. */
  readonly method?: string;
  /** How it is trained and measured; {@link adapt} by default. */
  readonly adapt?: typeof adapt;
  /** What that computes, in parts; {@link adaptationWork} of what is adapted by default. */
  readonly work?: (structure: StitchFamily, settings: WorkSettings) => readonly number[];
}

/** What tells one study from another. */
export interface VtabStudy {
  readonly id: string;
  readonly question: string;
  readonly claim: string;
  readonly settings: Readonly<Record<Profile, VtabSettings>>;
  readonly seeds: Readonly<Record<Profile, readonly number[]>>;
  /** What notes say of the learning rates, where the variants have their own. */
  readonly rates?: string;
  /** Every variant by name; the setting `methods` chooses among them. */
  readonly variants: (settings: VtabSettings) => Readonly<Record<string, Variant>>;
  /** Variants that are run, on every task and with every seed, before the others are begun; those are begun with the ablations' {@link sixTasks}. */
  readonly first?: readonly string[];
  /** What else is wrong with the settings, a line each; nothing by default. */
  readonly problems?: (where: string, settings: VtabSettings) => readonly string[];
  readonly figures: FigureDrawings<StitchRow>;
  readonly hasFigure?: (figure: string, settings: VtabSettings) => boolean;
  readonly report: (rows: readonly StitchRow[], context: ReportContext) => Promise<void>;
  readonly reportFiles: readonly string[];
  /** Labels of methods by name, for the table of what their runs took. */
  readonly methodLabels?: Readonly<Record<string, string>>;
  readonly claims: (rows: readonly StitchRow[]) => readonly ClaimResult[];
  readonly found?: (rows: readonly StitchRow[], context: ReportContext) => readonly string[];
}

type Point = { readonly task: string; readonly method: string };

/** Makes a study into an experiment. */
export function defineVtabStudy(study: VtabStudy): Experiment {
  const variantAt = ({ method }: Point, settings: VtabSettings): Variant => study.variants(settings)[method]!;
  const settingsAt = (point: Point, settings: VtabSettings): VtabSettings => ({ ...settings, ...variantAt(point, settings)?.changes });
  return defineExperiment<VtabSettings, Point, StitchRow>({
    ...study,
    note: (settings, seeds, profile) => vtabNote(settings, seeds, profile, study.rates),
    kinds: vtabSettingKinds,
    outsideIdentity: ["tasks", "methods", "weightsFolder", "dataFolder"],
    unread: (point, settings) => unreadSettings(variantAt(point, settings)),
    revision: 1,
    rowType: stitchRows,
    stage: ({ method, task }) => (study.first === undefined || study.first.includes(method) ? 0 : sixTasks.includes(task) ? 1 : 2),
    points: ({ tasks, methods }) => tasks.flatMap((task) => methods.map((method) => ({ task, method }))),
    settingsAt,
    ...vtabSources,
    problems: (where, settings, profile) => [
      ...studyProblems(study.variants(settings), where, settings),
      ...overriddenProblems(study, where, settings, study.settings[profile as Profile]),
      ...(study.problems?.(where, settings) ?? []),
    ],
    ingredients: (point, settings) => vtabIngredients(point, settingsAt(point, settings)),
    computation: (point, settings) => computationOf(point, variantAt(point, settings), settingsAt(point, settings)),
    renamed: (row, point, settings) => ({ ...row, method: variantAt(point, settings).method ?? point.method }),
    run: (point, settings, context) => runVtab(point, variantAt(point, settings), settingsAt(point, settings), context),
    work: (point, settings) => vtabWork(point, variantAt(point, settings), settingsAt(point, settings)),
    memory: (point, settings) => vtabMemory(variantAt(point, settings), settingsAt(point, settings)),
  });
}

/** Settings that a variant never reads, so that changing them for others makes none of its runs anew. */
export function unreadSettings(variant: Variant | undefined): (keyof VtabSettings)[] {
  if (variant === undefined) return []; // an unknown one: the problems say so
  const { adapts, tuning, adapt: own } = variant;
  const full = adapts === "sn-net" || adapts.startsWith("full-");
  const alone = adapts.startsWith("full-") || adapts.startsWith("anchor-");
  return [
    full ? "learningRate" : "fullLearningRate",
    ...(full || tuning !== undefined ? (["rank", "scaling", "loraTargets", "biasScope"] as const) : []),
    ...(full || alone ? (["sampler", "temperature", "exploration", "samplerWarmupVisits", "samplerWarmupShare", "beta", "importance"] as const) : []),
    ...((full && own === undefined) || alone ? (["bins"] as const) : []),
    ...(alone ? (["initialImages"] as const) : []),
  ];
}

/** Says what was run, in full: a reader of one figure must see what it is not. @param rates - the learning rates; those of the settings by default. @param read - what is measured on; the test images by default. */
export function vtabNote(settings: VtabSettings, seeds: readonly number[], profile: string, rates = `learning rate ${settings.learningRate} (SN-Net ${settings.fullLearningRate})`, read = settings.testImages === null ? "all test images" : `at most ${settings.testImages} test images a task`): string {
  const { family, steps, batchSize, scheduleUnit, dataFolder, refit } = settings;
  const about = families.find(({ familyId }) => familyId === family)?.about ?? "unknown";
  const length = scheduleUnit === "epoch" ? `${Math.ceil(steps / stepsPerEpoch(vtabImages(settings), batchSize))} epochs` : `${steps} steps`;
  const source = dataFolder === null ? "tasks of the kit, not VTAB-1k" : "tasks in VTAB-1k's layout";
  return `${profile}: family ${family} (${about}), ${length} of batch ${batchSize} on ${vtabImages(settings)} images${refit ? " (validation included)" : ""}, ${rates}, ${read}, ${countText(seeds.length, "seed")}; ${source}`;
}

/** What a study on image tasks reads that is not there: as problems of a run, and one by one. */
export const vtabSources = { absent: sourceProblems, missing: missingSources } as const;

/** What is wrong with a study's settings. @param known - its variants by name. */
export function studyProblems(known: Readonly<Record<string, Variant>>, where: string, settings: VtabSettings): string[] {
  const problems = namingProblems(where, settings);
  for (const key of ["valImages", "testImages"] as const) if (settings[key] !== null) problems.push(...wholeNumberProblem(where, key, settings[key], 1, Infinity));
  problems.push(...recipeProblems(where, settings));
  if (families.every(({ familyId }) => familyId !== settings.family)) return problems;
  problems.push(...settings.methods.flatMap((method) => choiceProblem(where, "method", method, Object.keys(known))));
  const told = [settings, ...settings.methods.flatMap((method): VtabSettings[] => (known[method]?.changes === undefined ? [] : [{ ...settings, ...known[method].changes }]))];
  return [...new Set([...problems, ...told.flatMap((own) => {
    const family = families.find(({ familyId }) => familyId === own.family);
    return family === undefined ? choiceProblem(where, "family", own.family, families.map(({ familyId }) => familyId)) : adaptProblems(where, unloaded(family), adaptSettingsOf(own, "pst", family));
  })])];
}

/** Settings that were changed for nothing: every method that reads them sets its own. @param profile - the settings before. */
function overriddenProblems({ variants }: VtabStudy, where: string, settings: VtabSettings, profile: VtabSettings): string[] {
  const known = variants(settings);
  return (Object.keys(settings) as (keyof VtabSettings)[]).filter((key) => settings[key] !== profile[key]).flatMap((key) => {
    const before = variants({ ...settings, [key]: profile[key] }); // a variant's own may be made of the setting: a pair of the family
    const readers = settings.methods.flatMap((method) => (unreadSettings(known[method]).includes(key) ? [] : [[known[method]?.changes?.[key], before[method]?.changes?.[key]] as const]));
    const all = readers.length > 0 && readers.every(([own, same]) => own !== undefined && own === same);
    return all ? [`${where}: ${key} is ${shown(settings[key])}, expected ${shown(profile[key])}: every method sets its own.`] : [];
  });
}

/** What {@link adapt} is told, and on what: variants of any study that agree in it leave the same rows. Null for one of its own way, and where weights are kept: they lie in one place. */
function computationOf({ task }: Pick<Point, "task">, variant: Variant, settings: VtabSettings): Json {
  if (variant.adapt !== undefined || settings.saveWeights) return null;
  const { family, weightsFolder, dataFolder, valImages, testImages } = settings;
  return { task, family, weightsFolder, dataFolder, valImages, testImages, adapts: variant.adapts, told: toldOf(variant, settings) as unknown as Json };
}

/** @param images - that training reads; VTAB-1k's number by default. */
function toldOf({ adapts, tuning }: Variant, settings: VtabSettings, images?: number): AdaptSettings {
  return { ...adaptSettingsOf(settings, adapts, familyOf(settings.family), images), ...(tuning === undefined ? {} : { method: tuning }) };
}

/** How many images a run on a task trains on. */
export function trainedImages({ train, val }: Pick<Dataset, "train" | "val">, { refit }: Pick<VtabSettings, "refit">): number {
  return train.count + (refit ? val.count : 0);
}

/** Weights and data of a run. */
export async function vtabIngredients({ task }: Pick<Point, "task">, settings: VtabSettings): Promise<Ingredients> {
  const { anchors } = await anchorsOf(settings);
  return { weights: anchors.map(({ anchorId, sha256 }) => ({ name: anchorId, sha256 })), data: [{ name: task, sha256: await taskSha256(settings, task) }] };
}

async function runVtab({ task, method }: Point, variant: Variant, settings: VtabSettings, context: RunContext): Promise<StitchRow[]> {
  const { seed, profile, checkpoint, weights, fingerprint, onProgress, signal, measure } = context;
  const [family, dataset] = [await anchorsOf(settings), await taskOf(settings, task)];
  const adaptSettings = toldOf(variant, settings, trainedImages(dataset, settings));
  const save = (model: TunedModel, stitches: readonly StitchScore[]): void => saveAdapted(weights, model, adaptedRecord(family, dataset, adaptSettings, { kit: versions()["esta"]!, method, seed, stitches }));
  const options = { seed, checkpoint, checkpointEvery: 50, fingerprint, onProgress, signal, ...(settings.saveWeights ? { onTrained: save } : {}) };
  const result = await (variant.adapt ?? adapt)(family, dataset, adaptSettings, options);
  for (const [name, seconds] of Object.entries(result.seconds)) measure(`${name}Seconds`, seconds);
  return stitchRowsOf(result, family, { task, group: dataset.group, method: variant.method ?? method, seed, profile }, variant);
}

/**
 * One row a stitch. An anchor alone draws no stitches.
 *
 * @param variant - how it was adapted; PST by default. Only PST has an importance to report; what chooses in another way says so by its own `adapt`.
 */
export function stitchRowsOf(result: AdaptResult, family: Pick<AnchorFamily, "anchors">, { task, group, method, seed, profile }: Pick<StitchRow, "task" | "group" | "method" | "seed" | "profile">, variant: Variant = { adapts: "pst" }): StitchRow[] {
  const name = (anchor: number): string => family.anchors[anchor]!.anchorId;
  const alone = result.outcomes.length === 1;
  const scored = variant.adapts === "pst" && !alone;
  const chooses = scored || variant.adapt !== undefined;
  return result.outcomes.map(({ stitchId, top1, validationTop1, importance, visits, selected }) => {
    const stitch = result.family.space.stitches[stitchId]!;
    const { flops, params } = result.family.costs[stitchId]!;
    const joined = stitch.kind === "stitch";
    return {
      task, group, method, seed, stitchId, kind: stitch.kind, front: name(stitch.front), end: name(stitch.end),
      frontBlock: joined ? stitch.frontBlock : null, endBlock: joined ? stitch.endBlock : null, flops, params, trainableParams: result.trainable,
      top1, valTop1: validationTop1, importance: scored ? importance : null, visits: alone ? null : visits, selected: chooses && selected ? 1 : 0, profile,
    };
  });
}
