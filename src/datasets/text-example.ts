/**
 * @file One instruction and the answer to it, in the fields of Alpaca's data.
 */

/** What a model is asked and what it should answer. */
export interface InstructionExample {
  readonly instruction: string;
  /** What the instruction is about; empty where it needs nothing. */
  readonly input: string;
  /** The answer, never empty. */
  readonly output: string;
}
