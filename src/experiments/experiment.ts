/**
 * @file Declares an experiment: one question, settings as plain data per profile, a grid of points, and a run from point to rows.
 *
 * {@link defineExperiment} closes over the settings' type, so that unlike experiments share one list and one scheduler.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ClaimResult } from "../reporting/claims.js";
import { coverageOf, type Coverage } from "../reporting/coverage.js";
import type { Figure, FigureWidth } from "../reporting/figures/figure.js";
import { figureEndings, writeFigure } from "../reporting/figures/render.js";
import { readRunRecords, type Ingredient, type Json, type RunRecord } from "../reporting/run-record.js";
import { costsTable } from "../reporting/costs-table.js";
import { readStepCosts } from "../reporting/step-costs.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { readSummary, SUMMARY_FILE, writeSummary } from "../reporting/summary.js";
import { parseRows, readRows, rowsToCsv } from "../reporting/rows-csv.js";
import type { RowType } from "../reporting/record.js";
import type { Progress } from "../training/train.js";
import { canonicalJson, identityOf, type RunIdentity } from "./run-identity.js";
import { changedSettings, type SettingKind } from "./settings.js";

/** - *quick* - minutes on two cores, no download
 * - *laptop* - a night: every offline task, several seeds
 * - *paper* - the published scale: real weights, real data, a GPU */
export type Profile = "quick" | "laptop" | "paper";
export const profiles: readonly Profile[] = ["quick", "laptop", "paper"];

/** Plain data: what JSON can hold, by name. */
export type PlainData = { readonly [key: string]: Json };

/** Files and data sets that a run reads; their content is a part of its identity. */
export interface Ingredients {
  readonly weights: readonly Ingredient[];
  readonly data: readonly Ingredient[];
}

/** A file or folder that a run needs and that is not there. */
export interface MissingSource {
  readonly what: string;
  /** Where it is looked for, as a user types it. */
  readonly expected: string;
  readonly obtain: string;
}

/** What a run may use beside its point and settings. */
export interface RunContext {
  readonly seed: number;
  /** Goes into the rows' profile column. */
  readonly profile: string;
  /** Where the run may keep its state; removed when it has finished. */
  readonly checkpoint: string;
  /** Where the run may leave what it trained, for good. */
  readonly weights: string;
  /** Names the run's identity inside its checkpoint. */
  readonly fingerprint: string;
  readonly onProgress: (progress: Progress) => void;
  /** Keeps a measured number for the run's record (never for its rows). */
  readonly measure: (name: string, value: number) => void;
  readonly signal: AbortSignal;
}

/** What a report is about, beside its rows. */
export interface ReportContext {
  /** The experiment's id. */
  readonly id: string;
  /** The experiment's folder below the profile's. */
  readonly folder: string;
  readonly profile: string;
  /** What is reduced; stands in every table and figure. */
  readonly note: string;
  /** Records of the plan's finished runs; those of other runs in the folder are left out, and in a fresh clone there are none. */
  readonly records: readonly RunRecord[];
}

/** How a figure is to be drawn. */
export interface FigureContext {
  /** What is reduced; stands below the panels. */
  readonly note: string;
  /** One or two columns of a page. */
  readonly width: FigureWidth;
}

/** Figures by the name of their files, each drawn from the rows alone. */
export type FigureDrawings<Row> = Readonly<Record<string, (rows: readonly Row[], context: FigureContext) => Figure>>;

