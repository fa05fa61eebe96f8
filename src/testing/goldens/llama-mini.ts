/**
 * @file Golden values of two random decoders of unequal depths and of every stitch between them.
 */
import { anchorActivations } from "../../anchors/anchor.js";
import { decodeTokens } from "../../anchors/decode.js";
import { llamaConfig, type LlamaConfig } from "../../anchors/llama-shape.js";
import { disposeTree, toTree, treeView, type HostTensor, type ParameterTree } from "../../anchors/parameters.js";
import type { RotaryLayout } from "../../tensor/index.js";
import { stitchFamily, type StitchFamily } from "../../stitching/family.js";
import { stitchLogits } from "../../stitching/forward.js";
import { initialiseStitchingLayers } from "../../stitching/initialise.js";
import { tf, type Tensor } from "../../tensor/index.js";
import { exactListError, tensorError } from "./comparison.js";
import { floatsOf, valuesOf } from "./engine-values.js";
import { caseTensors, fileNames, namedTensor, type GoldenCase } from "./golden-case.js";
import { WorstError, type GoldenReport } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { compareDecoderTraining } from "./llama-mini-training.js";
import { stitchColumns } from "./stitch-columns.js";
import { tolerances } from "./tolerances.js";
import type { Compare } from "./vit-mini-family.js";

/** The two decoders and what every comparison reads of them. */
export interface MiniDecoders {
  readonly golden: GoldenCase;
  /** With interleaved rotary positions. */
  readonly family: StitchFamily<LlamaConfig>;
  /** Weights under `anchors.<a>.`, stored stitching layers beside them. */
  readonly values: Readonly<Record<string, HostTensor>>;
}

/** Compares stitches, logits in both rotary layouts, activations, least squares, greedy tokens, gradients and scores. */
export async function runLlamaMini(golden: GoldenCase, report: GoldenReport): Promise<void> {
  const compare: Compare = (quantity, error, tolerance, place) => report.compare(`${golden.name} ${quantity}`, error, tolerance, place);
  const attempt = (quantity: string, run: () => void): Promise<void> => report.attempt(`${golden.name} ${quantity}`, run);
  const mini = readDecoders(golden);
  await attempt("stitches", () => compareStitches(mini, compare));
  const tree = toTree(mini.values);
  await attempt("forward", () => compareForward(mini, tree, compare));
  await attempt("least squares", () => compareSolutions(mini, tree, compare));
  await attempt("greedy", () => compareGreedy(mini, tree, compare));
  disposeTree(tree);
  if (fileNames(golden).includes("train.safetensors")) await attempt("training", () => compareDecoderTraining(mini, compare));
}

function readDecoders(golden: GoldenCase): MiniDecoders {
  const configs = golden.manifest.get("config").get("anchors").items().map(configOf);
  const values: Record<string, HostTensor> = {};
  for (const [prefix, file] of [["anchors.0.", "small.safetensors"], ["anchors.1.", "large.safetensors"], ["", "stitching.safetensors"]] as const) {
    for (const [name, stored] of caseTensors(golden, file)) if (!name.startsWith("positions.")) values[prefix + name] = { shape: stored.shape, data: floatsOf(stored) };
  }
  return { golden, family: stitchFamily(configs), values };
}

function configOf(entry: JsonNode): LlamaConfig {
  const count = (key: string): number => entry.get(key).count();
  return llamaConfig({
    width: count("dim"), depth: count("layers"), heads: count("heads"), keyValueHeads: count("kv_heads"), hidden: count("hidden"), vocabulary: count("vocab"), context: 64,
    tiedHead: entry.get("tied").value === true, ropeTheta: entry.get("rope_theta").number(), rmsNormEpsilon: entry.get("eps").number(), rotaryLayout: "interleaved",
  });
}

function compareStitches({ golden, family: { space } }: MiniDecoders, compare: Compare): void {
  const rows = golden.manifest.get("stitches").items();
  const columns = stitchColumns(space);
  compare("number of stitches", exactListError([space.stitches.length], [rows.length]), 0);
  for (const key of new Set(rows.flatMap((row) => row.keys()))) compare(`stitches, ${key}`, exactListError(columns[key] ?? [], rows.map((row) => row.find(key)?.value)), 0);
}

/** Token ids of the manifest, int32 `[sequences, N]`. */
function tokensOf(golden: GoldenCase, key: string): Tensor {
  return tf.tensor2d(golden.manifest.get(key).items().map((row) => row.counts()), undefined, "int32");
}

function compareForward({ golden, family: { configs, routes } }: MiniDecoders, tree: ParameterTree, compare: Compare): void {
  const references = caseTensors(golden, "outputs.safetensors");
  const view = treeView(tree);
  const logits = (rotaryLayout: RotaryLayout): Float32Array =>
    valuesOf(() => {
      const tokens = tokensOf(golden, "tokens");
      return { all: tf.stack(routes.map((route) => stitchLogits(configs.map((config) => ({ ...config, rotaryLayout })), route, view, tokens))) };
    }).all;
  for (const [name, layout] of [["logits", "interleaved"], ["logits_rotate_half", "half-split"]] as const) {
    compare(name, tensorError(logits(layout), floatsOf(namedTensor(golden, references, name))), tolerances.forward);
  }
  configs.forEach((config, anchor) => {
    const name = `activations.${anchor}`;
    if (!references.has(name)) return;
    const prefix = `anchors.${anchor}.`;
    const own = treeView(Object.fromEntries(Object.entries(tree).flatMap(([key, tensor]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), tensor]] : []))));
    const { found } = valuesOf(() => ({ found: tf.stack(anchorActivations(config, own, tokensOf(golden, "tokens"))) }));
    compare(name, tensorError(found, floatsOf(namedTensor(golden, references, name))), tolerances.forward);
  });
}

function compareSolutions({ golden, family: { configs, space } }: MiniDecoders, tree: ParameterTree, compare: Compare): void {
  const tokens = tokensOf(golden, "ls_tokens");
  const halves = tf.split(tokens, 2);
  const { layers, positions } = initialiseStitchingLayers(configs, space, treeView(tree), halves);
  tf.dispose([tokens, ...halves]);
  const solutions = new Map(Object.entries(layers));
  for (const [stitchId, { weight, bias }] of positions) solutions.set(`positions.${stitchId}.weight`, weight).set(`positions.${stitchId}.bias`, bias);
  const worst = new WorstError();
  const references = caseTensors(golden, "stitching.safetensors");
  for (const [name, reference] of references) worst.add(name, tensorError(solutions.get(name)?.data ?? [], floatsOf(reference)));
  compare("least squares", worst.error, tolerances.leastSquares, worst.place);
}

function compareGreedy({ golden, family: { configs, routes } }: MiniDecoders, tree: ParameterTree, compare: Compare): void {
  const prompts = golden.manifest.get("prompts").items().map((prompt) => prompt.counts());
  const view = treeView(tree);
  for (const entry of golden.manifest.get("greedy").items()) {
    const stitchId = entry.get("stitch_id").count();
    const place = entry.get("prompt").count();
    const expected = entry.get("tokens").counts();
    const route = routes[stitchId];
    const prompt = prompts[place];
    if (route === undefined || prompt === undefined) throw entry.unlike("a stitch and a prompt of this case");
    const found = [...decodeTokens((tokens, memory) => stitchLogits(configs, route, view, tokens, memory), prompt, { maximum: expected.length, context: configs[0]!.context })];
    compare(`greedy tokens of stitch ${stitchId}, prompt ${place}`, exactListError(found, expected), 0);
  }
}
