/**
 * @file An experiment without tensors, for tests of scheduling: each run counts to a number, keeping its count in its checkpoint.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "../anchors/safetensors.js";
import { UsageError } from "../checks.js";
import { defineExperiment, type Experiment, type PlainData } from "../experiments/experiment.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { numberColumn, textColumn, wholeColumn } from "../reporting/columns.js";
import { defineRows, type RowType } from "../reporting/record.js";
import type { RunRecord } from "../reporting/run-record.js";

type ToySettings = { readonly shapes: readonly string[]; readonly scale: number; readonly steps: number; readonly place: string | null };
type ToyPoint = { readonly shape: string };
export interface ToyRow {
  readonly shape: string;
  readonly seed: number;
  readonly size: number;
}

export const toyRows: RowType<ToyRow> = defineRows("toy", { shape: textColumn(), seed: wholeColumn(), size: numberColumn() }, ["shape", "seed"]);

/** What a test watches and disturbs. */
export interface ToyHooks {
  /** "toy" by default. */
  readonly id?: string;
  /** Told each step as it is done; what it throws or never resolves stops the run there. */
  readonly onStep?: (run: string, step: number) => void | Promise<void>;
  /** Content that stands for the data; another content is another run. */
  readonly data?: () => string;
  /** Told the records that each report is given. */
  readonly onReport?: (records: readonly RunRecord[]) => void;
}

/** Makes the toy. Shapes of equally long names compute the same. Shape "bad" fails as a caller's fault, "broken" as one of ours. */
export function toyExperiment({ id = "toy", onStep = () => undefined, data = () => "data", onReport = () => undefined }: ToyHooks = {}): Experiment {
  const settings: ToySettings = { shapes: ["ring", "star"], scale: 2, steps: 6, place: null };
  return defineExperiment<ToySettings, ToyPoint, ToyRow>({
    id,
    question: "Does it run?",
    claim: "it does",
    settings: { quick: settings, laptop: { ...settings, steps: 60 }, paper: { ...settings, steps: 600 } },
    note: ({ steps }, seeds, profile) => `${profile}: ${steps} steps, ${seeds.length} seeds`,
    kinds: { shapes: "texts", scale: "number", steps: "number", place: "text?" },
    outsideIdentity: ["shapes", "place"],
    revision: 1,
    seeds: { quick: [0, 1], laptop: [0, 1, 2], paper: [0] },
    rowType: toyRows,
    points: ({ shapes }) => shapes.map((shape) => ({ shape })),
    problems: (where, { steps }) => (steps > 0 ? [] : [`${where}: steps is ${steps}, expected at least 1.`]),
    ingredients: async () => ({ weights: [], data: [{ name: "toy", sha256: data() }] }),
    async run({ shape }, { scale, steps }, { seed, checkpoint, fingerprint, onProgress, measure, signal }) {
      if (shape === "bad") throw new UsageError("toy: the shape is bad, expected a good one.");
      if (shape === "broken") throw new TypeError("the toy broke");
      const kept = existsSync(checkpoint) ? readSafetensors(checkpoint) : undefined;
      let count = kept?.metadata["fingerprint"] === fingerprint ? Number(kept.metadata["count"]) : 0;
      while (count < steps && !signal.aborted) {
        count++;
        writeSafetensors(checkpoint, { count: { shape: [1], data: Float32Array.of(count) } }, { metadata: { count: String(count), fingerprint } });
        onProgress({ done: count, total: steps, label: shape });
        await onStep(`${shape} ${seed}`, count);
      }
      signal.throwIfAborted();
      measure("steps", steps);
      return [{ shape, seed, size: scale * steps + seed + shape.length / 10 }];
    },
    computation: ({ shape }, { scale, steps }) => ({ letters: shape.length, scale, steps }),
    renamed: (row, { shape }) => ({ ...row, shape }),
    work: (_, { steps }) => steps,
    figures: {},
    async report(rows, { folder, note, records }) {
      onReport(records);
      writeFileAtomic(join(folder, "tables", "toy.md"), `${note}: ${rows.length} rows\n`);
    },
    reportFiles: ["tables/toy.md"],
    claims: (rows) => [{ claim: "it runs", source: "our question", measure: "rows", ours: { mean: rows.length, spread: null, count: 1 }, verdict: "undecided", reason: "a toy" }],
  });
}

/** Settings of the toy that tests change. */
export type ToyChanges = Partial<ToySettings> & PlainData;
