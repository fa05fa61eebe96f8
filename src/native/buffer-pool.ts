/**
 * @file Arrays that are used again instead of being made and collected: a training step asks for the same sizes each time.
 */

/** Bytes kept for later use at most; what comes back beyond that is left to the garbage collector. */
const MOST_BYTES = 1 << 30;

/** Arrays by length. Contents are whatever the last user left, so every kernel must write all of its output. */
export class BufferPool {
  readonly #free = new Map<number, Float32Array[]>();
  readonly #own = new WeakSet<ArrayBufferLike>();
  #bytes = 0;

  /** Bytes that wait for use. */
  get idleBytes(): number {
    return this.#bytes;
  }

  /** Returns an array of this length with arbitrary contents. */
  take(length: number): Float32Array {
    const found = this.#free.get(length)?.pop();
    if (found !== undefined) {
      this.#bytes -= found.byteLength;
      return found;
    }
    const made = new Float32Array(length);
    this.#own.add(made.buffer);
    return made;
  }

  /** Whether this memory came from {@link take}; a view into it counts. */
  owns(values: Float32Array): boolean {
    return this.#own.has(values.buffer);
  }

  /** Takes an array back that {@link take} gave out; nobody may use it afterwards. */
  give(values: Float32Array): void {
    if (this.#bytes + values.byteLength > MOST_BYTES) this.clear();
    this.#bytes += values.byteLength;
    const list = this.#free.get(values.length);
    if (list === undefined) this.#free.set(values.length, [values]);
    else list.push(values);
  }

  /** Lets go of all waiting arrays. */
  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}
