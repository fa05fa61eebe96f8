/**
 * @file What a decoder remembers of the tokens it has read: keys and values of every layer on its route.
 */
import { tf, type Tensor } from "../tensor/index.js";

/** Keys (already turned to their positions) and values of one layer, each `[B, M, Hkv·dh]`. */
export interface KeysAndValues {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Tokens that a layer's memory has room for, at least, once it is written in place. */
const LEAST_ROOM = 64;

/** Keys and values by layer. Its tensors live until {@link KeyValueMemory.dispose}. */
export class KeyValueMemory {
  /** The first `length` rows are remembered, the rest is room. */
  readonly #kept = new Map<string, KeysAndValues & { readonly length: number }>();

  /** Tokens remembered under that name. */
  length(slot: string): number {
    return this.#kept.get(slot)?.length ?? 0;
  }

  /** Puts new tokens after those remembered and returns all of them; the memory owns what it returns. */
  extend(slot: string, fresh: KeysAndValues): KeysAndValues {
    const before = this.#kept.get(slot);
    const join = (old: Tensor | undefined, added: Tensor): Tensor => {
      if (old === undefined) return tf.keep(tf.clone(added));
      const [batch, , width] = old.shape as [number, number, number];
      return tf.keep(tf.concat([tf.slice(old, [0, 0, 0], [batch, before!.length, width]), added], 1));
    };
    const whole = tf.tidy(() => ({ keys: join(before?.keys, fresh.keys), values: join(before?.values, fresh.values) }));
    tf.dispose([before?.keys, before?.values]);
    this.#kept.set(slot, { ...whole, length: whole.keys.shape[1]! });
    return whole;
  }

  /**
   * Makes room for one more token of a single sequence, counts it as remembered and returns the whole memory, `[1, room, width]`; the caller
   * writes the token's keys and values at row `length − 1`.
   */
  reserve(slot: string, width: number): KeysAndValues {
    const before = this.#kept.get(slot);
    const length = before?.length ?? 0;
    const room = before?.keys.shape[1] ?? 0;
    const grown = (old: Tensor | undefined): Tensor => {
      const fresh = Math.max(LEAST_ROOM, 2 * length) - length;
      return tf.keep(old === undefined ? tf.zeros([1, fresh, width]) : tf.tidy(() => tf.pad(tf.slice(old, [0, 0, 0], [1, length, width]), [[0, 0], [0, fresh], [0, 0]])));
    };
    const memory = before !== undefined && length < room ? before : { keys: grown(before?.keys), values: grown(before?.values) };
    if (memory !== before) tf.dispose([before?.keys, before?.values]);
    this.#kept.set(slot, { keys: memory.keys, values: memory.values, length: length + 1 });
    return memory;
  }

  /** Forgets everything and frees it. */
  dispose(): void {
    for (const { keys, values } of this.#kept.values()) tf.dispose([keys, values]);
    this.#kept.clear();
  }
}
