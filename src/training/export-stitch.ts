/**
 * @file One stitch of an adapted family as a plain network of its own: updates folded in, nothing of other stitches.
 */
import { writeSafetensors } from "../anchors/safetensors.js";
import { throwProblems, UsageError, wholeNumberProblem } from "../checks.js";
import { ranked } from "../sampling/selection.js";
import { anchorPrefix } from "../stitching/route-parts.js";
import { stitchParameters } from "../tuning/merge.js";
import type { AdaptedModel } from "./adapted-file.js";

/**
 * The stitch of highest importance that costs at most `flops`.
 *
 * @param flops - multiply–accumulates of one image; no bound by default.
 * @throws {UsageError} when no stitch is that cheap, or the method scores none: full fine-tuning of all stitches has no importance.
 */
export function mostImportantStitch({ record, family }: Pick<AdaptedModel, "record" | "family">, flops = Infinity): number {
  const { stitches, method, settings } = record;
  if (settings.method.kind === "full" && stitches.length > 1) throw new UsageError(`export: ${method} has no importance to choose by, expected a stitch: name one with --stitch.`);
  const costOf = ({ stitchId }: { readonly stitchId: number }): number => family.costs[stitchId]!.flops;
  const affordable = stitches.filter((stitch) => costOf(stitch) <= flops);
  if (affordable.length === 0) throw new UsageError(`export: --flops is ${flops}, expected at least ${Math.min(...stitches.map(costOf))}, the cheapest stitch's multiply–accumulates.`);
  return affordable[ranked(affordable.map(({ importance }) => importance))[0]!]!.stitchId;
}

/**
 * Writes one stitch as a plain network, float32, whole or not at all.
 *
 * An anchor goes by timm's names, as any checkpoint of its size. A joined stitch keeps the names of the family's tree
 * (`anchors.<a>.…`, `stitching_layers.<id>.…`); its metadata holds the route to run them in.
 *
 * @throws {UsageError} when the stitch was not adapted, or the place cannot be written.
 */
export function exportStitch(path: string, model: AdaptedModel, stitchId: number): void {
  const { family, record } = model;
  const ids = record.stitches.map((stitch) => stitch.stitchId);
  throwProblems(wholeNumberProblem("export", "stitch", stitchId, ids[0]!, ids.at(-1)!, "the stitches that were adapted"));
  const stitch = family.space.stitches[stitchId]!;
  const parameters = Object.entries(stitchParameters(model, stitchId));
  const prefix = stitch.kind === "anchor" ? anchorPrefix(stitch.front) : "";
  const { kit, task, classes, classNames, method, seed, normalisation, anchors } = record;
  // The file holds class token and positions of joined stitches too, which SN-Net's count leaves out.
  const { flops, paramsWithEmbeddings: params } = family.costs[stitchId]!;
  const [front, end] = [stitch.front, stitch.end].map((anchor) => ({ anchor, ...anchors[anchor]!, config: family.configs[anchor]! }));
  const about = { kit, family: record.family, stitch, front, end, route: family.routes[stitchId]!, flops, params, task, classes, classNames, normalisation, method, seed };
  // "pt" is what loaders of timm and Hugging Face look for.
  writeSafetensors(path, Object.fromEntries(parameters.map(([name, value]) => [name.slice(prefix.length), value])), { metadata: { format: "pt", esta: JSON.stringify(about) } });
}
