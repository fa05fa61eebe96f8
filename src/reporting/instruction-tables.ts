/**
 * @file Tables of instruction-following: every stitch, the methods against one another, what is new in a question, and answers side by side.
 */
import { anchorLabel } from "./figures/style.js";
import { rowLabel, samplesOf, type InstructionRow } from "./instruction-rows.js";
import type { RunRecord } from "./run-record.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";

/** One stitch of one method over seeds. */
export interface InstructionMean {
  readonly method: string;
  readonly row: InstructionRow;
  readonly perplexity: MeanSpread;
  readonly exactMatch: MeanSpread;
  readonly rougeL: MeanSpread;
}

/** Averages over seeds, by method, each from the cheapest stitch to the dearest. */
export function instructionMeans(rows: readonly InstructionRow[]): Map<string, InstructionMean[]> {
  return new Map([...groupBy(rows, ({ method }) => method)].map(([method, ofMethod]) => [
    method,
    [...groupBy(ofMethod, ({ stitchId }) => stitchId).values()].map((group): InstructionMean => ({
      method, row: group[0]!, perplexity: over(group, "perplexity"), exactMatch: over(group, "exactMatch"), rougeL: over(group, "rougeL"),
    })).sort((a, b) => a.row.flopsPerToken - b.row.flopsPerToken),
  ]));
}

function over(group: readonly InstructionRow[], key: "perplexity" | "exactMatch" | "rougeL"): MeanSpread {
  return meanSpread(group.map((row) => row[key]))!;
}

/** The tables `stitches`, `methods`, `novelty` and `answers`, from rows alone. */
export function instructionTables(rows: readonly InstructionRow[], note: string, labels: Readonly<Record<string, string>>): Table[] {
  const means = instructionMeans(rows);
  const method = { key: "method", label: "Method", format: "text", labels } as const;
  const quality = [
    { key: "perplexity", label: "Response perplexity", format: "number" }, { key: "exact_match", label: "Exact match (%)", format: "percent" }, { key: "rouge_l", label: "ROUGE-L (%)", format: "percent" },
  ] as const;
  const legend = `Held-out instructions: new things asked about, new wordings, or both (${rows[0]?.examples ?? 0} examples). Exact match: the same words in the same order. ± is the sample standard deviation over seeds.`;
  return [
    {
      id: "stitches", title: "Every stitch of every method", note, legend: `${legend} Memory: the stitch's own weights, float32.`,
      columns: [
        method, { key: "stitch", label: "Stitch", format: "text" }, { key: "params", label: "Parameters", format: "count" }, { key: "flops_per_token", label: "FLOPs per token", format: "flops" },
        { key: "weights_mebibytes", label: "Memory (MiB)", format: "number" }, ...quality,
      ],
      rows: [...means.values()].flat().map(({ row, ...mean }) => ({ method: row.method, stitch: rowLabel(row, anchorLabel), params: row.params, flops_per_token: row.flopsPerToken, weights_mebibytes: (4 * row.params) / 2 ** 20, ...cells(mean) })),
    },
    {
      id: "methods", title: "Methods, mean of their stitches", note, legend: `${legend} Anchors adapted alone have all steps of a run each; stitches share theirs.`,
      columns: [method, { key: "stitches", label: "Stitches", format: "count" }, { key: "trainable_params", label: "Trained parameters", format: "count" }, ...quality],
      rows: [...groupBy(rows, (row) => row.method)].map(([name, ofMethod]) => ({
        method: name, stitches: new Set(ofMethod.map(({ stitchId }) => stitchId)).size, trainable_params: trained(ofMethod), ...cells(bySeed(ofMethod)),
      })),
    },
    {
      id: "novelty", title: "Exact match by what is new in the question", note, legend: "Entity: the thing asked about was in no training question. Wording: the way of asking was not. Means of a method's stitches, ± over seeds.",
      columns: [method, { key: "entity", label: "New entity (%)", format: "percent" }, { key: "phrasing", label: "New wording (%)", format: "percent" }, { key: "both", label: "Both (%)", format: "percent" }],
      rows: [...groupBy(rows, (row) => row.method)].map(([name, ofMethod]) => ({
        method: name, entity: seedMean(ofMethod, (row) => row.exactEntity), phrasing: seedMean(ofMethod, (row) => row.exactPhrasing), both: seedMean(ofMethod, (row) => row.exactBoth),
      })),
    },
    answersTable(rows, note),
  ];
}

