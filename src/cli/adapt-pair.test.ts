import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { llamaConfig } from "../anchors/llama-shape.js";
import { readSafetensorsSummary } from "../anchors/safetensors.js";
import { packageRoot } from "../experiments/package-root.js";
import { esta } from "../testing/esta.js";
import { writeRandomDecoder } from "../testing/random-decoder.js";

const folder = mkdtempSync(join(tmpdir(), "adapt-pair-"));
const [small, large, data] = ["small", "large", "alpaca.json"].map((name) => join(folder, name)) as [string, string, string];
const sizes = { vocabulary: 270, context: 400, tiedHead: true };

beforeAll(() => {
  // SmolLM2's shapes at a twentieth of the width: grouped queries, unequal depths and widths, a tied head, bfloat16 shards.
  writeRandomDecoder(small, llamaConfig({ ...sizes, width: 36, depth: 3, heads: 9, keyValueHeads: 3, hidden: 80 }));
  writeRandomDecoder(large, llamaConfig({ ...sizes, width: 60, depth: 4, heads: 15, keyValueHeads: 5, hidden: 130 }));
});
beforeEach(() => writeExamples());
afterAll(() => rmSync(folder, { recursive: true }));

function writeExamples(changes: Record<string, string> = {}): void {
  const examples = Array.from({ length: 8 }, (_, index) => ({ instruction: `Count to ${index}.`, input: "", output: "One two." }));
  writeFileSync(data, JSON.stringify([...examples, { instruction: "Count.", input: "", output: "One.", ...changes }]));
}

async function adapt(out: string, ...words: string[]): Promise<{ code: number; lines: string[]; complaints: string }> {
  const options = { family: "pair", "weights-small": small, "weights-large": large, data, out: join(folder, out), steps: "2", "batch-size": "2", rank: "2", "held-out": "2", "initial-examples": "4", threads: "1" };
  const { exitCode: code, out: said, err: complaints } = await esta("adapt", ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]), ...words);
  return { code, lines: said.split("\n"), complaints };
}

test("a pair of bfloat16 shards is adapted to a file of instructions, and a stitch of it answers", { timeout: 120_000 }, async () => {
  const { code, lines, complaints } = await adapt("out", "--lora-targets", "qkv+proj");
  expect([code, complaints]).toEqual([0, ""]);
  expect(lines).toContain("7 examples to learn from, 2 held out");
  const rows = JSON.parse(readFileSync(join(folder, "out", "stitches.json"), "utf8")) as Record<string, number>[];
  expect(rows.map((row) => row["stitch_id"])).toEqual([0, 1, 2, 3, 4]);
  expect(rows.every((row) => row["perplexity"]! > 1 && Number.isFinite(row["perplexity"]))).toBe(true);
  expect(rows.reduce((sum, row) => sum + row["visits"]!, 0)).toBe(2);
  const weights = join(folder, "out", "weights.safetensors");
  const names = readSafetensorsSummary(weights).entries.map(({ name }) => name);
  expect(names).toContain("stitching_layers.0.lora_A");
  expect(names.filter((name) => name.endsWith("o_proj.lora_A"))).toHaveLength(3 + 4);
  expect(existsSync(join(folder, "out", "checkpoint.safetensors"))).toBe(false);
  expect((await adapt("out")).lines).toEqual([`${weights} is there already; --again adapts again`]);

  const chat = spawnSync(process.execPath, [join(packageRoot, "dist/cli.js"), "chat", "--family", "pair", "--weights-small", small, "--weights-large", large, "--weights", weights, "--stitch", "3", "--maximum", "3", "--threads", "1"], { input: "Count.\n/quality 1e9\n", encoding: "utf8" });
  expect([chat.status, chat.stderr]).toEqual([0, ""]);
  expect(chat.stdout).toMatch(/stitch 3, S→L \(1→2\): .*perplexity \d/);
  expect(chat.stdout).toMatch(/\[\d tokens?(, [\d.]+ tokens\/s)?, stitch 3\]/);
});

