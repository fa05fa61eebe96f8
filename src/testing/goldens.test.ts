import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "../checks.js";
import { useBackend, type BackendName } from "../tensor/index.js";
import { readSafetensorsSummary } from "../anchors/safetensors.js";
import { goldensCommand } from "./goldens.js";
import { committedGoldens, sharedGoldens } from "./goldens/places.js";
import { runGoldens } from "./goldens/run.js";

const minutes = 60_000;
/** The fast backend and the one it falls back to; plain JavaScript, slow, only where WebAssembly does not run. */
const present = await presentBackends();
const tried = present.filter((name) => name !== "cpu" || !present.includes("wasm"));
const folders = [committedGoldens, ...(existsSync(join(sharedGoldens, "index.json")) ? [sharedGoldens] : [])];

async function presentBackends(): Promise<BackendName[]> {
  const names: BackendName[] = [];
  for (const name of ["native", "wasm", "cpu"] as const) {
    try {
      if ((await useBackend(name)).backend === name) names.push(name);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.log(`goldens: not tried on ${name}: ${error.message}`);
    }
  }
  return names;
}

test.each(folders.flatMap((folder) => tried.map((backend) => [folder, backend] as const)))(
  "everything in %s agrees on %s",
  async (folder, backend) => {
    const { lines } = await runGoldens({ folder, backend });
    expect(lines.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    const skipped = lines.filter(({ outcome }) => outcome === "skipped").map(({ name }) => name);
    expect(skipped.filter((name) => !["vit-tiny", "stories260k"].includes(name))).toEqual([]); // real weights may be absent
    expect(lines.filter(({ outcome }) => outcome === "passed").length).toBeGreaterThan(100);
  },
  5 * minutes,
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "goldens-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Manifest {
  files: Record<string, { bytes: number; sha256: string; tensors?: unknown }>;
  [key: string]: unknown;
}

/** Copies cases of the committed set into the temporary folder. */
function copyCases(...names: string[]): void {
  for (const name of names) cpSync(join(committedGoldens, name), join(folder, name), { recursive: true });
  writeIndex(names);
}

function writeIndex(names: readonly string[]): void {
  writeFileSync(join(folder, "index.json"), JSON.stringify({ format: "esta-golden-index/1", cases: names.map((name) => ({ case: name, manifest: `${name}/manifest.json` })) }));
}

function editManifest(name: string, edit: (manifest: Manifest) => void): void {
  const path = join(folder, name, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  edit(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

/** Changes a file's bytes and brings the manifest up to date. */
function editFile(name: string, file: string, edit: (bytes: Buffer) => Buffer): void {
  const path = join(folder, name, file);
  const bytes = edit(readFileSync(path));
  writeFileSync(path, bytes);
  editManifest(name, ({ files }) => Object.assign(files[file]!, { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }));
}

/** Scales the tensor's element of largest size. */
function editTensor(name: string, file: string, tensor: string, factor = 1.001): void {
  const { begin, end } = readSafetensorsSummary(join(folder, name, file)).entries.find((entry) => entry.name === tensor)!;
  editFile(name, file, (bytes) => {
    const start = 8 + Number(bytes.readBigUInt64LE()) + begin;
    const places = Array.from({ length: (end - begin) / 4 }, (_, i) => start + 4 * i);
    const largest = places.reduce((best, at) => (Math.abs(bytes.readFloatLE(at)) > Math.abs(bytes.readFloatLE(best)) ? at : best));
    bytes.writeFloatLE(bytes.readFloatLE(largest) * factor, largest);
    return bytes;
  });
}

function editText(name: string, file: string, from: string, to: string): void {
  editFile(name, file, (bytes) => {
    const text = bytes.toString();
    expect(text).toContain(from);
    return Buffer.from(text.replace(from, to));
  });
}

/** Runs the command and returns its exit code and the names of the failed lines. */
async function failures(): Promise<{ code: number; failed: string[]; printed: string[] }> {
  const printed: string[] = [];
  const code = await goldensCommand([folder, "--backend", present[0]!], (line) => printed.push(line));
  return { code, failed: printed.filter((line) => line.startsWith("FAIL")).map((line) => line.slice(6).split("  ")[0]!), printed };
}

test("a changed reference of a single operation, schedule, picture or table fails its own line and no other", { timeout: minutes }, async () => {
  copyCases("ops", "pil", "sampling", "schedule", "structure");
  editTensor("ops", "ops.safetensors", "layer_norm.dx");
  editFile("pil", "pixels.safetensors", (bytes) => {
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  });
  editText("sampling", "vit-mini.json", '"probabilities": [0.0', '"probabilities": [0.00');
  editText("sampling", "equal.json", '"selected": [0, 1', '"selected": [1, 0');
  editText("schedule", "lr.json", '"lr_at_t": [1e-06,', '"lr_at_t": [1.00001e-06,');
  editText("structure", "vit-mini-c5.json", '"biases_linear": 1152', '"biases_linear": 1153');
  const { code, failed, printed } = await failures();
  expect(failed).toEqual([
    "ops layer_norm.dx, row by row",
    "pil wide.resized_32",
    "sampling vit-mini.json averages and probabilities",
    "sampling equal.json visits and selections",
    "schedule lr.json lr_at_t",
    "structure vit-mini-c5.json stitches",
  ]);
  expect(printed.find((line) => line.startsWith("FAIL  structure"))).toMatch(/error 1\.0e\+0 +tolerance exact +at biases_linear$/);
  expect(printed.at(-1)).toMatch(/^\d+ passed, 6 failed, 0 skipped$/);
  expect(code).toBe(1);
});

test("changed logits, gradients, steps, scores and angles fail their own lines", { timeout: 2 * minutes }, async () => {
  copyCases("vit-mini");
  editTensor("vit-mini", "outputs.safetensors", "logits_lora");
  editTensor("vit-mini", "train-17.safetensors", "grad.anchors.2.norm.bias", 1.01);
  editTensor("vit-mini", "train-17.safetensors", "step3.anchors.2.head.weight");
  editTensor("vit-mini", "sequence.safetensors", "stitches.12.anchors.1.norm.bias");
  editText("vit-mini", "angles.json", '"degrees_stitch_specific_biases": null', '"degrees_stitch_specific_biases": 90');
  editManifest("vit-mini", (manifest) => {
    const scores = manifest["scores"] as { fisher: number }[];
    scores[5]!.fisher *= 1.001;
    const training = manifest["training"] as { file: string }[];
    manifest["training"] = training.filter(({ file }) => file === "train-17.safetensors");
  });
  const { code, failed, printed } = await failures();
  expect(failed).toEqual([
    "vit-mini logits_lora",
    "vit-mini logits_lora, merged",
    "vit-mini train-17 gradients",
    "vit-mini train-17 parameters after step 3, firm",
    "vit-mini sequence parameters, firm",
    "vit-mini scores, fisher",
    "vit-mini angles, degrees_stitch_specific_biases",
  ]);
  expect(printed.find((line) => line.includes("scores, fisher"))).toContain("at stitch 5");
  expect(code).toBe(1);
});

test("a damaged file fails its case, the others still run", async () => {
  copyCases("ops", "schedule");
  const path = join(folder, "ops", "ops.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  const { code, failed, printed } = await failures();
  expect(failed).toEqual(["ops"]);
  expect(printed.find((line) => line.startsWith("FAIL"))).toMatch(/has sha256 [0-9a-f]{64}, expected [0-9a-f]{64} as in the manifest; copy the folder again\.$/);
  expect(printed.some((line) => line.startsWith("pass  schedule"))).toBe(true);
  expect(code).toBe(1);
});

test("an unknown case, a missing manifest and a field of another kind fail with their place", async () => {
  copyCases("schedule", "sampling");
  editManifest("schedule", (manifest) => (manifest.files = {}));
  editText("sampling", "equal.json", '"beta": 0.9', '"beta": "0.9"');
  writeIndex(["diffusion", "schedule", "pil", "sampling"]);
  const { code, printed } = await failures();
  const failed = printed.filter((line) => line.startsWith("FAIL")).map((line) => line.replace(/\s{2,}/g, " ").replaceAll(folder, "F"));
  expect(failed).toEqual([
    "FAIL diffusion is not a known case, expected one of llama-mini, ops, pil, sampling, schedule, stories260k, structure, text, vit-mini, vit-tiny, or one of these and a suffix after a dash.",
    "FAIL schedule holds nothing to compare, expected at least one quantity.",
    "FAIL pil goldens F/pil/manifest.json: cannot be read (there is no such file), expected a JSON file; name a folder of golden values.",
    'FAIL sampling equal.json F/sampling/equal.json: beta: found "0.9", expected a number; the golden folder is damaged or of another format.',
  ]);
  expect(code).toBe(1);
});

test("a folder that is no golden folder ends with exit code 2 and one message", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const outcomes: string[] = [];
  for (const index of [undefined, "{", "[]", '{"format": "other"}', '{"format": "esta-golden-index/1", "cases": []}', '{"format": "esta-golden-index/1", "cases": [{"case": "ops", "manifest": "../x.json"}]}']) {
    if (index !== undefined) writeFileSync(join(folder, "index.json"), index);
    expect(await goldensCommand([folder], () => undefined)).toBe(2);
    outcomes.push(String(errors.mock.lastCall![0]).replaceAll(folder, "F"));
  }
  expect(await goldensCommand([join(folder, "none")], () => undefined)).toBe(2);
  outcomes.push(String(errors.mock.lastCall![0]).replaceAll(folder, "F"));
  errors.mockRestore();
  expect(outcomes).toEqual([
    "goldens F/index.json: cannot be read (there is no such file), expected a JSON file; name a folder of golden values.",
    expect.stringContaining("goldens F/index.json: is not JSON ("),
    "F/index.json: found a list, expected an object; the golden folder is damaged or of another format.",
    'F/index.json: format is "other", expected "esta-golden-index/1"; this program does not read that format.',
    "F/index.json: lists no cases, expected at least one; name another folder.",
    'F/index.json: cases[0].manifest names "../x.json", expected a path inside the folder.',
    "goldens F/none: there is no such folder, expected one with an index.json; name another.",
  ]);
});

test("changed decoder values fail their own lines", { timeout: minutes }, async () => {
  copyCases("llama-mini", "text");
  editTensor("llama-mini", "outputs.safetensors", "logits_rotate_half");
  editTensor("llama-mini", "train.safetensors", "grad.anchors.1.model.layers.3.mlp.up_proj.bias", 1.01);
  editTensor("llama-mini", "stitching.safetensors", "positions.4.bias");
  editManifest("llama-mini", (manifest) => {
    const greedy = manifest["greedy"] as { tokens: number[] }[];
    greedy[7]!.tokens[15]! ^= 1;
  });
  editText("text", "pairs.json", '"lcs": 7', '"lcs": 6');
  const { code, failed } = await failures();
  expect(failed).toEqual(["llama-mini logits_rotate_half", "llama-mini least squares", "llama-mini greedy tokens of stitch 3, prompt 1", "llama-mini grad, gradients", "text longest common subsequence"]);
  expect(code).toBe(1);
});
