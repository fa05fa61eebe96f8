/**
 * @file Golden values of a real decoder: its logits, and the sentence that it writes from nothing.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { decodeTokens } from "../../anchors/decode.js";
import { readLlama2c } from "../../anchors/llama2c.js";
import { llamaConfigProblems } from "../../anchors/llama-shape.js";
import { disposeTree, toTree, treeView } from "../../anchors/parameters.js";
import { throwProblems, UsageError } from "../../checks.js";
import { readLlama2cTokenizer } from "../../language/llama2c-tokenizer.js";
import { perplexityOf, tokenLoss } from "../../language/perplexity.js";
import { stitchFamily } from "../../stitching/family.js";
import { stitchLogits } from "../../stitching/forward.js";
import { tf } from "../../tensor/index.js";
import { exactListError, relativeError, tensorError } from "./comparison.js";
import { floatsOf, valuesOf } from "./engine-values.js";
import { caseTensors, namedTensor, type GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";
import { weightFolders } from "./places.js";
import { tolerances } from "./tolerances.js";

/** Compares logits, greedy tokens, text and perplexity; skipped where the weights are absent. */
export async function runStories260k(golden: GoldenCase, report: GoldenReport): Promise<void> {
  const paths = ["weights", "tokenizer"].map((key) => placeOf(golden, key));
  const [weights, tokenizer] = paths;
  if (weights === undefined || tokenizer === undefined) {
    report.skip(golden.name, `its weights or tokenizer are not in ${weightFolders.join(" or ")}`);
    return;
  }
  await report.attempt(golden.name, () => compareStory(golden, weights, tokenizer, report));
}

/** The file that the manifest names, with its sha256 checked. */
function placeOf(golden: GoldenCase, key: string): string | undefined {
  const name = basename(golden.manifest.get(key).string());
  const besideGoldens = join(dirname(golden.folder), "..", "data", "weights");
  const path = [besideGoldens, ...weightFolders].map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  const found = createHash("sha256").update(readFileSync(path)).digest("hex");
  const expected = golden.manifest.get(`${key}_sha256`).string();
  if (found !== expected) throw new UsageError(`goldens ${path}: has sha256 ${found}, expected ${expected} as in the manifest; copy the file again.`);
  return path;
}

function compareStory(golden: GoldenCase, weights: string, tokenizerPath: string, report: GoldenReport): void {
  const { config, parameters } = readLlama2c(weights);
  throwProblems(llamaConfigProblems("goldens stories260k", config));
  const { configs, routes } = stitchFamily([config]);
  const tree = toTree(Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`anchors.0.${name}`, value])));
  const view = treeView(tree);
  const expected = golden.manifest.get("tokens").counts();
  const { logits } = valuesOf(() => ({ logits: stitchLogits(configs, routes[0]!, view, tf.tensor2d(expected, [1, expected.length], "int32")) }));
  const written = [...decodeTokens((tokens, memory) => stitchLogits(configs, routes[0]!, view, tokens, memory), expected.slice(0, 1), { maximum: expected.length - 1, context: config.context })];
  disposeTree(tree);

  const reference = floatsOf(namedTensor(golden, caseTensors(golden, "logits.safetensors"), "logits"));
  report.compare(`${golden.name} logits`, tensorError(logits.subarray(0, reference.length), reference), tolerances.forward);
  report.compare(`${golden.name} greedy tokens`, exactListError(written, expected.slice(1)), 0);
  const tokenizer = readLlama2cTokenizer(tokenizerPath);
  report.compare(`${golden.name} text`, exactListError([tokenizer.decode([expected[0]!, ...written])], [golden.manifest.get("text").string()]), 0);
  report.compare(`${golden.name} tokens of the text`, exactListError(tokenizer.encode(golden.manifest.get("text").string(), { begin: true }), expected), 0);
  const loss = tokenLoss(logits, [1, expected.length, config.vocabulary], expected, expected.map(() => 1));
  report.compare(`${golden.name} mean negative log-likelihood`, relativeError([loss.negativeLogLikelihood / loss.tokens], [golden.manifest.get("mean_negative_log_likelihood").number()]), tolerances.scores);
  report.compare(`${golden.name} perplexity`, relativeError([perplexityOf([loss])], [golden.manifest.get("perplexity").number()]), tolerances.scores);
}
