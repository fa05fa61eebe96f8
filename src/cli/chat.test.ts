import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { llamaConfig } from "../anchors/llama-shape.js";
import { packageRoot } from "../experiments/package-root.js";
import { useBackend } from "../tensor/index.js";
import { writeRandomDecoder } from "../testing/random-decoder.js";
import { tinyInstructions, tinyLanguage, tinyLanguageSettings } from "../testing/tiny-language.js";
import { formatOf, startLanguageModel } from "../training/adapt-language.js";
import { answerPieces } from "../training/answer-stream.js";
import { answersOf } from "../training/evaluate-text.js";
import { prepareText } from "../training/text-batches.js";
import { disposeModel } from "../tuning/tuned-model.js";
import { ChatSession, type ChatPartner } from "./chat-session.js";
import { chooseStitch, sizeOf, type StitchOffer } from "./stitch-choice.js";

const folder = mkdtempSync(join(tmpdir(), "chat-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => void (await useBackend("auto", { threads: 1 })));

const offer = (stitchId: number, params: number, perplexity: number | null): StitchOffer => ({ stitchId, label: `net ${stitchId}`, params, flops: 2 * params, milliseconds: params / 1e6, perplexity });
const offers = [offer(0, 1e6, 9), offer(1, 4e6, 5), offer(2, 2e6, 6), offer(3, 3e6, 7)];

test("a budget takes the best stitch within it, by perplexity where that is known, else by size", () => {
  const chosen = (kind: "stitch" | "params" | "flops" | "latency" | "quality", value: number, all = offers): number => chooseStitch(all, { kind, value }).stitchId;
  expect([chosen("stitch", 3), chosen("params", 3e6), chosen("flops", 2e6), chosen("latency", 100), chosen("quality", 7)]).toEqual([3, 2, 0, 1, 2]);
  const unknown = offers.map((one) => ({ ...one, perplexity: null }));
  expect(chosen("params", 3e6, unknown)).toBe(3);
  expect(() => chosen("params", 10)).toThrow("chat: no stitch has params of at most 10, expected 1000000 or more.");
  expect(() => chosen("quality", 4)).toThrow("chat: no stitch has a perplexity of at most 4, expected 5.00 or more.");
  expect(() => chosen("quality", 4, unknown)).toThrow("chat: quality is not known of any stitch, expected perplexities in stitches.json beside the adapted weights, as esta adapt writes them.");
  expect(() => chosen("stitch", 7)).toThrow("chat: stitch 7 is not there, expected one of 0, 1, 2, 3.");
  expect(["2", "1.5M", "200k", "7B", ".5", "x", "1.5.2", ""].map(sizeOf)).toEqual([2, 1.5e6, 2e5, 7e9, 0.5, undefined, undefined, undefined]);
});

test("answers stream, commands switch the stitch between them, a stop ends an answer after the token at hand", async () => {
  let [text, clock, session] = ["", 0, undefined as ChatSession | undefined];
  const partner: ChatPartner = {
    offers,
    *answer(stitchId, question) {
      for (const word of [String(stitchId), question, "and", "on"]) {
        clock += 100;
        if (word === "stop") session!.stop();
        yield { token: 0, text: `${word} ` };
      }
    },
    write: (more) => (text += more),
    now: () => clock,
  };
  session = new ChatSession(partner, { kind: "stitch", value: 1 });
  expect(await session.take("hello")).toBe(true);
  expect(await session.take("/params 2.5M")).toBe(true);
  expect(await session.take("stop")).toBe(true);
  expect(await session.take("/latency soon")).toBe(true);
  expect(await session.take("/dance")).toBe(true);
  expect(await session.take("/quit")).toBe(false);
  expect(session.stop()).toBe(false);
  expect(text.split("\n")).toEqual([
    "stitch 1, net 1: 4.00 M parameters, 8.00 M multiply–accumulates and about 4.0 ms a token, perplexity 5.00",
    "1 hello and on ",
    "[4 tokens, 10.0 tokens/s, stitch 1]",
    "stitch 2, net 2: 2.00 M parameters, 4.00 M multiply–accumulates and about 2.0 ms a token, perplexity 6.00",
    "2 stop ",
    "[2 tokens, 10.0 tokens/s, stitch 2, stopped]",
    "chat: /latency got \"soon\", expected a number, as 2, 0.5 or 1.5M.",
    "chat: /dance is no command, expected one of /stitch, /params, /flops, /latency, /quality, /list, /help, /quit.",
    "",
  ]);
});

test("the pieces of an answer, joined, are the answer", () => {
  const family = tinyLanguage();
  const format = formatOf(family);
  const { train } = tinyInstructions();
  const model = startLanguageModel(family, prepareText(train, format), tinyLanguageSettings(), 0);
  for (const stitchId of [0, 2, 4]) {
    const question = { instruction: "ay?", input: "" };
    const pieces = [...answerPieces(model, stitchId, question, format, { maximum: 9 })].map(({ text }) => text).join("");
    expect(pieces).toBe(answersOf(model, stitchId, [question], format, 9)[0]);
  }
  disposeModel(model);
});

test("a talk over a pipe: two decoders from folders, a switch, a question that is too long, and the end of the input", { timeout: 60_000 }, () => {
  const sizes = { heads: 2, hidden: 24, vocabulary: 270, context: 96, tiedHead: true };
  const [small, large] = [join(folder, "small"), join(folder, "large")];
  writeRandomDecoder(small, llamaConfig({ ...sizes, width: 8, depth: 2 }), { shards: 1 });
  writeRandomDecoder(large, llamaConfig({ ...sizes, width: 16, depth: 3 }));
  const chat = (input: string, ...words: string[]) => spawnSync(process.execPath, [join(packageRoot, "dist/cli.js"), "chat", "--family", "pair", "--threads", "1", "--maximum", "4", ...words], { input, encoding: "utf8" });
  const folders = ["--weights-small", small, "--weights-large", large];
  const { stdout, status, stderr } = chat("/stitch 0\nHi\n", ...folders);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const lines = stdout.split("\n").map((line) => line.replace(/:.*/, ""));
  expect(lines.slice(1, 5)).toEqual([
    "stitch 1, L",
    "> /stitch 0",
    "stitch 0, S",
    "> Hi",
  ]);
  expect(stdout).toContain("decode: the prompt has ");
  expect(stdout).toContain(" tokens, expected fewer than the context of 96. Shorten it.");

  const unlike = chat("", "--weights-small", small, "--weights-large", large, "--stitch", "5");
  expect([unlike.status, unlike.stderr]).toEqual([2, "chat: stitch 5 is not there, expected one of 0, 1.\n"]);
  const both = chat("", ...folders, "--stitch", "1", "--budget-params", "5");
  expect([both.status, both.stderr]).toEqual([2, "chat: 2 choices of a stitch arrived, expected one of --stitch and the budgets.\n"]);
  writeFileSync(join(large, "tokenizer.json"), "{}");
  const foreign = chat("", ...folders);
  expect([foreign.status, foreign.stderr]).toEqual([2, `tokenizer ${join(large, "tokenizer.json")}: "model" is missing, expected the tokenizer.json of Hugging Face's tokenizers. Is it another file?\n`]);
});
