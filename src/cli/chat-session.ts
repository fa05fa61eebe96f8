/**
 * @file A talk with a stitched pair of decoders: lines come in, answers stream out, typed commands switch the stitch.
 */
import { UsageError } from "../checks.js";
import { countText } from "../reporting/claim-text.js";
import type { AnswerPiece } from "../training/answer-stream.js";
import { chooseStitch, sizeOf, type StitchOffer, type StitchWish } from "./stitch-choice.js";
import { textTable } from "./text-table.js";

/** What a session talks with and to. */
export interface ChatPartner {
  readonly offers: readonly StitchOffer[];
  /** Answers a question, piece by piece. */
  answer(stitchId: number, question: string): Iterable<AnswerPiece>;
  /** Writes text as it is, without a new line. */
  write(text: string): void;
  /** Milliseconds, for rates. */
  now(): number;
}

/** Commands, for help. */
export const chatCommands: readonly (readonly [string, string])[] = [
  ["/stitch ID", "answer with this stitch"],
  ["/params N", "with the best stitch of at most N parameters, as 2M or 300M"],
  ["/flops N", "of at most N multiply–accumulates a token"],
  ["/latency MS", "of at most MS milliseconds a token, estimated from both decoders' times"],
  ["/quality X", "with the smallest stitch whose perplexity is at most X, where adaptation measured it"],
  ["/list", "the stitches and what they cost"],
  ["/help", "these commands"],
  ["/quit", "end"],
];

/** One talk. */
export class ChatSession {
  #chosen: StitchOffer;
  #stopping = false;
  #answering = false;

  constructor(
    private readonly partner: ChatPartner,
    first: StitchWish,
  ) {
    this.#chosen = chooseStitch(partner.offers, first);
    this.#tellChoice();
  }

  /** Whether an answer is being written. */
  get answering(): boolean {
    return this.#answering;
  }

  /** Stops the answer after the token at hand. Returns whether there was one to stop. */
  stop(): boolean {
    const stopped = this.#answering && !this.#stopping;
    this.#stopping = this.#answering;
    return stopped;
  }

  /** Takes a line: a question or a command. Returns whether the talk goes on; what the caller can mend is told, and it goes on. */
  async take(line: string): Promise<boolean> {
    const text = line.trim();
    try {
      if (text === "") return true;
      if (!text.startsWith("/")) await this.#answer(text);
      else return this.#command(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.partner.write(`${error.message}\n`);
    }
    return true;
  }

  #command(text: string): boolean {
    const [name, value = ""] = text.slice(1).split(/\s+/, 2) as [string, string?];
    switch (name) {
      case "quit":
        return false;
      case "help":
        for (const line of chatCommands) this.partner.write(`${line[0].padEnd(12)} ${line[1]}\n`);
        return true;
      case "list":
        for (const line of this.#table()) this.partner.write(`${line}\n`);
        return true;
      case "stitch":
      case "params":
      case "flops":
      case "latency":
      case "quality": {
        const size = sizeOf(value);
        if (size === undefined) throw new UsageError(`chat: /${name} got ${JSON.stringify(value)}, expected a number, as 2, 0.5 or 1.5M.`);
        this.#chosen = chooseStitch(this.partner.offers, { kind: name, value: size });
        this.#tellChoice();
        return true;
      }
      default:
        throw new UsageError(`chat: /${name} is no command, expected one of ${chatCommands.map(([command]) => command.split(" ")[0]).join(", ")}.`);
    }
  }

  async #answer(question: string): Promise<void> {
    this.#answering = true;
    this.#stopping = false;
    let [tokens, first] = [0, 0];
    try {
      for (const { text } of this.partner.answer(this.#chosen.stitchId, question)) {
        if (tokens++ === 0) first = this.partner.now();
        this.partner.write(text);
        await new Promise((resolve) => setImmediate(resolve)); // a key that stops is seen between tokens
        if (this.#stopping) break;
      }
      const seconds = (this.partner.now() - first) / 1000;
      const rate = tokens > 1 && seconds > 0 ? `, ${((tokens - 1) / seconds).toFixed(1)} tokens/s` : "";
      this.partner.write(`\n[${countText(tokens, "token")}${rate}, stitch ${this.#chosen.stitchId}${this.#stopping ? ", stopped" : ""}]\n`);
    } finally {
      this.#answering = false;
      this.#stopping = false;
    }
  }

  #tellChoice(): void {
    const { stitchId, label, params, flops, milliseconds, perplexity } = this.#chosen;
    const quality = perplexity === null ? "" : `, perplexity ${perplexity.toFixed(2)}`;
    this.partner.write(`stitch ${stitchId}, ${label}: ${short(params)} parameters, ${short(flops)} multiply–accumulates and about ${milliseconds.toPrecision(2)} ms a token${quality}\n`);
  }

  #table(): string[] {
    const rows = this.partner.offers.map((offer) => [
      `${offer.stitchId}${offer === this.#chosen ? " *" : ""}`, offer.label, short(offer.params), short(offer.flops), offer.milliseconds.toPrecision(2), offer.perplexity?.toFixed(2) ?? "–",
    ]);
    return textTable(["stitch", "what", "parameters", "MACs/token", "ms/token", "perplexity"], rows, [2, 3, 4, 5]);
  }
}

/** Three digits or four, and a unit. */
function short(value: number): string {
  const [unit, size] = value >= 1e9 ? ["B", 1e9] : value >= 1e6 ? ["M", 1e6] : ["K", 1e3];
  return `${(value / Number(size)).toFixed(value / Number(size) >= 100 ? 0 : 2)} ${unit}`;
}
