/**
 * @file Matrix products on the native backend.
 */
import { allFloat, product, registerNativeKernel } from "../kernel.js";

/** Replaces tfjs's batched matrix product. Batches that broadcast otherwise than one against many are left to JavaScript. */
export function registerProducts(): void {
  registerNativeKernel("BatchMatMul", ({ inputs, attributes, backend }) => {
    const { a, b } = inputs as Record<"a" | "b", (typeof inputs)[string]>;
    if (!allFloat(a, b)) return undefined;
    const turnA = attributes["transposeA"] === true;
    const turnB = attributes["transposeB"] === true;
    const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
    const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
    const batchA = a.shape.slice(0, -2);
    const batchB = b.shape.slice(0, -2);
    const countA = product(batchA);
    const countB = product(batchB);
    if (!(batchA.join() === batchB.join() || countA === 1 || countB === 1)) return undefined;
    const wider = batchA.length > batchB.length || (batchA.length === batchB.length && countA >= countB) ? batchA : batchB;
    const batch = Math.max(countA, countB);
    if (product(wider) !== batch || countA === 0 || countB === 0) return undefined;
    const m = turnA ? columnsA : rowsA;
    const k = turnA ? rowsA : columnsA;
    const n = turnB ? rowsB : columnsB;
    if (k !== (turnB ? columnsB : rowsB)) return undefined;
    const { info, values } = backend.output([...wider, m, n]);
    backend.addon.matmul(backend.values(a), backend.values(b), values, batch, countA, countB, m, n, k, turnA, turnB);
    return info;
  });
}
