//! The linear layer with its bias and low-rank update, and its gradients.

use crate::matmul::{self, Packed, View, with_packed};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::with_work;
use crate::simd::{LANES, add_to};
use crate::tile::{self, Small};
use crate::weight::Weight;
use crate::{half, vector};

/// With fewer rows than these the weight is read across; so it is where the product packs it anyway.
const ROWS_WORTH_TURNING: usize = 64;

/// The low-rank update `scaling·B·A` of a weight; both factors empty when there is none.
#[derive(Clone, Copy)]
pub struct Lora<'a> {
    /// `[rank, inputs]`
    pub a: &'a [f32],
    /// `[outputs, rank]`
    pub b: &'a [f32],
    pub rank: usize,
    pub scaling: f32,
}

impl Lora<'_> {
    pub const NONE: Self = Lora { a: &[], b: &[], rank: 0, scaling: 0.0 };
}

/// Writes `W + scaling·B·A`.
fn merge(weight: &[f32], lora: Lora<'_>, outputs: usize, inputs: usize, sum: &mut [f32]) {
    let cut = Cut::rows(outputs, (inputs * lora.rank) as f64 / 16.0);
    let shared = Shared::new(sum);
    let b = View::new(lora.b, outputs, lora.rank);
    let a = View::new(lora.a, lora.rank, inputs);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        let part = unsafe { shared.slice(start * inputs, (end - start) * inputs) };
        part.copy_from_slice(&weight[start * inputs..end * inputs]);
        matmul::product_into(matmul::rows_of(b, start, end), a, part, inputs, lora.scaling, true);
    });
}

/// Hands `W + scaling·B·A` to `work`, or W itself without an update.
pub fn with_merged(weight: &[f32], lora: Lora<'_>, outputs: usize, inputs: usize, work: impl FnOnce(&[f32])) {
    if lora.rank == 0 {
        return work(weight);
    }
    with_work([weight.len()], |[sum]| {
        merge(weight, lora, outputs, inputs, sum);
        work(sum);
    });
}

/// A weight to pack: its update, its outputs and its inputs.
pub type Weighed<'a> = (&'a [f32], Lora<'a>, usize, usize);

/// Packs weights, updates merged, and hands all of them to `work`; turned for the way forward.
pub fn with_weights<const COUNT: usize>(weights: [Weighed<'_>; COUNT], rows: usize, turned: bool, work: &(dyn Fn([Packed<'_>; COUNT]) + Sync)) {
    pack_next(&weights, &[], rows, turned, &|packed| work(std::array::from_fn(|place| packed[place])));
}

fn pack_next(weights: &[Weighed<'_>], packed: &[Packed<'_>], rows: usize, turned: bool, work: &dyn Fn(&[Packed<'_>])) {
    let Some((&(weight, lora, outputs, inputs), rest)) = weights.split_first() else {
        return work(packed);
    };
    with_merged(weight, lora, outputs, inputs, |weight| {
        let view = View::new(weight, outputs, inputs);
        with_packed(if turned { view.turned() } else { view }, rows, &mut |one| {
            pack_next(rest, &[packed, &[one]].concat(), rows, turned, work);
        });
    });
}

multiversion! {
    /// Adds a row to every row.
    pub fn add_row(rows: &mut [f32], row: &[f32]) {
        for line in rows.chunks_exact_mut(row.len()) {
            add_to(line, row);
        }
    }
}

/// Writes `(W + scaling·B·A)ᵀ`, inputs × outputs: made once, it multiplies a quarter faster than W read across.
fn turn(weight: &[f32], lora: Lora<'_>, outputs: usize, inputs: usize, turned: &mut [f32]) {
    const SIDE: usize = 16;
    let cut = Cut::of(inputs, SIDE);
    let shared = Shared::new(turned);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        let part = unsafe { shared.slice(start * outputs, (end - start) * outputs) };
        for first in (0..outputs).step_by(SIDE) {
            let last = (first + SIDE).min(outputs);
            for (line, input) in part.chunks_exact_mut(outputs).zip(start..end) {
                for (value, output) in line[first..last].iter_mut().zip(first..last) {
                    *value = weight[output * inputs + input];
                }
            }
        }
        if lora.rank > 0 {
            let a = View::new(lora.a, lora.rank, inputs).turned();
            let b = View::new(lora.b, outputs, lora.rank).turned();
            matmul::product_into(matmul::rows_of(a, start, end), b, part, outputs, lora.scaling, true);
        }
    });
}

