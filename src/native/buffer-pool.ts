/**
 * @file Arrays that are used again instead of being made and collected: a training step asks for the same sizes each time.
 */

/** Bytes that may wait for use however little is in use. */
const LEAST_IDLE_BYTES = 64 * 2 ** 20;

/**
 * Arrays by length. Contents are whatever the last user left, so every kernel must write all of its output.
 *
 * At most as many bytes wait as were ever in use at once; beyond that, arrays of the length that was not used for longest are let go.
 * So stitches of different widths, one after the other, cost the memory of the largest twice and not the sum of all.
 */
export class BufferPool {
  /** Waiting arrays; the order of the keys is that of last use. */
  readonly #free = new Map<number, Float32Array[]>();
  readonly #own = new WeakSet<ArrayBufferLike>();
  #idleBytes = 0;
  #usedBytes = 0;
  #mostUsedBytes = 0;

  /** Bytes that wait for use. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** Bytes given out and not yet returned. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Returns an array of this length with arbitrary contents. */
  take(length: number): Float32Array {
    this.#usedBytes += 4 * length;
    if (this.#usedBytes > this.#mostUsedBytes) this.#mostUsedBytes = this.#usedBytes;
    const found = this.#free.get(length)?.pop();
    if (found !== undefined) {
      this.#idleBytes -= found.byteLength;
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
    this.#usedBytes -= values.byteLength;
    this.#idleBytes += values.byteLength;
    const list = this.#free.get(values.length) ?? [];
    list.push(values);
    if (this.#idleBytes > Math.max(LEAST_IDLE_BYTES, this.#mostUsedBytes)) this.#trim(values.length);
    this.#free.set(values.length, list);
  }

  /** Lets go of all waiting arrays. */
  clear(): void {
    this.#free.clear();
    this.#idleBytes = 0;
  }

  /** Lets the lengths go that were not returned for longest, until the rest fits; `recent` becomes the latest. */
  #trim(recent: number): void {
    this.#free.delete(recent);
    for (const [length, list] of this.#free) {
      if (this.#idleBytes <= Math.max(LEAST_IDLE_BYTES, this.#mostUsedBytes)) return;
      this.#free.delete(length);
      this.#idleBytes -= 4 * length * list.length;
    }
  }
}
