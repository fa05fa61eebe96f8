/**
 * @file Which stitch answers: by its id, or the best within a budget.
 */
import { UsageError } from "../checks.js";

/** What is known of a stitch that can answer. */
export interface StitchOffer {
  readonly stitchId: number;
  /** For people: `L`, or `S→L (2→5)`. */
  readonly label: string;
  /** Parameters that it runs. */
  readonly params: number;
  /** Multiply–accumulates of one token within a full context. */
  readonly flops: number;
  /** Milliseconds a token, estimated. */
  readonly milliseconds: number;
  /** Perplexity of held-out responses; null where it was not measured. */
  readonly perplexity: number | null;
}

/** What decides. Params, flops and latency are upper bounds; quality is the highest perplexity allowed. */
export type StitchWish = { readonly kind: "stitch" | "params" | "flops" | "latency" | "quality"; readonly value: number };

const bounded = { params: "params", flops: "flops", latency: "milliseconds" } as const;

/**
 * Chooses a stitch. Within an upper bound the one of lowest perplexity, or of most parameters where no perplexity is known; for a quality, the one of
 * fewest parameters that reaches it.
 *
 * @param offers - at least one.
 * @throws {UsageError} when no stitch fits, saying what there is.
 */
export function chooseStitch(offers: readonly StitchOffer[], { kind, value }: StitchWish): StitchOffer {
  if (kind === "stitch") {
    const found = offers.find(({ stitchId }) => stitchId === value);
    if (found === undefined) throw new UsageError(`chat: stitch ${value} is not there, expected one of ${offers.map(({ stitchId }) => stitchId).join(", ")}.`);
    return found;
  }
  if (kind === "quality") {
    const known = offers.filter((offer): offer is StitchOffer & { perplexity: number } => offer.perplexity !== null);
    if (known.length === 0) throw new UsageError("chat: quality is not known of any stitch, expected perplexities in stitches.json beside the adapted weights, as esta adapt writes them.");
    const found = best(known.filter(({ perplexity }) => perplexity <= value), ({ params }) => params);
    if (found === undefined) throw new UsageError(`chat: no stitch has a perplexity of at most ${value}, expected ${Math.min(...known.map(({ perplexity }) => perplexity)).toFixed(2)} or more.`);
    return found;
  }
  const key = bounded[kind];
  const within = offers.filter((offer) => offer[key] <= value);
  const measured = within.every(({ perplexity }) => perplexity !== null);
  const found = best(within, ({ perplexity, params }) => (measured ? perplexity! : -params));
  if (found === undefined) throw new UsageError(`chat: no stitch has ${key} of at most ${value}, expected ${Number(Math.min(...offers.map((offer) => offer[key])).toPrecision(4))} or more.`);
  return found;
}

function best<Offer>(offers: readonly Offer[], cost: (offer: Offer) => number): Offer | undefined {
  return [...offers].sort((one, other) => cost(one) - cost(other))[0];
}

/** Reads a size: a number, or one in thousands (K), millions (M) or billions (B, G), as 1.5M. */
export function sizeOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)([KMBG]?)$/i.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * { "": 1, K: 1e3, M: 1e6, B: 1e9, G: 1e9 }[match[2]!.toUpperCase() as "" | "K" | "M" | "B" | "G"];
}
