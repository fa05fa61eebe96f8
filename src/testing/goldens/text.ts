/**
 * @file Golden values of the measures of text.
 */
import { bleu4 } from "../../language/bleu.js";
import { exactMatch } from "../../language/exact-match.js";
import { perplexityOf, tokenLoss } from "../../language/perplexity.js";
import { rougeL } from "../../language/rouge-l.js";
import { textWords } from "../../language/text-words.js";
import { absoluteError, exactListError, relativeError } from "./comparison.js";
import { floatsOf } from "./engine-values.js";
import { caseJson, caseTensors, namedTensor, type GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";
import { tolerances } from "./tolerances.js";

/** Compares ROUGE-L, BLEU-4, exact match and perplexity. */
export async function runText(golden: GoldenCase, report: GoldenReport): Promise<void> {
  await report.attempt(`${golden.name} pairs`, () => comparePairs(golden, report));
  await report.attempt(`${golden.name} perplexity`, () => comparePerplexity(golden, report));
}

function comparePairs(golden: GoldenCase, report: GoldenReport): void {
  const table = caseJson(golden, "pairs.json");
  const rows = table.get("pairs").items();
  const pairs = rows.map((row) => ({ hypothesis: row.get("hypothesis").string(), reference: row.get("reference").string() }));
  const close = (quantity: string, found: readonly number[], expected: readonly number[]): void => report.compare(`${golden.name} ${quantity}`, absoluteError(found, expected), tolerances.double);
  report.compare(`${golden.name} words`, exactListError(pairs.flatMap(({ hypothesis, reference }) => [textWords(hypothesis).length, textWords(reference).length]), rows.flatMap((row) => row.get("tokens").counts())), 0);
  const scores = pairs.map(({ hypothesis, reference }) => rougeL(hypothesis, reference));
  report.compare(`${golden.name} longest common subsequence`, exactListError(scores.map(({ common }) => common), rows.map((row) => row.get("rouge_l").get("lcs").count())), 0);
  for (const key of ["precision", "recall", "f1"] as const) close(`ROUGE-L ${key}`, scores.map((score) => score[key]), rows.map((row) => row.get("rouge_l").get(key).number()));
  close("BLEU-4", pairs.map((pair) => bleu4([pair])), rows.map((row) => row.get("bleu4").number()));
  close("BLEU-4, add one", pairs.map((pair) => bleu4([pair], "add-one")), rows.map((row) => row.get("bleu4_add_one").number()));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  close("mean ROUGE-L", [mean(scores.map(({ f1 }) => f1))], [table.get("mean_rouge_l_f1").number()]);
  close("BLEU-4 of the corpus", [bleu4(pairs), bleu4(pairs, "add-one")], [table.get("corpus_bleu4").number(), table.get("corpus_bleu4_add_one").number()]);
  close("exact match", [mean(pairs.map(({ hypothesis, reference }) => (exactMatch(hypothesis, reference) ? 1 : 0)))], [table.get("exact_match").number()]);
}

function comparePerplexity(golden: GoldenCase, report: GoldenReport): void {
  const expected = golden.manifest.get("perplexity");
  const stored = namedTensor(golden, caseTensors(golden, "perplexity.safetensors"), "logits");
  const shape = stored.shape as [number, number, number];
  const flat = (key: string): number[] => expected.get(key).items().flatMap((row) => row.counts());
  const masked = tokenLoss(floatsOf(stored), shape, flat("tokens"), flat("loss_mask"));
  const all = tokenLoss(floatsOf(stored), shape, flat("tokens"), flat("tokens").map(() => 1));
  for (const [suffix, loss] of [["", masked], ["_all_tokens", all]] as const) {
    report.compare(`${golden.name} mean_nll${suffix}`, relativeError([loss.negativeLogLikelihood / loss.tokens], [expected.get(`mean_nll${suffix}`).number()]), tolerances.scores);
    report.compare(`${golden.name} perplexity${suffix}`, relativeError([perplexityOf([loss])], [expected.get(`perplexity${suffix}`).number()]), tolerances.scores);
  }
}
