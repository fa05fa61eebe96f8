/**
 * @file A stitchable family: anchors' sizes, the stitch space between them, and each stitch's route and costs.
 */
import { throwProblems } from "../checks.js";
import { anchorConfigProblems, type AnchorConfig } from "../anchors/anchor.js";
import type { ModuleShape } from "../anchors/module-shape.js";
import type { VitConfig } from "../anchors/vit-shape.js";
import { stitchCosts, type StitchCosts } from "./costs.js";
import { routeOf, type Route, type RouteOptions } from "./route.js";
import { routeModules } from "./route-parts.js";
import { stitchOf, stitchSpace, type PositionOptions, type StitchSpace } from "./stitch-space.js";

/** The structure of a stitched model: everything that needs no parameter values. */
export interface StitchFamily<Config extends AnchorConfig = VitConfig> {
  readonly configs: readonly Config[];
  readonly space: StitchSpace;
  /** Route of every stitch, by stitch id. */
  readonly routes: readonly Route[];
  /** Modules on the route of every stitch, with full parameter names. */
  readonly modules: readonly (readonly ModuleShape[])[];
  /** Costs of every stitch. */
  readonly costs: readonly StitchCosts[];
}

/**
 * Joins anchors into a family.
 *
 * @param configs - sizes of the anchors, smallest first; heads are set to the task's classes by the caller.
 * @throws {UsageError} listing every size that does not fit: kinds, images, patches, classes or vocabularies that differ, widths or numbers of heads that shrink, heads of unequal size, pairs without any stitch.
 */
export function stitchFamily<Config extends AnchorConfig>(configs: readonly Config[], options: PositionOptions & RouteOptions = {}): StitchFamily<Config> {
  throwProblems([...familyProblems(configs), ...pairingProblems(configs, options)]);
  const space = stitchSpace(configs.map(({ depth }) => depth), options);
  const routes = space.stitches.map(({ stitchId }) => routeOf(space, stitchId, options));
  return { configs, space, routes, modules: routes.map((route) => routeModules(configs, route)), costs: routes.map((route) => stitchCosts(configs, route)) };
}

/** Ids of the stitches that are adapted: all, or the anchor that is adapted alone. */
export function stitchIdsOf({ space }: Pick<StitchFamily<AnchorConfig>, "space">, anchorAlone?: number): number[] {
  return anchorAlone === undefined ? space.stitches.map(({ stitchId }) => stitchId) : [anchorAlone];
}

function familyProblems(configs: readonly AnchorConfig[]): string[] {
  const problems = configs.flatMap((config, anchor) => anchorConfigProblems(`stitchFamily: anchor ${anchor}`, config));
  if (problems.length > 0) return problems;
  const first = configs[0];
  configs.forEach((config, anchor) => {
    problems.push(...commonProblems(config, first!, anchor));
    const previous = configs[anchor - 1];
    if (previous !== undefined && config.width < previous.width) {
      problems.push(`stitchFamily: anchor ${anchor} has width ${config.width}, expected at least ${previous.width} as anchor ${anchor - 1}: order the anchors from small to large.`);
    }
    if (previous !== undefined && config.heads < previous.heads) {
      problems.push(`stitchFamily: anchor ${anchor} has ${config.heads} heads, expected at least ${previous.heads} as anchor ${anchor - 1}: order the anchors from small to large.`);
    }
  });
  return problems;
}

/** The nearest map joins each end block to an earlier front block, and between equal depths there is none. */
function pairingProblems(configs: readonly AnchorConfig[], { pairing }: PositionOptions): string[] {
  if (pairing !== "nearest") return [];
  return configs.flatMap(({ depth }, anchor) =>
    depth !== configs[anchor - 1]?.depth ? [] : [`stitchFamily: pairing is "nearest" between anchors ${anchor - 1} and ${anchor} of ${depth} blocks each, which it gives no stitches, expected unequal depths: leave it out, or use "window".`],
  );
}

/** What every anchor must have as the first one has. */
function commonProblems(config: AnchorConfig, first: AnchorConfig, anchor: number): string[] {
  const sizes = (one: AnchorConfig): Record<string, number | string> =>
    one.kind === "vit" ? { kind: one.kind, imageSize: one.imageSize, patchSize: one.patchSize, channels: one.channels, classes: one.classes } : { kind: one.kind, vocabulary: one.vocabulary, context: one.context };
  const [own, expected] = [sizes(config), sizes(first)];
  return Object.keys(own).flatMap((key) =>
    own[key] === (expected[key] ?? own[key]) ? [] : [`stitchFamily: anchor ${anchor} has ${key} ${own[key]}, expected ${expected[key]} as anchor 0: stitched anchors must see the same tokens and classes.`],
  );
}

/** Names a stitch for people: `vit-ti`, or `Ti→S (3→4)`. @param names - short names of the anchors. */
export function stitchLabel(space: StitchSpace, stitchId: number, names: readonly string[]): string {
  const stitch = stitchOf(space, stitchId);
  return stitch.kind === "anchor" ? names[stitch.front]! : `${names[stitch.front]!}→${names[stitch.end]!} (${stitch.frontBlock}→${stitch.endBlock})`;
}
