/**
 * @file The value and the gradients of a scalar function, with a tape that keeps only what the way back reads.
 *
 * TensorFlow.js's own tape keeps every operation's inputs, and all gradients until the end. Here an operation is recorded only when
 * a tensor to differentiate by reaches it, a saved input is freed at once when no gradient asked for reads it, and on the way back a
 * gradient lives until its last use.
 */
import * as tf from "@tensorflow/tfjs-core";

/** An operation on the way from the tensors of interest to the result. */
interface TapeNode {
  readonly kernelName: string;
  /** Only the inputs that the tensors of interest reach. */
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved: readonly tf.Tensor[];
  readonly gradient: tf.GradFunc | undefined;
  readonly attributes: tf.NamedAttrMap;
}

/** What of tfjs's engine is used beyond its public face. */
interface Recorder {
  readonly state: { gradientDepth: number };
  startTape(): void;
  endTape(): void;
  addTapeNode?: (
    kernelName: string,
    inputs: Readonly<Record<string, tf.Tensor>>,
    outputs: tf.Tensor[],
    ownGradient: tf.GradFunc | null,
    saved: tf.Tensor[],
    attributes: tf.NamedAttrMap,
  ) => void;
}

/** Saved inputs that not every gradient of an operation reads: by kernel, their place and the inputs whose gradients do. */
const readOnlyFor: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  BatchMatMul: { 0: ["b"], 1: ["a"] },
  EstaLinear: { 0: ["weight"], 1: ["x"] },
  EstaLoraLinear: { 0: ["weight", "loraA", "loraB"], 1: ["x", "weight"] },
};

/** Kernels whose first output alone is a result; the others are notes for the way back. */
const withNotes: ReadonlySet<string> = new Set(["EstaBlock", "EstaLoraBlock", "EstaDecoderLayer"]);

/** Tensors, by id, that the recording under way follows. */
let followed: ReadonlySet<number> | undefined;

/** Whether a recording is under way that follows this tensor; one of tfjs's own may follow any. */
export function isFollowed({ id }: tf.Tensor): boolean {
  return followed?.has(id) ?? (tf.engine() as unknown as Recorder).state.gradientDepth > 0;
}

/**
 * Computes a scalar and its gradients.
 *
 * @param scalar - is run once; what it makes is freed.
 * @param of - tensors to differentiate by.
 * @returns the value, and a gradient for each tensor, undefined where the value does not depend on it. The caller disposes the
 * gradients, which no tidy frees; the value belongs to the tidy around, if there is one.
 * @throws {Error} when an operation on the way has no gradient, or inside the recording of another gradient.
 */
export function differentiate(scalar: () => tf.Tensor, of: readonly tf.Tensor[]): { value: tf.Tensor; gradients: (tf.Tensor | undefined)[] } {
  const tape: TapeNode[] = [];
  const slopes = new Map<number, tf.Tensor>();
  try {
    const value = record(scalar, of, tape);
    backpropagate(value, new Set(of.map(({ id }) => id)), tape, slopes);
    const gradients = of.map(({ id }) => slopes.get(id));
    for (const { id } of of) slopes.delete(id);
    return { value, gradients };
  } finally {
    for (const { saved } of tape) tf.dispose([...saved]);
    for (const slope of slopes.values()) slope.dispose();
  }
}

function record(scalar: () => tf.Tensor, of: readonly tf.Tensor[], tape: TapeNode[]): tf.Tensor {
  const engine = tf.engine() as unknown as Recorder;
  if (engine.state.gradientDepth > 0) throw new Error("differentiate: called while another gradient is recorded, expected one at a time.");
  const reached = new Set(of.map(({ id }) => id));
  followed = reached;
  engine.startTape();
  engine.addTapeNode = (kernelName, inputs, outputs, ownGradient, saved, attributes) => {
    const followed = Object.fromEntries(Object.entries(inputs).filter(([, input]) => reached.has(input?.id)));
    const isFollowed = Object.keys(followed).length > 0;
    saved.forEach((tensor, place) => {
      const readers = readOnlyFor[kernelName]?.[place];
      if (!isFollowed || (readers !== undefined && !readers.some((name) => name in followed))) tensor.dispose();
    });
    if (!isFollowed) return;
    for (const output of outputs) reached.add(output.id);
    const gradient = tf.getGradient(kernelName)?.gradFunc ?? ownGradient ?? undefined;
    tape.push({ kernelName, inputs: followed, outputs, saved, gradient, attributes });
  };
  try {
    return tf.tidy(scalar);
  } finally {
    followed = undefined;
    delete engine.addTapeNode;
    engine.endTape();
  }
}

/** Follows the tape back, freeing it on the way, and leaves in `slopes` the gradients of the tensors that are `wanted`, by id. */
function backpropagate(value: tf.Tensor, wanted: ReadonlySet<number>, tape: TapeNode[], slopes: Map<number, tf.Tensor>): void {
  slopes.set(value.id, tf.keep(tf.ones(value.shape)));
  for (let node = tape.pop(); node !== undefined; node = tape.pop()) {
    const { inputs, outputs, saved } = node;
    const incoming = outputs.map(({ id }) => slopes.get(id));
    try {
      if (incoming.some((slope) => slope !== undefined)) tf.tidy(() => propagate(node!, incoming, slopes));
    } finally {
      tf.dispose([...saved]);
    }
    for (const { id } of outputs) {
      if (wanted.has(id) || Object.values(inputs).some((input) => input.id === id)) continue;
      slopes.get(id)?.dispose();
      slopes.delete(id);
    }
  }
}

function propagate({ kernelName, inputs, outputs, saved, gradient, attributes }: TapeNode, incoming: readonly (tf.Tensor | undefined)[], slopes: Map<number, tf.Tensor>): void {
  if (gradient === undefined) throw new Error(`Cannot compute gradient: gradient function not found for ${kernelName}.`);
  const results = withNotes.has(kernelName) ? incoming.slice(0, 1) : incoming;
  const whole = results.map((slope, place) => slope ?? tf.zeros(outputs[place]!.shape));
  const closures = gradient(outputs.length > 1 ? whole : whole[0]!, [...saved], attributes);
  for (const [name, input] of Object.entries(inputs)) {
    const closure = closures[name];
    if (closure === undefined) throw new Error(`Cannot compute gradient: ${kernelName} has none for its input ${name}.`);
    const made = closure();
    const slope = incoming.includes(made) ? tf.clone(made) : made;
    if (!tf.util.arraysEqual(slope.shape, input.shape)) throw new Error(`The gradient of ${kernelName} by ${name} has shape [${slope.shape}], expected [${input.shape}].`);
    const before = slopes.get(input.id);
    slopes.set(input.id, tf.keep(before === undefined ? slope : tf.add(before, slope)));
    before?.dispose();
  }
}
