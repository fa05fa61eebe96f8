/**
 * @file How an instruction is put to a model, and an example as tokens of which only the response is learned.
 */
import { UsageError } from "../checks.js";
import type { Tokenizer } from "./tokenizer.js";

/** Asked and answered; the same fields as Alpaca's data. */
export interface Exchange {
  readonly instruction: string;
  readonly input: string;
  readonly output: string;
}

/** `alpaca`: the wording that Alpaca's models were trained with. `short`: its headings alone, for models with a small context (our choice). */
export type PromptTemplate = "alpaca" | "short";

const openings = {
  alpaca: {
    withInput: "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n",
    alone: "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n",
  },
  short: { withInput: "", alone: "" },
};

/**
 * Returns the prompt: opening, `### Instruction:`, the instruction, where there is one `### Input:` and the input, and `### Response:`, each on lines of its
 * own with a blank line between. The response follows on the next line.
 */
export function promptOf({ instruction, input }: Pick<Exchange, "instruction" | "input">, template: PromptTemplate): string {
  const { withInput, alone } = openings[template];
  const asked = `### Instruction:\n${instruction}\n\n`;
  return input === "" ? `${alone}${asked}### Response:\n` : `${withInput}${asked}### Input:\n${input}\n\n### Response:\n`;
}

/** The prompt as tokens, after the mark that begins a text where the tokenizer has one. */
export function encodePrompt(question: Pick<Exchange, "instruction" | "input">, tokenizer: Tokenizer, template: PromptTemplate): number[] {
  return tokenizer.encode(promptOf(question, template), { begin: tokenizer.beginId !== undefined });
}

/** Tokens of one example; `responseMask` is 1 where a token belongs to the response (its end mark too). */
export interface EncodedExample {
  readonly tokens: Int32Array;
  readonly responseMask: Uint8Array;
}

/**
 * Writes begin mark, prompt, response and end mark. Prompt and response are cut into tokens apart, so that generation from the prompt meets the same
 * tokens as training.
 *
 * @param context - the longest sequence that the model reads.
 * @param where - names the example in the error, such as `data.json:12`.
 * @throws {UsageError} when the tokens exceed the context.
 */
export function encodeExample(example: Exchange, tokenizer: Tokenizer, template: PromptTemplate, context: number, where = "example"): EncodedExample {
  const prompt = encodePrompt(example, tokenizer, template);
  const response = tokenizer.encode(example.output, { end: tokenizer.endId !== undefined });
  const length = prompt.length + response.length;
  if (length > context) {
    throw new UsageError(`encodeExample ${where}: ${length} tokens (${prompt.length} of the prompt, ${response.length} of the response), expected at most the model's context of ${context}. Shorten the example or leave it out.`);
  }
  const responseMask = new Uint8Array(length).fill(1, prompt.length);
  return { tokens: Int32Array.from([...prompt, ...response]), responseMask };
}
