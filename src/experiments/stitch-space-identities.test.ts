import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { identityClaims, identityFindings, identityTables } from "../reporting/identity-report.js";
import { identityRows } from "../reporting/identity-rows.js";
import { parseRows, rowsToCsv } from "../reporting/rows-csv.js";
import { packageRoot } from "./package-root.js";
import { publishedStitchCosts } from "./published-stitch-costs.js";
import { identities } from "./stitch-space-identities.js";

const rows = identities();

test("every exact number agrees: four of each of the 71 stitches, and those of the space", () => {
  expect(rows.filter(({ stitchId }) => stitchId !== null)).toHaveLength(4 * 71);
  expect(rows.filter(({ stitchId }) => stitchId === null).length).toBeGreaterThan(15);
  expect(rows.filter(({ equal }) => equal === 0)).toEqual([]);
  expect(parseRows(identityRows, rowsToCsv(identityRows, rows), "rows.csv")).toEqual(rows);
});

test("SN-Net's published lines are those of an independent implementation", () => {
  const golden = JSON.parse(readFileSync(join(packageRoot, "data", "goldens", "structure", "ti-s-b-c1000.json"), "utf8")) as { readonly stitches: readonly { readonly flops_without_final_norm: number; readonly params: number }[] };
  expect(publishedStitchCosts).toEqual(golden.stitches.map((stitch) => [stitch.flops_without_final_norm, stitch.params]));
});

test("the table has a line for each stitch, published beside computed; a wrong number shows in the line, in the claim and in the finding", () => {
  const wrong = rows.map((row) => (row.stitchId === 3 && row.source === "SN-Net" && row.quantity.startsWith("multiply") ? { ...row, computed: 1, equal: 0 as const } : row));
  const [stitches, space] = identityTables(wrong, "note", (stitchId) => `route ${stitchId}`);
  expect(stitches!.rows).toHaveLength(71);
  expect(space!.rows.map(({ quantity }) => quantity)).not.toContain("multiply–accumulates, without final norm");
  expect(stitches!.rows[3]).toEqual({ stitch_id: 3, route: "route 3", flops_published: 4_696_010_496, flops: 1, params_published: 22_345_960, params: 22_345_960, equal: "NO", flops_with_norm: 4_696_388_736, biases: 11 * (192 + 12 * 384) + 192 + 2 * 384 });
  expect(stitches!.rows[2]).toMatchObject({ flops: 17_582_740_224, params: 86_567_656, equal: "yes", flops_with_norm: 17_582_740_224, biases: 102_912 });
  expect(identityClaims(wrong).map(({ verdict, reason }) => [verdict, reason])).toEqual([["contradicted", "unequal: multiply–accumulates, without final norm of stitch 3"], ["supported", "every number is equal"], ["supported", "a count, exact"]]);
  expect(identityFindings(wrong)[0]).toBe("SN-Net's published costs of its 71 stitches come out exactly only in part: 70 of 71 counts of multiply–accumulates, 71 of 71 of parameters.");
});

test("the findings count what PST trains, and call nothing the paper's", () => {
  // 6,493,944 − 1,347,000 = 5,146,944 of 118,403,448 − 1,347,000; 4,478,784 of them biases.
  expect(identityFindings(rows)).toEqual([
    "SN-Net's published costs of its 71 stitches come out exactly: 71 of 71 counts of multiply–accumulates, 71 of 71 of parameters.",
    "Its multiply–accumulates leave out the final norm of stitched paths; with it, as the kit runs them, stitches cost 1.26 GFLOPs to 18.3 GFLOPs, and 2 of them cost more than ViT-B, the dearest anchor.",
    "PST trains 5.15 million numbers for all of them, 4.4 % of what SN-Net trains (heads, which both train, apart).",
    "87.0 % of those are the stitches' own biases, at our choice of scope (every bias on the path: 4.48 million; linear 3.62 million, attention 1.59 million); the low-rank updates that all share are 0.67 million.",
    "The paper publishes none of these numbers: what agrees is SN-Net's space, LLaMA's sizes and the arithmetic of the definitions.",
  ]);
  expect(identityClaims(rows).map(({ source, ours, verdict }) => [source, ours!.mean.toFixed(4), verdict])).toEqual([["our question", "1.0000", "supported"], ["our question", "1.0000", "supported"], ["our question", "0.0440", "supported"]]);
});
