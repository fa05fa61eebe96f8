import { expect, test } from "vitest";
import { instructionFindings } from "./instruction-findings.js";
import type { InstructionRow } from "./instruction-rows.js";

/** S, two stitches (the second dearer) and L. */
function rowsOf(method: string, seed: number, perplexities: readonly [small: number, cheap: number, dear: number, large: number], visits: readonly number[] = [1, 1, 1, 1], trainableParams = 100): InstructionRow[] {
  return perplexities.map((perplexity, place) => {
    const joined = place === 1 || place === 2;
    return {
      method, seed, stitchId: [0, 2, 3, 1][place]!, kind: joined ? "stitch" : "anchor", front: place === 3 ? "mini-llama-l" : "mini-llama-s", end: place === 0 ? "mini-llama-s" : "mini-llama-l",
      frontBlock: joined ? 0 : null, endBlock: joined ? 3 - place : null, flopsPerToken: 100 + place, params: 10, trainableParams, examples: 10, perplexity, exactMatch: place / 100, rougeL: 0,
      exactEntity: null, exactPhrasing: null, exactBoth: null, valPerplexity: null, importance: null, visits: visits[place]!, selected: 0, samples: "[]", profile: "test",
    };
  });
}

test("one seed says directions without intervals, and nothing of methods that were not run", () => {
  // ln 8 − (ln 4 + ln 6)/2 = 2.079 − 1.589; 1.589 − ln 2.
  expect(instructionFindings(rowsOf("pst", 0, [8, 4, 6, 2]))).toEqual([
    "After PST, 2 of 2 stitches lie between the anchors in the perplexity of the right answers (S 8.0, stitches 4.0 to 6.0, L 2.0): on their mean they predict better (+0.490 nats, one seed) than S, and L predicts better (+0.896 nats, one seed) than they do.",
    "Spearman's ρ of cost and quality over PST's stitches and anchors is +0.80, one seed; 1 of 1 cheaper stitches are better than the dearest, S→L (0→1).",
    "Perplexity is compared because answers are seldom right: at most 3.0 % of a stitch's answers have the reference's words, whatever the method.",
  ]);
});

test("several seeds have intervals, and what holds 0 is called not certain; every method run has its sentence", () => {
  const rows = [0, 1].flatMap((seed) => [
    ...rowsOf("pst", seed, [4 * (seed + 1), 4, 4, 2], [1, 3, 3, 3]),
    ...rowsOf("pst-uniform", seed, [8, 4, 4, 2], [1, 1, 1, 1]),
    ...rowsOf("sn-net", seed, [3, 4, 1, 2], undefined, 400),
    ...rowsOf("anchors", seed, [2, 1, 1, 1]).filter(({ kind, stitchId }) => kind === "anchor" && stitchId === 0),
  ]);
  const [pst, uniform, full, , against, sampling, alone] = instructionFindings(rows);
  // ln(4/4) and ln(8/4): mean 0.347, spread 0.490, half an interval 12.706 · 0.490/√2 = 4.404.
  expect(pst).toContain("After PST, 2 of 2 stitches lie between the anchors in the perplexity of the right answers (S 6.0, stitches 4.0 to 4.0, L 2.0)");
  expect(pst).toContain("they predict better (+0.347 ± 0.490 nats, 95 % interval −4.057 to +4.750: not certain) than S");
  expect(uniform).toContain("they predict better (+0.693 ± 0.000 nats, 95 % interval +0.693 to +0.693) than S");
  // 4 and 1 lie outside 2 and 3; (ln 4 + ln 1)/2 = ln 2.
  expect(full).toContain("After full fine-tuning, 0 of 2 stitches lie between the anchors");
  expect(full).toContain("L predicts better (0.000 ± 0.000 nats");
  // Full: ln(3·4·1·2)/4; PST: ln(S·4·4·2)/4 with S = 4 and 8: ln(24/128)/4 and ln(24/256)/4.
  expect(against).toBe("PST predicts worse (−0.505 ± 0.123 nats, 95 % interval −1.606 to +0.596: not certain) than full fine-tuning does, mean of all stitches, and trains 25.0 % as many parameters.");
  expect(sampling).toMatch(/^PST with importance sampling predicts better \(\+0\.087 ± 0\.123 nats/);
  expect(sampling).toContain("; it draws S in 10.0 % of the steps (uniform sampling in 25.0 %), whose perplexity is 6.0 (8.0).");
  // The small anchor alone, ln 2, against the small anchor inside, ln 4 and ln 8.
  expect(alone).toMatch(/^An anchor in PST's family, which has a share of the steps, predicts worse \(−1\.040 ± 0\.490 nats/);
  expect(alone).toContain("; 2 of 2 stitches are worse than S alone (2.0).");
});

test("no rows, no sentence", () => expect(instructionFindings([])).toEqual([]));