/** One experiment as its file declares it. */
export interface ExperimentDefinition<Settings extends PlainData, Point extends PlainData, Row> {
  /** Kebab-case, as the file is named. */
  readonly id: string;
  readonly question: string;
  /** What the paper states, or "none published". */
  readonly claim: string;
  readonly settings: Readonly<Record<Profile, Settings>>;
  /** What was run and what is reduced in it, in a line for tables and figures. @param profile - the profile, or the name of the user's own settings. */
  readonly note: (settings: Settings, seeds: readonly number[], profile: string) => string;
  /** What each setting holds, for `--set` and settings files. */
  readonly kinds: { readonly [Key in keyof Settings]: SettingKind };
  /** Settings that choose points or name places: no part of a run's identity (its point and its files' content are). Nor is a flag that is off. */
  readonly outsideIdentity: readonly (keyof Settings & string)[];
  /** Settings that the runs of a point never read: no part of their identity either. None by default. */
  readonly unread?: (point: Point, settings: Settings) => readonly (keyof Settings & string)[];
  /** Raised when the code changes what rows come out, so that no older run passes for a finished one. */
  readonly revision: number;
  readonly seeds: Readonly<Record<Profile, readonly number[]>>;
  readonly rowType: RowType<Row>;
  readonly points: (settings: Settings) => readonly Point[];
  /** Runs of a lower stage, of every seed, come before those of a higher one; all in one by default. */
  readonly stage?: (point: Point) => number;
  /** The settings at a point, where it changes them; they, not the experiment's, name the run. */
  readonly settingsAt?: (point: Point, settings: Settings) => Settings;
  /** What is wrong with the settings. One line each. */
  readonly problems: (where: string, settings: Settings, profile: string) => readonly string[];
  /** Weights and data that are not there, as problems of a run, a line each; none by default. */
  readonly absent?: (where: string, settings: Settings, profile: string) => readonly string[];
  /** The same one by one, with the place where each is expected. */
  readonly missing?: (settings: Settings) => readonly MissingSource[];
  readonly ingredients: (point: Point, settings: Settings) => Promise<Ingredients>;
  readonly run: (point: Point, settings: Settings, context: RunContext) => Promise<readonly Row[]>;
  /** All that decides what a run computes, beside seed, weights and data, whatever it is called; null, or nothing declared, for runs that are never shared. */
  readonly computation?: (point: Point, settings: Settings) => Json;
  /** A row of a run that computed the same, under this point's names; the row itself by default. */
  readonly renamed?: (row: Row, point: Point, settings: Settings) => Row;
  /** Multiply–accumulates of a run, for time estimates. */
  readonly work: (point: Point, settings: Settings) => number;
  /** Bytes of a run at its peak, about; unknown by default. */
  readonly memory?: (point: Point, settings: Settings) => number;
  readonly figures: FigureDrawings<Row>;
  /** Whether a figure has anything to show at these settings; by default each has. */
  readonly hasFigure?: (figure: string, settings: Settings) => boolean;
  /** Writes the tables from rows alone. */
  readonly report: (rows: readonly Row[], context: ReportContext) => Promise<void>;
  /** Files that {@link report} writes, below its folder; those that a reader should open first. */
  readonly reportFiles: readonly string[];
  /** Methods' labels by name, for the table of what their runs took. */
  readonly methodLabels?: Readonly<Record<string, string>>;
  /** Holds rows against the claims. */
  readonly claims: (rows: readonly Row[]) => readonly ClaimResult[];
  /** What the rows show, for and against the paper, sentence by sentence, with every number in them taken from the rows; a sentence whose numbers were not measured is left out. */
  readonly found?: (rows: readonly Row[], context: ReportContext) => readonly string[];
}

/** What a run leaves: its rows as CSV text with header. */
export interface RunOutcome {
  readonly csv: string;
  readonly rows: number;
}

/** One unit of work: a point and a seed. */
export interface PlannedRun {
  /** Built from point and seed: `task=digits_method=pst_seed=0`. */
  readonly name: string;
  readonly seed: number;
  /** The settings that decide the rows, with the point. */
  readonly settings: PlainData;
  /** What tells it from runs of other tasks and seeds, for summaries: `method=pst`; empty where nothing does. */
  readonly kind: string;
  /** Multiply–accumulates, for time estimates. */
  readonly work: number;
  /** Bytes at the peak, about; null where unknown. */
  memory(): number | null;
  /** Reads the ingredients and names the run by all that decides its rows. */
  identify(): Promise<RunIdentity>;
  execute(context: Omit<RunContext, "seed" | "profile">): Promise<RunOutcome>;
  /** Names what is computed, beside weights and data: the same text for runs that compute the same under different names; null for runs that are never shared. */
  computation(): string | null;
  /** What a run that computed the same leaves, under this one's names. @param path - of its rows, for messages. */
  takeOver(csv: string, path: string): RunOutcome;
}

