/**
 * @file Runs every case of a folder of golden values against the library.
 */
import { useBackend, type BackendChoice } from "../../tensor/index.js";
import { openCase, readIndex, type GoldenCase, type IndexEntry } from "./golden-case.js";
import { GoldenReport } from "./golden-report.js";
import { runLlamaMini } from "./llama-mini.js";
import { runOps } from "./ops.js";
import { runPil } from "./pil.js";
import { runSampling } from "./sampling.js";
import { runSchedule } from "./schedule.js";
import { runStories260k } from "./stories260k.js";
import { runStructure } from "./structure.js";
import { runText } from "./text.js";
import { runVitMini } from "./vit-mini.js";
import { runVitTiny } from "./vit-tiny.js";

type CaseRunner = (golden: GoldenCase, report: GoldenReport) => Promise<void>;

const runners: Readonly<Record<string, CaseRunner>> = {
  "llama-mini": runLlamaMini,
  ops: runOps,
  pil: runPil,
  sampling: runSampling,
  schedule: runSchedule,
  stories260k: runStories260k,
  structure: runStructure,
  text: runText,
  "vit-mini": runVitMini,
  "vit-tiny": runVitTiny,
};

export interface GoldenOptions {
  readonly folder: string;
  /** Backend of the engine; default auto. */
  readonly backend?: BackendChoice;
  /** Receives each line of the report. */
  readonly print?: (line: string) => void;
}

/**
 * Runs the cases that the folder's index lists, in its order.
 *
 * @throws {UsageError} when the folder has no usable index or the backend is not there; faults of a case are failures of the report.
 */
export async function runGoldens({ folder, backend = "auto", print = () => undefined }: GoldenOptions): Promise<GoldenReport> {
  const cases = readIndex(folder);
  const engine = await useBackend(backend);
  print(`Golden values of ${folder} on backend ${engine.backend} (${engine.reason}).`);
  const report = new GoldenReport(print);
  for (const entry of cases) await runCase(entry, report);
  print(`${report.count("passed")} passed, ${report.count("failed")} failed, ${report.count("skipped")} skipped`);
  return report;
}

async function runCase(entry: IndexEntry, report: GoldenReport): Promise<void> {
  const { name } = entry;
  const family = belongsTo(name, Object.keys(runners));
  if (family === undefined) {
    report.fail(name, `is not a known case, expected one of ${Object.keys(runners).join(", ")}, or one of these and a suffix after a dash.`);
    return;
  }
  await report.attempt(name, async () => {
    const before = report.lines.length;
    await runners[family]!(openCase(entry), report);
    if (report.lines.length === before) report.fail(name, "holds nothing to compare, expected at least one quantity.");
  });
}

/** The family of a case: of that name, or of that name and a suffix. */
function belongsTo(name: string, families: readonly string[]): string | undefined {
  return families.find((family) => name === family || name.startsWith(`${family}-`));
}
