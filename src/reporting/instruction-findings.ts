/**
 * @file What instruction-following found, in sentences: do stitches lie between the anchors, and what do PST and its sampling cost?
 */
import { numberText, percentText } from "./claim-text.js";
import { judge } from "./claims.js";
import { anchorLabel } from "./figures/style.js";
import { instructionDifferences, instructionOrder } from "./instruction-claims.js";
import { rowLabel, type InstructionRow } from "./instruction-rows.js";
import { instructionMeans, type InstructionMean } from "./instruction-tables.js";
import type { MeanSpread } from "./seed-means.js";

/** Sentences from rows alone; one whose runs are not there is left out. */
export function instructionFindings(rows: readonly InstructionRow[]): string[] {
  const means = instructionMeans(rows);
  const { fullToPst, uniformToImportance, aloneToInside } = instructionDifferences(rows);
  return [
    ...interpolation(rows, means, "pst", "After PST"),
    ...interpolation(rows, means, "pst-uniform", "With PST and stitches drawn uniformly"),
    ...interpolation(rows, means, "sn-net", "After full fine-tuning"),
    ...order(rows, means.get("pst")),
    ...ifMeasured(fullToPst, (nats) => `PST predicts ${comparison(nats, "better", "worse")} than full fine-tuning does, mean of all stitches, and trains ${percentText(trained(rows, "pst") / trained(rows, "sn-net"))} as many parameters.`),
    ...ifMeasured(uniformToImportance, (nats) => `PST with importance sampling predicts ${comparison(nats, "better", "worse")} than with uniform sampling, mean of all stitches${smallAnchor(rows, means)}.`),
    ...ifMeasured(aloneToInside, (nats) => `An anchor in PST's family, which has a share of the steps, predicts ${comparison(nats, "better", "worse")} than the same anchor adapted alone with all of them${againstAlone(means)}.`),
    ...rightAnswers(means),
  ];
}

function ifMeasured(value: MeanSpread | null, text: (value: MeanSpread) => string): string[] {
  return value === null ? [] : [text(value)];
}

/** "better (+0.480 ± 0.287 nats, 95 % interval −0.232 to +1.193: not certain)", nats a response token. */
function comparison(nats: MeanSpread, above: string, below: string): string {
  return `${nats.mean >= 0 ? above : below} (${numberText(nats, "nats")}${certainty(nats)})`;
}

function certainty(value: MeanSpread): string {
  if (value.spread === null) return ", one seed";
  return judge(value).verdict === "undecided" ? ": not certain" : "";
}

/** How many stitches lie between the anchors of one adapted family, and how far from each on the mean. */
function interpolation(rows: readonly InstructionRow[], means: ReadonlyMap<string, readonly InstructionMean[]>, method: string, head: string): string[] {
  const [small, large] = anchorsOf(means.get(method));
  const stitches = (means.get(method) ?? []).filter(({ row }) => row.kind === "stitch").map(({ perplexity }) => perplexity.mean);
  const { smallToStitches, stitchesToLarge } = instructionDifferences(rows);
  const [fromSmall, fromLarge] = [smallToStitches(method), stitchesToLarge(method)];
  if (small === undefined || large === undefined || fromSmall === null || fromLarge === null) return [];
  const [low, high] = [small, large].map(({ perplexity }) => perplexity.mean).sort((a, b) => a - b) as [number, number];
  const between = stitches.filter((perplexity) => perplexity > low && perplexity < high).length;
  const [front, end] = [anchorLabel(small.row.front), anchorLabel(large.row.front)];
  return [
    `${head}, ${between} of ${stitches.length} stitches lie between the anchors in the perplexity of the right answers (${front} ${small.perplexity.mean.toFixed(1)}, stitches ${Math.min(...stitches).toFixed(1)} to ${Math.max(...stitches).toFixed(1)}, ${end} ${large.perplexity.mean.toFixed(1)}): `
    + `on their mean they predict ${comparison(fromSmall, "better", "worse")} than ${front}, and ${end} predicts ${comparison(fromLarge, "better", "worse")} than they do.`,
  ];
}

/** How many of PST's stitches the cheapest anchor, adapted alone, is better than. */
function againstAlone(means: ReadonlyMap<string, readonly InstructionMean[]>): string {
  const alone = means.get("anchors")![0]!;
  const stitches = means.get("pst")!.filter(({ row }) => row.kind === "stitch");
  const worse = stitches.filter(({ perplexity }) => perplexity.mean > alone.perplexity.mean).length;
  return `; ${worse} of ${stitches.length} stitches are worse than ${anchorLabel(alone.row.front)} alone (${alone.perplexity.mean.toFixed(1)})`;
}

/** How often each way of sampling drew the small anchor, and what became of it. */
function smallAnchor(rows: readonly InstructionRow[], means: ReadonlyMap<string, readonly InstructionMean[]>): string {
  const [importance, uniform] = ["pst", "pst-uniform"].map((method) => {
    const [small] = anchorsOf(means.get(method));
    const visits = (counts: (row: InstructionRow) => boolean): number => rows.filter((row) => row.method === method && counts(row)).reduce((sum, row) => sum + (row.visits ?? 0), 0);
    return small === undefined ? undefined : { name: anchorLabel(small.row.front), share: percentText(visits(({ stitchId }) => stitchId === small.row.stitchId) / visits(() => true)), perplexity: small.perplexity.mean.toFixed(1) };
  });
  return importance === undefined || uniform === undefined ? "" : `; it draws ${importance.name} in ${importance.share} of the steps (uniform sampling in ${uniform.share}), whose perplexity is ${importance.perplexity} (${uniform.perplexity})`;
}

/** The cheapest and the dearest anchor. */
function anchorsOf(means: readonly InstructionMean[] = []): [InstructionMean | undefined, InstructionMean | undefined] {
  const anchors = means.filter(({ row }) => row.kind === "anchor");
  return [anchors[0], anchors.length < 2 ? undefined : anchors.at(-1)];
}

/** Whether quality follows cost, and where the dearest stitch stands. */
function order(rows: readonly InstructionRow[], means: readonly InstructionMean[] = []): string[] {
  const stitches = means.filter(({ row }) => row.kind === "stitch");
  const dearest = stitches.at(-1);
  const rho = instructionOrder(rows);
  if (dearest === undefined || rho === null || stitches.length < 2) return [];
  const better = stitches.filter(({ perplexity }) => perplexity.mean < dearest.perplexity.mean).length;
  return [`Spearman's ρ of cost and quality over PST's stitches and anchors is ${numberText(rho, "correlation")}${certainty(rho)}; ${better} of ${stitches.length - 1} cheaper stitches are better than the dearest, ${rowLabel(dearest.row, anchorLabel)}.`];
}

function trained(rows: readonly InstructionRow[], method: string): number {
  return rows.find((row) => row.method === method)!.trainableParams;
}

/** How often the best stitch of all is right. */
function rightAnswers(means: ReadonlyMap<string, readonly InstructionMean[]>): string[] {
  const all = [...means.values()].flat();
  if (all.length === 0) return [];
  const most = Math.max(...all.map(({ exactMatch }) => exactMatch.mean));
  return [`Perplexity is compared because answers are seldom right: at most ${percentText(most)} of a stitch's answers have the reference's words, whatever the method.`];
}
