/**
 * @file What a decoder remembers of the tokens it has read: keys and values of every layer on its route.
 */
import { tf, type Tensor } from "../tensor/index.js";

/** Keys (already turned to their positions) and values of one layer, each `[B, M, Hkv·dh]`. */
export interface KeysAndValues {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Keys and values by layer. Its tensors live until {@link KeyValueMemory.dispose}. */
export class KeyValueMemory {
  readonly #kept = new Map<string, KeysAndValues>();

  /** Tokens remembered under that name. */
  length(slot: string): number {
    return this.#kept.get(slot)?.keys.shape[1] ?? 0;
  }

  /** Puts new tokens after those remembered and returns all of them; the memory owns what it returns. */
  extend(slot: string, fresh: KeysAndValues): KeysAndValues {
    const before = this.#kept.get(slot);
    const whole = tf.tidy(() => ({
      keys: tf.keep(before === undefined ? tf.clone(fresh.keys) : tf.concat([before.keys, fresh.keys], 1)),
      values: tf.keep(before === undefined ? tf.clone(fresh.values) : tf.concat([before.values, fresh.values], 1)),
    }));
    tf.dispose([before?.keys, before?.values]);
    this.#kept.set(slot, whole);
    return whole;
  }

  /** Forgets everything and frees it. */
  dispose(): void {
    for (const { keys, values } of this.#kept.values()) tf.dispose([keys, values]);
    this.#kept.clear();
  }
}
