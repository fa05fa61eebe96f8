/**
 * @file The backend `native`: TensorFlow.js's JavaScript backend with its tensors in pooled arrays, for kernels written in Rust.
 */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Addon, Halves, Weight } from "./addon.js";
import { BufferPool } from "./buffer-pool.js";

/** Numbers of one AdamW update, made in double precision by the caller. */
export interface AdamWNumbers {
  /** 1 − learning rate · decay. */
  readonly keep: number;
  /** learning rate / (1 − β1ᵗ). */
  readonly rate: number;
  /** 1 / √(1 − β2ᵗ). */
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** What the backend keeps of a tensor whose numbers stay in 16 bits. Kernels in JavaScript see them widened, in memory of their own. */
class HalfData {
  readonly dtype = "float32";
  refCount = 1;

  constructor(
    readonly halves: Halves,
    private readonly addon: Addon,
  ) {}

  get values(): Float32Array {
    const wide = new Float32Array(this.halves.length);
    this.addon.widen(this.halves, wide);
    return wide;
  }
}

/**
 * Three rules keep pooled arrays safe. What comes from outside is copied in, what is read is copied out, and an array that a
 * JavaScript kernel returns as a view of an input is copied too; so no array in the pool is in anybody's hands.
 */
export class NativeBackend extends MathBackendCPU {
  readonly pool = new BufferPool();

  constructor(readonly addon: Addon) {
    super();
    Object.assign(this, { firstUse: false });
  }

  /** Makes a tensor whose values a kernel is about to write, all of them. */
  output(shape: readonly number[]): { info: tf.TensorInfo; values: Float32Array } {
    const values = this.pool.take(tf.util.sizeFromShape([...shape]));
    return { info: { dataId: super.write(values, [...shape], "float32"), shape: [...shape], dtype: "float32" }, values };
  }

  /**
   * The values of a tensor as float32: its own array, not to be kept beyond the kernel, or a copy where it holds other numbers.
   *
   * A tensor cast to float32 by a JavaScript kernel shares the bytes or whole numbers that it was cast from.
   */
  values(info: tf.TensorInfo): Float32Array {
    const { values } = this.data.get(info.dataId);
    return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
  }

  /**
   * Makes a float32 tensor of numbers that stay in 16 bits. They are not copied: nobody may write them while the tensor lives.
   */
  halfTensor(halves: Halves, shape: readonly number[]): tf.TensorInfo {
    const info = { dataId: super.write(new Float32Array(0), [0], "float32"), shape: [...shape], dtype: "float32" as const };
    this.data.set(info.dataId, new HalfData(halves, this.addon));
    return info;
  }

  /** Whether a tensor's numbers are kept in 16 bits. */
  holdsHalves(info: tf.TensorInfo): boolean {
    return this.data.has(info.dataId) && this.data.get(info.dataId) instanceof HalfData;
  }

  /** The numbers of a tensor as they lie in memory: 16-bit ones without widening, others as {@link values}. */
  weight(info: tf.TensorInfo): Weight {
    const data = this.data.get(info.dataId);
    return data instanceof HalfData ? data.halves : this.values(info);
  }

  /** The values of a tensor as int32, as {@link values} does. */
  wholeNumbers(info: tf.TensorInfo): Int32Array {
    const { values } = this.data.get(info.dataId);
    return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (values instanceof Float32Array) {
      const own = this.pool.take(values.length);
      own.set(values);
      return super.write(own, shape, dtype);
    }
    return super.write(values instanceof Int32Array || values instanceof Uint8Array ? values.slice() : values, shape, dtype);
  }

  override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: tf.BackendValues | string[]): tf.TensorInfo {
    // A JavaScript kernel's fresh result is taken over as it is; `write` copies only what is a view of a tensor.
    if (values instanceof Float32Array && !this.pool.owns(values)) return { dataId: super.write(values, shape, dtype), shape, dtype };
    return super.makeTensorInfo(shape, dtype, values);
  }

  override readSync(dataId: object): tf.BackendValues {
    const values = super.readSync(dataId);
    return Array.isArray(values) || this.data.get(dataId) instanceof HalfData ? values : values.slice();
  }

  override disposeData(dataId: object, force = false): boolean {
    const data = this.data.has(dataId) ? this.data.get(dataId) : undefined;
    const values = data instanceof HalfData ? undefined : data?.values;
    const gone = super.disposeData(dataId, force);
    if (gone && values instanceof Float32Array && this.pool.owns(values)) this.pool.give(values);
    return gone;
  }

  override dispose(): void {
    this.pool.clear();
    super.dispose();
  }

  /**
   * Updates a parameter and its moments in place by AdamW.
   *
   * A parameter whose memory someone else holds too (a clone, the tensor it was made from) gets memory of its own first.
   */
  updateAdamW(parameter: tf.Variable, gradient: tf.Tensor, firstMoment: Float32Array, secondMoment: Float32Array, numbers: AdamWNumbers): void {
    if (this.refCount(parameter.dataId) !== 1 || !this.pool.owns(this.values(parameter))) {
      const own = tf.tensor(this.values(parameter), parameter.shape, "float32");
      parameter.assign(own);
      own.dispose();
    }
    const { keep, rate, scale, beta1, beta2, epsilon } = numbers;
    this.addon.adamW(this.values(parameter), this.values(gradient), firstMoment, secondMoment, keep, rate, scale, beta1, beta2, epsilon);
  }
}
