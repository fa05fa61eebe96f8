/**
 * @file `esta chat`: talks with a stitch of a pair of decoders, adapted or not, and switches it while talking.
 */
import type { Command } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { familyParameters } from "../anchors/load-weights.js";
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { toTree } from "../anchors/parameters.js";
import { throwProblems, UsageError } from "../checks.js";
import { createRng } from "../rng.js";
import { stitchLabel } from "../stitching/family.js";
import { answerPieces, tokenMilliseconds } from "../training/answer-stream.js";
import { loadAdaptedLanguage } from "../training/adapted-language-file.js";
import { flopsPerToken, formatOf } from "../training/adapt-language.js";
import { languageStructure, type LanguageFamily } from "../training/language-family.js";
import { loadLanguagePair } from "../training/language-pairs.js";
import { adaptedStitches } from "../training/train.js";
import { defaultPst } from "../tuning/method.js";
import { disposeModel, type TunedModel } from "../tuning/tuned-model.js";
import { STITCHES } from "./adapt-pair.js";
import { chatCommands, ChatSession, type ChatPartner } from "./chat-session.js";
import { finiteNumber, startEngine, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { neededFolders, withPairOptions, type PairOptions } from "./pair-options.js";
import type { StitchOffer, StitchWish } from "./stitch-choice.js";
import type { Terminal } from "./terminal.js";

/** Options of the command, as commander names them. */
interface ChatCommandOptions extends EngineOptions, PairOptions {
  readonly family: string;
  readonly weights?: string;
  readonly stitch?: number;
  readonly budgetParams?: number;
  readonly budgetFlops?: number;
  readonly budgetLatency?: number;
  readonly budgetQuality?: number;
  readonly maximum: number;
  readonly temperature: number;
  readonly seed: number;
}

/** Adds the command. */
export function addChatCommand(program: Command, terminal: Terminal): void {
  withPairOptions(withEngineOptions(program.command("chat")))
    .description("talk with a stitch of a pair of decoders; each line is a question by itself, each answer streams as it is written")
    .option("--family <id>", "a pair of decoders (esta list)", "mini-llama")
    .option("--weights <file>", "what esta adapt trained; without it the two decoders alone can answer")
    .option("--stitch <id>", "stitch that answers first (default: the larger decoder)", wholeNumber(0))
    .option("--budget-params <count>", "in its place: the best stitch of at most so many parameters", finiteNumber)
    .option("--budget-flops <count>", "of at most so many multiply–accumulates a token", finiteNumber)
    .option("--budget-latency <ms>", "of at most so many milliseconds a token", finiteNumber)
    .option("--budget-quality <perplexity>", "the smallest stitch of at most this perplexity", finiteNumber)
    .option("--maximum <tokens>", "most tokens of an answer", wholeNumber(1), 200)
    .option("--temperature <number>", "0 takes the likeliest token", finiteNumber, 0)
    .option("--seed <number>", "seed of what is drawn at a temperature above 0", wholeNumber(0), 0)
    .addHelpText("after", `\nTyped while talking; Ctrl-C stops an answer, twice ends:\n${chatCommands.map(([command, what]) => `  ${command.padEnd(12)} ${what}`).join("\n")}\n\nExamples:\n  esta chat --weights out/weights.safetensors --budget-params 2M\n  echo "What is the capital of Norway?" | esta chat --stitch 0\n  esta chat --family pair --weights-small SMALL --weights-large LARGE`)
    .action(async (options: ChatCommandOptions) => {
      const wish = wishOf(options);
      const folders = neededFolders(options.family, options);
      await startEngine(terminal, options);
      const family = loadLanguagePair(options.family, folders);
      const model = options.weights === undefined ? decodersAlone(family) : loadAdaptedLanguage(options.weights, family);
      try {
        await talk(partnerOf(model, family, options), wish ?? { kind: "stitch", value: 1 });
      } finally {
        disposeModel(model);
      }
    });
}

function wishOf({ stitch, budgetParams, budgetFlops, budgetLatency, budgetQuality }: ChatCommandOptions): StitchWish | undefined {
  const given = ([["stitch", stitch], ["params", budgetParams], ["flops", budgetFlops], ["latency", budgetLatency], ["quality", budgetQuality]] as const)
    .flatMap(([kind, value]): StitchWish[] => (value === undefined ? [] : [{ kind, value }]));
  throwProblems(given.length > 1 ? [`chat: ${given.length} choices of a stitch arrived, expected one of --stitch and the budgets.`] : []);
  return given[0];
}

/** The two decoders as they are: stitches between them would need stitching layers. */
function decodersAlone(family: LanguageFamily): TunedModel<LlamaConfig> {
  const structure = languageStructure(family);
  return { family: structure, method: defaultPst, frozen: toTree(familyParameters(family.anchors)), trainable: {}, partition: [] };
}

function partnerOf(model: TunedModel<LlamaConfig>, family: LanguageFamily, { weights, maximum, temperature, seed }: ChatCommandOptions): ChatPartner {
  const format = formatOf(family);
  const random = createRng(seed).stream("chat");
  const answer = (stitchId: number, question: string) => answerPieces(model, stitchId, { instruction: question, input: "" }, format, { maximum, temperature, random });
  const stitchIds = weights === undefined ? [0, 1] : adaptedStitches(model);
  tokenMilliseconds(model, stitchIds[0]!); // warms up
  const timed = stitchIds.filter((stitchId) => stitchId < 2).map((stitchId) => ({ flops: flopsPerToken(model.family, stitchId), milliseconds: tokenMilliseconds(model, stitchId) }));
  const qualities = qualitiesBeside(weights);
  const offers = stitchIds.map((stitchId): StitchOffer => {
    const flops = flopsPerToken(model.family, stitchId);
    return { stitchId, label: stitchLabel(model.family.space, stitchId, family.labels), params: model.family.costs[stitchId]!.params, flops, milliseconds: between(timed, flops), perplexity: qualities.get(stitchId) ?? null };
  });
  return { offers, answer, write: (text) => process.stdout.write(text), now: () => performance.now() };
}

/** The time on the line through the measured ones, by FLOPs. */
function between(timed: readonly { readonly flops: number; readonly milliseconds: number }[], flops: number): number {
  const [one, other] = timed;
  if (one === undefined) return 0;
  if (other === undefined || other.flops === one.flops) return (one.milliseconds * flops) / one.flops;
  return Math.max(0, one.milliseconds + ((other.milliseconds - one.milliseconds) * (flops - one.flops)) / (other.flops - one.flops));
}

/** Perplexities that the adaptation measured, from the table beside its weights. */
function qualitiesBeside(weights: string | undefined): Map<number, number> {
  const path = weights === undefined ? undefined : join(dirname(weights), STITCHES);
  if (path === undefined || !existsSync(path)) return new Map();
  try {
    const rows = JSON.parse(readFileSync(path, "utf8")) as { stitch_id: number; perplexity: number | null }[];
    return new Map(rows.flatMap(({ stitch_id, perplexity }) => (perplexity === null ? [] : [[stitch_id, perplexity] as const])));
  } catch (error) {
    throw new UsageError(`chat ${path}: cannot be read (${error instanceof Error ? error.message : String(error)}), expected the file that esta adapt wrote. Adapt again or take it away.`);
  }
}

/** Reads lines until there are none, /quit, or Ctrl-C twice. */
async function talk(partner: ChatPartner, first: StitchWish): Promise<void> {
  const session = new ChatSession(partner, first);
  const interactive = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, terminal: interactive, ...(interactive ? { output: process.stdout, prompt: "> " } : {}) });
  let warned = false;
  const interrupt = (): void => {
    if (session.stop()) return;
    if (warned || session.answering) return lines.close();
    warned = true;
    partner.write("\n(Ctrl-C once more, or /quit, ends)\n");
    if (interactive) lines.prompt();
  };
  lines.on("SIGINT", interrupt);
  process.on("SIGINT", interrupt);
  try {
    if (interactive) lines.prompt();
    for await (const line of lines) {
      warned = false;
      if (!interactive) partner.write(`> ${line}\n`);
      if (!(await session.take(line))) break;
      if (interactive) lines.prompt();
    }
  } finally {
    process.off("SIGINT", interrupt);
    lines.close();
  }
}