/// `y = x·(W + scaling·B·A)ᵀ + bias`; an empty bias is none.
pub fn forward(x: &[f32], weight: Weight, bias: &[f32], lora: Lora<'_>, y: &mut [f32], rows: usize, inputs: usize, outputs: usize) {
    if rows == 0 || outputs == 0 {
        return;
    }
    if rows <= vector::MOST && inputs > 0 {
        return x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)).for_each(|(x, y)| vector::linear(weight, bias, lora, x, y));
    }
    let weight = match weight {
        Weight::Float32(values) => values,
        Weight::Half(halves) => return half::forward(x, halves, bias, lora, y, rows, inputs, outputs),
    };
    if rows < ROWS_WORTH_TURNING || matmul::packs(rows, inputs, outputs) {
        return with_merged(weight, lora, outputs, inputs, |weight| multiply(View::new(x, rows, inputs), View::new(weight, outputs, inputs).turned(), bias, y));
    }
    with_work([inputs * outputs], |[turned]| {
        turn(weight, lora, outputs, inputs, turned);
        multiply(View::new(x, rows, inputs), View::new(turned, inputs, outputs), bias, y);
    });
}

/// `y = x·w + bias`.
fn multiply(x: View<'_, f32>, w: View<'_, f32>, bias: &[f32], y: &mut [f32]) {
    matmul::product_then(x, w, y, 1.0, false, &|part| {
        if !bias.is_empty() {
            add_row(part, bias);
        }
    });
}

/// `dx = dy·(W + scaling·B·A)`.
pub fn backward_x(dy: &[f32], weight: Weight, lora: Lora<'_>, dx: &mut [f32], rows: usize, inputs: usize, outputs: usize) {
    let weight = match weight {
        Weight::Float32(values) => values,
        Weight::Half(halves) => return half::backward_x(dy, halves, lora, dx, rows, inputs, outputs),
    };
    with_merged(weight, lora, outputs, inputs, |weight| matmul::product(View::new(dy, rows, outputs), View::new(weight, outputs, inputs), dx, 1.0, false));
}

/// The factors of an update as narrow products read them: `B`, outputs × rank, and `Aᵀ`, inputs × rank, rows filled up with zeros to whole vectors.
#[derive(Clone, Copy)]
pub struct Narrow<'a> {
    a: &'a [f32],
    b: &'a [f32],
    rank: usize,
}

/// Lays the factors out and hands them to `work`.
pub fn with_narrow<R>(lora: Lora<'_>, inputs: usize, outputs: usize, work: impl FnOnce(Narrow<'_>) -> R) -> R {
    let (rank, line) = (lora.rank, narrow_line(lora.rank));
    with_work([inputs * line, outputs * line], |[a, b]| {
        a.fill(0.0);
        b.fill(0.0);
        for (r, row) in lora.a.chunks_exact(inputs.max(1)).enumerate() {
            for (line, value) in a.chunks_exact_mut(line).zip(row) {
                line[r] = *value;
            }
        }
        for (line, row) in b.chunks_exact_mut(line.max(1)).zip(lora.b.chunks_exact(rank.max(1))) {
            line[..rank].copy_from_slice(row);
        }
        work(Narrow { a, b, rank })
    })
}

/// Numbers that [`add_lora_rows`] works with for each row.
pub fn narrow_line(rank: usize) -> usize {
    rank.next_multiple_of(LANES)
}

