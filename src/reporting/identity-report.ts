/**
 * @file What stitch-space-identities reports: the table of the 71 stitches, the table of the space, claims and findings.
 */
import { percentText } from "./claim-text.js";
import type { ClaimResult } from "./claims.js";
import { flopsText } from "./figures/style.js";
import { ofStitch, type IdentityRow } from "./identity-rows.js";
import { groupBy, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";

/** The tables `stitches` and `identities`. @param routeOf - names a stitch of ViT-Ti, S and B. */
export function identityTables(rows: readonly IdentityRow[], note: string, routeOf: (stitchId: number) => string): Table[] {
  return [stitchTable(rows, note, routeOf), spaceTable(rows, note)];
}

/** The table `stitches`: every stitch's published and computed costs. */
function stitchTable(rows: readonly IdentityRow[], note: string, routeOf: (stitchId: number) => string): Table {
  const own = rows.filter(({ stitchId }) => stitchId !== null);
  return {
    id: "stitches", title: "The 71 stitches of ViT-Ti, S and B: costs as SN-Net published them, and as the code counts them", note,
    legend: "FLOPs: multiply–accumulates. On stitched paths SN-Net's leave out the final norm, which the kit runs (SN-Netv2) and counts elsewhere; parameters leave out class token and positions there. Biases: what PST trains for the stitch alone. Equal: all four numbers are as known.",
    columns: [
      { key: "stitch_id", label: "Stitch", format: "count" }, { key: "route", label: "Route", format: "text" },
      { key: "flops_published", label: "FLOPs, published", format: "count" }, { key: "flops", label: "FLOPs, computed", format: "count" },
      { key: "params_published", label: "Parameters, published", format: "count" }, { key: "params", label: "Parameters, computed", format: "count" }, { key: "equal", label: "Equal", format: "text" },
      { key: "flops_with_norm", label: "FLOPs with final norm", format: "count" }, { key: "biases", label: "Its own biases", format: "count" },
    ],
    rows: [...groupBy(own, ({ stitchId }) => stitchId!)].map(([stitchId, ofOne]) => {
      const known = (quantity: string): IdentityRow => ofOne.find((row) => row.quantity === quantity)!;
      return {
        stitch_id: stitchId, route: routeOf(stitchId),
        flops_published: known(ofStitch.flops).expected, flops: known(ofStitch.flops).computed, params_published: known(ofStitch.params).expected, params: known(ofStitch.params).computed,
        equal: ofOne.every(({ equal }) => equal === 1) ? "yes" : "NO", flops_with_norm: known(ofStitch.flopsWithNorm).computed, biases: known(ofStitch.biases).computed,
      };
    }),
  };
}

function spaceTable(rows: readonly IdentityRow[], note: string): Table {
  return {
    id: "identities", title: "What is known exactly of the stitch spaces, and what the code computes", note,
    legend: "Arithmetic: follows from the definitions, so that agreement tells of the code alone.",
    columns: [
      { key: "quantity", label: "Quantity", format: "text" }, { key: "source", label: "Known from", format: "text" },
      { key: "expected", label: "Known", format: "count" }, { key: "computed", label: "Computed", format: "count" }, { key: "equal", label: "Equal", format: "text" },
    ],
    rows: rows.filter(({ stitchId }) => stitchId === null).map(({ quantity, source, expected, computed, equal }) => ({ quantity, source, expected, computed, equal: equal === 1 ? "yes" : "NO" })),
  };
}

/** Exact: no seeds, no spread. */
export function identityClaims(rows: readonly IdentityRow[]): ClaimResult[] {
  const published = rows.filter((row) => row.stitchId !== null && row.source === "SN-Net");
  return [
    agreement("The costs of all 71 stitches are those that SN-Net published", published),
    agreement("The other exact numbers agree too", rows.filter((row) => !published.includes(row))),
    { claim: "PST trains about 4.4 % of what SN-Net trains", source: "our question", measure: "trained by PST, as a share of SN-Net's, heads apart", unit: "share", ours: exact(pstShare(rows)), verdict: Math.abs(pstShare(rows) - 0.044) < 0.001 ? "supported" : "contradicted", reason: "a count, exact" },
  ];
}

function agreement(claim: string, rows: readonly IdentityRow[]): ClaimResult {
  const wrong = rows.filter(({ equal }) => equal === 0);
  return {
    claim, source: "our question", measure: `share of ${rows.length} numbers that agree`, unit: "share", ours: exact(1 - wrong.length / rows.length), verdict: wrong.length === 0 ? "supported" : "contradicted",
    reason: wrong.length === 0 ? "every number is equal" : `unequal: ${wrong.map(({ quantity, stitchId }) => (stitchId === null ? quantity : `${quantity} of stitch ${stitchId}`)).join("; ")}`,
  };
}

function exact(mean: number): MeanSpread {
  return { mean, spread: null, count: 1 };
}

function computed(rows: readonly IdentityRow[], start: string): number {
  return rows.find(({ quantity, stitchId }) => stitchId === null && quantity.startsWith(start))!.computed;
}

/** What PST trains, as a share of what SN-Net trains, heads apart. */
function pstShare(rows: readonly IdentityRow[]): number {
  const heads = computed(rows, "heads");
  return (computed(rows, "trained by PST") - heads) / (computed(rows, "trained by SN-Net") - heads);
}

/** What the numbers say, beside being equal. */
export function identityFindings(rows: readonly IdentityRow[]): string[] {
  const agreeing = (quantity: string): { readonly all: boolean; readonly text: string } => {
    const some = rows.filter((row) => row.quantity === quantity);
    const equal = some.filter((row) => row.equal === 1).length;
    return { all: equal === some.length, text: `${equal} of ${some.length}` };
  };
  const [flops, params] = [agreeing(ofStitch.flops), agreeing(ofStitch.params)];
  const ofNorm = rows.filter(({ quantity }) => quantity === ofStitch.flopsWithNorm);
  const costs = ofNorm.map((row) => row.computed);
  const dearest = ofNorm.find(({ stitchId }) => stitchId === 2)!.computed;
  const [all, heads, biases] = [computed(rows, "trained by PST"), computed(rows, "heads"), computed(rows, "biases of the 71 stitches, scope all")];
  const scopes = (["linear", "attention"] as const).map((scope) => `${scope} ${millions(computed(rows, `biases of the 71 stitches, scope ${scope}`))}`);
  return [
    `SN-Net's published costs of its 71 stitches come out exactly${flops.all && params.all ? "" : " only in part"}: ${flops.text} counts of multiply–accumulates, ${params.text} of parameters.`,
    `Its multiply–accumulates leave out the final norm of stitched paths; with it, as the kit runs them, stitches cost ${flopsText(Math.min(...costs))} to ${flopsText(Math.max(...costs))}, and ${costs.filter((cost) => cost > dearest).length} of them cost more than ViT-B, the dearest anchor.`,
    `PST trains ${millions(all - heads)} numbers for all of them, ${percentText(pstShare(rows))} of what SN-Net trains (heads, which both train, apart).`,
    `${percentText(biases / (all - heads))} of those are the stitches' own biases, at our choice of scope (every bias on the path: ${millions(biases)}; ${scopes.join(", ")}); the low-rank updates that all share are ${millions(all - heads - biases)}.`,
    "The paper publishes none of these numbers: what agrees is SN-Net's space, LLaMA's sizes and the arithmetic of the definitions.",
  ];
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(2)} million`;
}