test("what cannot be adapted is refused before anything is written, with one message", { timeout: 60_000 }, async () => {
  const refused = async (...words: string[]): Promise<string> => {
    const { code, complaints } = await adapt("refused", ...words);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "refused"))).toBe(false);
    return complaints;
  };
  writeExamples({ output: "" });
  expect(await refused()).toBe(`readAlpaca ${data}:1: output is empty, expected a response to learn from. Correct the file at this line.`);
  writeExamples();
  const tooLong = await refused("--length", "20");
  const shortest = /the shortest has (\d+)/.exec(tooLong)?.[1];
  expect(tooLong).toBe(`adapt ${data}: 0 examples fit (9 are longer than 20 tokens, the shortest has ${shortest}), expected more than the 2 held out. Give more or shorter examples, allow longer sequences, or hold fewer out.`);
  expect(Number(shortest)).toBeGreaterThan(20);
  expect(await refused("--methods", "anchor-ti")).toBe("adapt: methods is anchor-ti, expected pst or sn-net for a pair of decoders.");
  expect(await refused("--sampler", "often", "--lora-targets", "k", "--rank", "99")).toBe([
    "adapt: rank is 99, expected a whole number from 1 to 36 (the smallest anchor's width).",
    'adapt: loraTargets is "k", expected one of qkv, q+v, qkv+proj, none.',
    'adapt: sampler is "often", expected one of uniform, flops-grouped, importance.',
  ].join("\n"));
  expect(await refused("--batch-size", "100000000")).toMatch(/^adapt: [\d.]+ GB are needed and [\d.]+ GB are free, expected enough beside the mapped weights\. A smaller --batch-size or --length saves activations; esta plan --family pair shows the parts\.$/);
  expect(await refused("--family", "llama", "--weights-small", small)).toMatch(/^family llama: .* holds a decoder of width 36, .*, expected width 4096, .* as llama-7b\. Give the other folder, or use --family pair\./);
  const shard = join(large, "model-00002-of-00002.safetensors");
  const whole = readFileSync(shard);
  truncateSync(shard, whole.length - 100);
  const body = 8 + Number(whole.readBigUInt64LE());
  const header = Object.entries(JSON.parse(whole.toString("utf8", 8, body)) as Record<string, { data_offsets?: [number, number] }>);
  const [cut, { data_offsets: [begin, end] = [0, 0] }] = header.find(([, { data_offsets: offsets }]) => offsets?.[1] === whole.length - body)!;
  expect(await refused()).toBe(`readSafetensors ${shard}: ${cut} has data_offsets ${begin} to ${end}, expected a range within the ${whole.length - 100 - body} bytes after the header; the file is cut short or damaged.`);
  rmSync(shard);
  expect(await refused()).toBe(`loadLlama ${join(large, "model.safetensors.index.json")}: 1 of its shards are not there (${shard} first), expected all of them. Copy them into the folder.`);
  writeFileSync(shard, whole);
  const config = JSON.parse(readFileSync(join(large, "config.json"), "utf8")) as object;
  writeRandomDecoder(large, llamaConfig({ ...sizes, vocabulary: 280, width: 60, depth: 4, heads: 15, keyValueHeads: 5, hidden: 130 }));
  expect(await refused()).toBe(`family pair: ${large} has a vocabulary of 280, expected 270 as ${small}: stitched decoders read the same tokens.`);
  writeRandomDecoder(large, llamaConfig({ ...sizes, width: 60, depth: 4, heads: 15, keyValueHeads: 5, hidden: 130 }));
  expect(JSON.parse(readFileSync(join(large, "config.json"), "utf8"))).toEqual(config);
  const tokenizer = readFileSync(join(large, "tokenizer.json"), "utf8");
  writeFileSync(join(large, "tokenizer.json"), `${tokenizer}\n`);
  expect(await refused()).toBe(`loadLanguageFamily pair: the tokenizer of ${large} is another than that of ${small}, expected the same: stitched decoders read the same tokens.`);
});