/** An experiment under one profile, or under a user's own settings. */
export interface PlannedExperiment {
  readonly id: string;
  readonly claim: string;
  /** Name of the results' folder and of the rows' profile: quick, laptop, paper, or the user's own. */
  readonly profile: string;
  readonly note: string;
  readonly settings: PlainData;
  readonly runs: readonly PlannedRun[];
  readonly rowType: RowType<unknown>;
  /** Everything that keeps it from running, one line each: wrong settings, then what is missing; empty when it can run. */
  problems(): readonly string[];
  /** What is wrong with the settings alone. */
  faults(): readonly string[];
  missing(): readonly MissingSource[];
  /** Writes tables, figures and summary.json from the folder's rows.csv, from it alone. @param note - of the rows, where they were made by other settings than the plan's. */
  report(folder: string, note?: string): Promise<void>;
  /** Files that the report writes, below its folder. */
  readonly reportFiles: readonly string[];
  /** Names of its figures. */
  readonly figures: readonly string[];
  /** Draws one of them from the folder's rows.csv. @param note - as in {@link report}. */
  drawFigure(folder: string, figure: string, width: FigureWidth, note?: string): Figure;
  /** Holds the folder's rows.csv against the claims; nothing where it is not there. */
  claims(folder: string): readonly ClaimResult[];
}

/** How a plan departs from its profile. */
export interface PlanOptions {
  /** Settings in place of the profile's. */
  readonly changes?: PlainData;
  readonly seeds?: readonly number[];
  /** Name of the results' folder and of the rows' profile; default: the profile, or "own" where anything was changed. */
  readonly name?: string;
  /** What says so when it cannot run; default: `run <id>`. */
  readonly where?: string;
  /** The command that makes the results again; default: reproduce.sh with profile and id. */
  readonly command?: string;
}

/** An experiment whose settings' type is closed over. */
export interface Experiment {
  readonly id: string;
  readonly question: string;
  readonly claim: string;
  readonly kinds: { readonly [key: string]: SettingKind };
  settingsOf(profile: Profile): PlainData;
  seedsOf(profile: Profile): readonly number[];
  /** @throws {UsageError} for an unknown setting or one of the wrong kind. */
  plan(profile: Profile, options?: PlanOptions): PlannedExperiment;
}

/** Makes a definition into an experiment that lists and schedulers can hold beside others. */
export function defineExperiment<Settings extends PlainData, Point extends PlainData, Row>(definition: ExperimentDefinition<Settings, Point, Row>): Experiment {
  const { id, question, claim, kinds, rowType } = definition;
  return {
    id,
    question,
    claim,
    kinds,
    settingsOf: (profile) => definition.settings[profile],
    seedsOf: (profile) => definition.seeds[profile],
    plan(profile, { changes = {}, seeds = definition.seeds[profile], name, where = `run ${id}`, command = `./reproduce.sh ${profile} ${id}` } = {}) {
      const settings = changedSettings(`settings of ${id}`, definition.settings[profile], kinds, changes);
      const changed = Object.keys(changes).length > 0 || seeds !== definition.seeds[profile];
      const label = name ?? (changed ? "own" : profile);
      const told = (of: readonly number[]): string => definition.note(settings, of, label);
      const grid = seeds.flatMap((seed) => definition.points(settings).map((point) => ({ seed, point, stage: definition.stage?.(point) ?? 0 })));
      const runs = grid.sort((a, b) => a.stage - b.stage).map(({ seed, point }) => plannedRun(definition, point, settings, seed, label));
      const rowsIn = (folder: string): Row[] => readRows(join(folder, "rows.csv"), rowType);
      const figures = Object.entries(definition.figures).filter(([figure]) => definition.hasFigure?.(figure, settings) ?? true);
      const files = reportFiles(figures.map(([figure]) => figure), definition.reportFiles);
      return {
        id,
        claim,
        profile: label,
        note: told(seeds),
        settings,
        runs,
        rowType: rowType as RowType<unknown>,
        problems: () => [...definition.problems(where, settings, profile), ...(definition.absent?.(where, settings, profile) ?? [])],
        faults: () => definition.problems(where, settings, profile),
        missing: () => definition.missing?.(settings) ?? [],
        reportFiles: [...files, SUMMARY_FILE],
        figures: figures.map(([figure]) => figure),
        drawFigure(folder, figure, width, given) {
          const rows = rowsIn(folder);
          return definition.figures[figure]!(rows, { note: given ?? told(seedsOf(rows, seeds)), width });
        },
        async report(folder, given) {
          const rows = rowsIn(folder);
          const coverage = coverageIn(folder, runs);
          const ofSeeds = told(seedsOf(rows, seeds));
          const noteOfRows = given ?? (coverage === undefined || coverage.finished === coverage.planned ? ofSeeds : `${ofSeeds}; partial: ${coverage.finished} of ${coverage.planned} planned runs`);
          const planned = new Set(runs.map(({ name: run }) => run));
          const records = readRunRecords(folder).filter(({ run, status }) => status === "finished" && planned.has(run));
          const context: ReportContext = { folder, id, profile: label, note: noteOfRows, records };
          await definition.report(rows, context);
          const costs = costsTable(records, readStepCosts(folder), noteOfRows, definition.methodLabels);
          if (costs !== undefined) writeTable(join(folder, "tables"), costs);
          for (const [figure, draw] of figures) {
            const [wide, narrow] = (["double", "single"] as const).map((width) => draw(rows, { note: noteOfRows, width }));
            await writeFigure(join(folder, "figures", figure), wide!, `${id}, ${label}`, narrow);
          }
          writeSummary(folder, { experiment: id, profile: label, question, note: noteOfRows, command, files: [...files, ...tablePaths("costs").filter((file) => existsSync(join(folder, file))), "rows.csv"], claims: definition.claims(rows), found: definition.found?.(rows, context) ?? [], ...(coverage === undefined ? {} : { coverage }) });
        },
        claims: (folder) => (existsSync(join(folder, "rows.csv")) ? definition.claims(rowsIn(folder)) : []),
      };
    },
  };
}

