/**
 * @file How well one order predicts another: Spearman's and Kendall's rank correlations.
 */

/** Ranks from 1, equal values sharing the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let place = start; place < end; place++) result[order[place]!] = (start + end + 1) / 2;
    start = end;
  }
  return result;
}

/** Spearman's ρ: Pearson's correlation of the ranks. Null with fewer than two values, or where one side is constant. */
export function spearman(first: readonly number[], second: readonly number[]): number | null {
  const [a, b] = [ranks(first), ranks(second)];
  const mean = (a.length + 1) / 2;
  let [product, aSquares, bSquares] = [0, 0, 0];
  for (let index = 0; index < a.length; index++) {
    product += (a[index]! - mean) * (b[index]! - mean);
    aSquares += (a[index]! - mean) ** 2;
    bSquares += (b[index]! - mean) ** 2;
  }
  return aSquares === 0 || bSquares === 0 ? null : product / Math.sqrt(aSquares * bSquares);
}

/** Kendall's τ-b, which allows for ties. Null with fewer than two values, or where one side is constant. */
export function kendall(first: readonly number[], second: readonly number[]): number | null {
  let [balance, firstUntied, secondUntied] = [0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [Math.sign(first[i]! - first[j]!), Math.sign(second[i]! - second[j]!)];
      balance += a * b;
      firstUntied += a * a;
      secondUntied += b * b;
    }
  }
  return firstUntied === 0 || secondUntied === 0 ? null : balance / Math.sqrt(firstUntied * secondUntied);
}