/// Scales the sums of [`add_lora_rows`]; that of B is summed as rank × outputs and asked for as outputs × rank.
pub fn finish_lora(a: &mut [f32], b: &mut [f32], lora: Lora<'_>) {
    let Lora { rank, scaling, .. } = lora;
    if rank == 0 {
        return;
    }
    a.iter_mut().for_each(|value| *value *= scaling);
    let (turned, outputs) = (b.to_vec(), b.len() / rank);
    for (index, value) in b.iter_mut().enumerate() {
        *value = scaling * turned[index % rank * outputs + index / rank];
    }
}

/// Adds `(dy·B)ᵀ·x`, rank × inputs, and `(x·Aᵀ)ᵀ·dy`, rank × outputs, for rows that are in the cache; an empty sum is left out. `low` holds [`narrow_line`] numbers a row.
pub fn add_lora_rows(x: &[f32], dy: &[f32], lora: Narrow<'_>, inputs: usize, outputs: usize, low: &mut [f32], sum_a: &mut [f32], sum_b: &mut [f32]) {
    let (rows, rank, line) = (x.len() / inputs, lora.rank, narrow_line(lora.rank));
    let down = |from: &[f32], depth: usize, factor: &[f32], low: &mut [f32]| {
        tile::small_product(from, factor, low, Small { a_row: depth, a_step: 1, b_step: line, c_row: line, rows, columns: line, depth, accumulate: false });
    };
    let add = |low: &[f32], from: &[f32], width: usize, sum: &mut [f32]| {
        tile::small_product(low, from, sum, Small { a_row: 1, a_step: line, b_step: width, c_row: width, rows: rank, columns: width, depth: rows, accumulate: true });
    };
    if !sum_a.is_empty() {
        down(dy, outputs, lora.b, low);
        add(low, x, inputs, sum_a);
    }
    if !sum_b.is_empty() {
        down(x, inputs, lora.a, low);
        add(low, dy, outputs, sum_b);
    }
}

/// `dA = scaling·(dy·B)ᵀ·x` and `dB = scaling·dyᵀ·(x·Aᵀ)`. Each is skipped when its output is empty.
///
/// Rows are taken in portions that stay in the cache: the narrow products are made and used there.
pub fn backward_lora(x: &[f32], dy: &[f32], lora: Lora<'_>, da: &mut [f32], db: &mut [f32], rows: usize, inputs: usize, outputs: usize) {
    let rank = lora.rank;
    let portion = 64;
    let groups = Cut::of(rows, rows.div_ceil(16).max(portion).next_multiple_of(portion));
    let (want_a, want_b) = (!da.is_empty(), !db.is_empty());
    // Per group: rank × inputs for dA, then rank × outputs for dB transposed.
    let (size_a, size_b) = (if want_a { rank * inputs } else { 0 }, if want_b { rank * outputs } else { 0 });
    let mut partial = vec![0.0f32; groups.chunks.max(1) * (size_a + size_b)];
    let shared = Shared::new(&mut partial);
    with_narrow(lora, inputs, outputs, |narrow| {
        for_each_chunk(groups.chunks, |group| {
            let (first, last) = groups.bounds(group);
            // SAFETY: groups own disjoint parts.
            let (sum_a, sum_b) = unsafe { shared.slice(group * (size_a + size_b), size_a + size_b) }.split_at_mut(size_a);
            with_work([portion * narrow_line(rank)], |[low]| {
                for start in (first..last).step_by(portion) {
                    let end = (start + portion).min(last);
                    add_lora_rows(&x[start * inputs..end * inputs], &dy[start * outputs..end * outputs], narrow, inputs, outputs, low, sum_a, sum_b);
                }
            });
        });
    });
    for index in 0..size_a {
        let mut sum = 0.0;
        for group in 0..groups.chunks {
            sum += partial[group * (size_a + size_b) + index];
        }
        da[index] = lora.scaling * sum;
    }
    for r in 0..if want_b { rank } else { 0 } {
        for output in 0..outputs {
            let mut sum = 0.0;
            for group in 0..groups.chunks {
                sum += partial[group * (size_a + size_b) + size_a + r * outputs + output];
            }
            db[output * rank + r] = lora.scaling * sum;
        }
    }
}
