/**
 * @file Golden values of stitching between decoders of unequal depths.
 */
import {
  llama13b,
  llama7b,
  llamaAnchorParameters,
  llamaLayerBiases,
  llamaLayerParameters,
  llamaLoraElements,
  llamaStitchingLayerParameters,
  llamaStitchingLoraElements,
  llamaStitchParameters,
} from "../../anchors/llama-shape.js";
import { nearestMap, stitchOf, stitchSpace } from "../../stitching/stitch-space.js";
import type { JsonNode } from "./json-node.js";
import { stitchColumns, type CompareLists } from "./stitch-columns.js";

/** Compares the nearest map, the positions of every pair of depths, and the arithmetic of LLaMA 7B to 13B. */
export function compareUnpaired(table: JsonNode, compare: CompareLists): void {
  for (const key of table.keys()) {
    if (key === "decoders") for (const pair of table.get(key).items()) compareDepths(pair, compare);
    else if (key === "llama_7b_13b") compareLlama(table.get(key), compare);
    else throw table.get(key).unlike("decoders or llama_7b_13b");
  }
}

function compareDepths(pair: JsonNode, compare: CompareLists): void {
  const depths = pair.get("layers").counts();
  const [front, end] = depths;
  if (front === undefined || end === undefined || depths.length !== 2) throw pair.get("layers").unlike("two depths");
  const name = `decoders ${front} to ${end}`;
  compare(name, "map", nearestMap(front, end), pair.get("map").counts());
  const rows = pair.get("stitches").items();
  const space = stitchSpace(depths, { pairing: "nearest" });
  const columns = stitchColumns(space);
  const keys = new Set(rows.flatMap((row) => row.keys()));
  if ([...keys].some((key) => columns[key] === undefined)) throw pair.get("stitches").unlike(`fields ${Object.keys(columns).join(", ")}`);
  compare(name, "number of stitches", [space.stitches.length], [rows.length]);
  for (const key of keys) compare(name, key, columns[key] ?? [], rows.map((row) => row.find(key)?.value));
}

function compareLlama(reference: JsonNode, compare: CompareLists): void {
  const pair = [llama7b, llama13b];
  const space = stitchSpace(pair.map(({ depth }) => depth));
  for (const key of reference.keys()) {
    const rank = Number(/_rank_(\d+)$/.exec(key)?.[1]);
    const expected = reference.get(key);
    if (key === "layer_params") compareLists(key, pair.map(llamaLayerParameters), expected.counts());
    else if (key === "anchor_params") compareLists(key, pair.map(llamaAnchorParameters), expected.counts());
    else if (key === "bias_per_layer") compareLists(key, pair.map(llamaLayerBiases), expected.counts());
    else if (key === "stitching_layer_params") compareLists(key, [llamaStitchingLayerParameters(llama7b, llama13b)], [expected.count()]);
    else if (key.startsWith("lora_qv_rank_")) compareLists(key, pair.map((config) => llamaLoraElements(config, rank)), expected.counts());
    else if (key.startsWith("lora_stitching_layer_rank_")) compareLists(key, [llamaStitchingLoraElements(llama7b, llama13b, rank)], [expected.count()]);
    else if (key === "stitch_params") compareLists(key, expected.keys().map(stitchParameters), expected.keys().map((id) => expected.get(id).count()));
    else throw expected.unlike("a count that this program knows");
  }
  const joined = space.stitches.filter(({ kind }) => kind === "stitch").map(({ stitchId }) => String(stitchId));
  compareLists("ids of stitch_params", joined, reference.find("stitch_params")?.keys() ?? joined);

  function stitchParameters(id: string): number {
    const stitch = stitchOf(space, Number(id));
    return stitch.kind === "stitch" ? llamaStitchParameters(llama7b, llama13b, stitch) : llamaAnchorParameters(pair[stitch.front]!);
  }
  function compareLists(key: string, values: readonly unknown[], expected: readonly unknown[]): void {
    compare("LLaMA 7B to 13B", key, values, expected);
  }
}
