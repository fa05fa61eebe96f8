/**
 * @file Reads an anchor's weights from a safetensors file, with every name and shape checked against its configuration.
 */
import { throwProblems, UsageError } from "../checks.js";
import type { HostTensor } from "./parameters.js";
import { parameterShapes } from "./parameters.js";
import { families, weightFile, type AnchorEntry, type FamilyEntry } from "./registry.js";
import { readSafetensors } from "./safetensors.js";
import { filesSha256 } from "./stored-weights.js";
import { vitModules, type VitConfig } from "./vit-shape.js";

/** Weights of one anchor, timm names, and where they came from. */
export interface LoadedAnchor {
  readonly anchorId: string;
  readonly config: VitConfig;
  readonly parameters: Readonly<Record<string, HostTensor>>;
  readonly sha256: string;
}

/**
 * Reads and checks one anchor's file; its head may have any number of classes.
 *
 * @throws {UsageError} listing every missing or misshapen tensor, with the anchor that such a shape would fit.
 */
export function loadWeights(path: string, anchor: Pick<AnchorEntry, "anchorId" | "config">): LoadedAnchor {
  const { tensors } = readSafetensors(path);
  const problems: string[] = [];
  const parameters: Record<string, HostTensor> = {};
  const classes = tensors.get("head.weight")?.shape[0] ?? anchor.config.classes;
  const config: VitConfig = { ...anchor.config, classes };
  for (const [name, shape] of parameterShapes(vitModules(config))) {
    const stored = tensors.get(name);
    if (stored === undefined) {
      if (!name.startsWith("head.")) problems.push(`loadWeights ${path}: ${name} is missing, expected shape [${shape.join(", ")}] for ${anchor.anchorId}.`);
    } else if (stored.shape.join() !== shape.join()) {
      problems.push(`loadWeights ${path}: ${name} has shape [${stored.shape.join(", ")}], expected [${shape.join(", ")}] for ${anchor.anchorId}.${otherOwner(name, stored.shape)}`);
    } else if (!(stored.data instanceof Float32Array)) {
      problems.push(`loadWeights ${path}: ${name} has type ${stored.dtype}, expected F32, F16 or BF16.`);
    } else {
      parameters[name] = { shape: stored.shape, data: stored.data };
    }
  }
  throwProblems(problems.length > 5 ? [...problems.slice(0, 5), `loadWeights ${path}: and ${problems.length - 5} more tensors like these: wrong file?`] : problems);
  return { anchorId: anchor.anchorId, config, parameters, sha256: filesSha256([path]) };
}

/** Names the known anchor whose tensor has that shape. */
function otherOwner(name: string, shape: readonly number[]): string {
  const owner = families.flatMap((family) => family.anchors).find(({ config }) => parameterShapes(vitModules(config)).get(name)?.join() === shape.join());
  return owner === undefined ? "" : ` [${shape.join(", ")}] is the shape of ${owner.anchorId}: wrong file?`;
}

/** Reads every anchor of a family. @param folders - searched in order. @throws {UsageError} naming every file that is missing and how to get it. */
export function loadFamily(family: FamilyEntry, folders: readonly string[]): LoadedAnchor[] {
  const paths = family.anchors.map((anchor) => weightFile(anchor, folders));
  const missing = family.anchors.filter((_, index) => paths[index] === undefined);
  if (missing.length > 0) {
    throw new UsageError(`loadFamily ${family.familyId}: ${missing.map(({ file }) => file).join(", ")} not found in ${folders.join(" or ")}, expected one file an anchor. To get them: ${family.obtain}.`);
  }
  return family.anchors.map((anchor, index) => loadWeights(paths[index]!, anchor));
}

/** Values of all anchors under `anchors.<a>.`, without their pretraining heads. */
export function familyParameters(anchors: readonly Pick<LoadedAnchor, "parameters">[]): Record<string, HostTensor> {
  return Object.fromEntries(
    anchors.flatMap(({ parameters }, anchor) => Object.entries(parameters).flatMap(([name, value]) => (name.startsWith("head.") ? [] : [[`anchors.${anchor}.${name}`, value] as const]))),
  );
}