/** Figures first: a reader opens them first. */
function reportFiles(figures: readonly string[], tables: readonly string[]): string[] {
  return [...figures.flatMap((figure) => figureEndings.map((ending) => `figures/${figure}.${ending}`)), ...tables];
}

/** Seeds of the rows, which a plan under way does not all have; the planned ones where rows tell of none. */
function seedsOf(rows: readonly unknown[], planned: readonly number[]): readonly number[] {
  const seeds = new Set(rows.flatMap((row) => (row as { readonly seed?: number }).seed ?? []));
  return seeds.size === 0 ? planned : [...seeds];
}

/** Which of the planned runs the rows hold; as the last summary says where the runs' own files are gone. */
function coverageIn(folder: string, runs: readonly PlannedRun[]): Coverage | undefined {
  const records = join(folder, "runs");
  if (!existsSync(records)) return readSummary(folder)?.coverage;
  return coverageOf(runs.map(({ name }) => name), (name) => existsSync(join(records, `${name}.csv`)));
}

function plannedRun<Settings extends PlainData, Point extends PlainData, Row>(definition: ExperimentDefinition<Settings, Point, Row>, point: Point, settings: Settings, seed: number, profile: string): PlannedRun {
  const own = definition.settingsAt?.(point, settings) ?? settings;
  const outside = new Set<string>([...definition.outsideIdentity, ...(definition.unread?.(point, own) ?? [])]);
  const deciding: PlainData = { ...Object.fromEntries(Object.entries(own).filter(([key, value]) => !outside.has(key) && value !== false)), ...point };
  return {
    name: runName(point, seed),
    seed,
    settings: deciding,
    kind: Object.entries(point).filter(([key]) => key !== "task").map(([key, value]) => `${key}=${String(value)}`).join(" "),
    work: definition.work(point, settings),
    memory: () => definition.memory?.(point, settings) ?? null,
    identify: async () => identityOf(definition.id, definition.revision, profile, deciding, seed, await definition.ingredients(point, settings)),
    async execute(context) {
      const rows = await definition.run(point, settings, { ...context, seed, profile });
      return { csv: rowsToCsv(definition.rowType, rows), rows: rows.length };
    },
    computation() {
      const computed = definition.computation?.(point, settings) ?? null;
      return computed === null ? null : canonicalJson({ rows: definition.rowType.id, profile, seed, computed });
    },
    takeOver(csv, path) {
      const rows = parseRows(definition.rowType, csv, path).map((row) => definition.renamed?.(row, point, settings) ?? row);
      return { csv: rowsToCsv(definition.rowType, rows), rows: rows.length };
    },
  };
}

/** Names a run by its point and seed; letters that a file name cannot carry everywhere become "-". */
export function runName(point: PlainData, seed: number): string {
  const parts = Object.entries({ ...point, seed }).map(([key, value]) => `${key}=${String(value)}`);
  return parts.join("_").replaceAll(/[^A-Za-z0-9=_.+-]/g, "-");
}