function cells({ perplexity, exactMatch, rougeL }: Pick<InstructionMean, "perplexity" | "exactMatch" | "rougeL">): Record<string, MeanSpread> {
  return { perplexity, exact_match: exactMatch, rouge_l: rougeL };
}

/** Means of the stitches, seed by seed. */
function bySeed(rows: readonly InstructionRow[]): Pick<InstructionMean, "perplexity" | "exactMatch" | "rougeL"> {
  return { perplexity: seedMean(rows, (row) => row.perplexity)!, exactMatch: seedMean(rows, (row) => row.exactMatch)!, rougeL: seedMean(rows, (row) => row.rougeL)! };
}

function seedMean(rows: readonly InstructionRow[], value: (row: InstructionRow) => number | null): MeanSpread | null {
  return meanSpread([...groupBy(rows, ({ seed }) => seed).values()].flatMap((ofSeed) => {
    const known = ofSeed.map(value).filter((one) => one !== null);
    return known.length === 0 ? [] : [average(known)];
  }));
}

/** Anchors adapted alone are runs of their own: together they train the sum. */
function trained(rows: readonly InstructionRow[]): number {
  const runs = new Map(rows.map((row) => [row.method === "anchors" ? row.stitchId : 0, row.trainableParams]));
  return [...runs.values()].reduce((sum, count) => sum + count, 0);
}

/** What stitches of growing size answer, first seed of PST (or of the first method). */
function answersTable(rows: readonly InstructionRow[], note: string): Table {
  const method = rows.some((row) => row.method === "pst") ? "pst" : (rows[0]?.method ?? "");
  const seed = Math.min(...rows.map((row) => row.seed));
  const stitches = rows.filter((row) => row.method === method && row.seed === seed).sort((a, b) => a.params - b.params);
  const asked = stitches[0] === undefined ? [] : samplesOf(stitches[0]);
  return {
    id: "answers", title: "The same questions to stitches of growing size", note, legend: `The first test examples, method ${method}, seed ${seed}; the likeliest token each.`,
    columns: [{ key: "stitch", label: "Stitch", format: "text" }, { key: "params", label: "Parameters", format: "count" }, ...asked.map(({ question }, index) => ({ key: `answer_${index + 1}`, label: question.replaceAll("\n", " / "), format: "text" as const }))],
    rows: [
      { stitch: "reference", params: null, ...Object.fromEntries(asked.map(({ reference }, index) => [`answer_${index + 1}`, oneLine(reference)])) },
      ...stitches.map((row) => ({ stitch: rowLabel(row, anchorLabel), params: row.params, ...Object.fromEntries(samplesOf(row).map(({ answer }, index) => [`answer_${index + 1}`, oneLine(answer)])) })),
    ],
  };
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line === "" ? "(nothing)" : line;
}

/** The table `speed`: tokens that a stitch writes in a second, from the finished runs' records; nothing where none is left. */
export function speedTable(records: readonly RunRecord[], note: string, labels: Readonly<Record<string, string>>): Table | undefined {
  const speeds = records.flatMap(({ settings, measured }) => Object.entries(measured ?? {}).flatMap(([name, value]) => (name.startsWith("tokensPerSecond ") ? [{ method: String(settings["method"]), stitch: name.slice("tokensPerSecond ".length), value }] : [])));
  if (speeds.length === 0) return undefined;
  const [first] = records;
  return {
    id: "speed", title: "How fast a stitch writes", note,
    legend: `Tokens of answers written one after another, prompt included, ± over runs. One machine (${first!.machine.cpu}, ${first!.machine.cores} cores), which may have done other work too.`,
    columns: [
      { key: "method", label: "Method", format: "text", labels }, { key: "stitch", label: "Stitch", format: "text" }, { key: "tokens_per_second", label: "Tokens per second", format: "number" },
    ],
    rows: [...groupBy(speeds, ({ method, stitch }) => `${method}\n${stitch}`).values()].map((group) => ({
      method: group[0]!.method, stitch: group[0]!.stitch, tokens_per_second: meanSpread(group.flatMap(({ value }) => (typeof value === "number" ? [value] : []))),
    })),
  };
}
