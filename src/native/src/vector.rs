//! Products of a matrix with one vector: every weight is read once, float32 ones four lines at a time.

use crate::half::Halves;
use crate::linear::Lora;
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{LANES, add_lanes, block_boundary, dot, multiply_add};
use crate::weight::Weight;

/// Up to so many vectors are multiplied one by one; more are a matrix.
pub const MOST: usize = 3;

/// Lines taken together.
const LINES: usize = 4;
/// 16-bit numbers widened at a time: they stay in the first cache.
const PORTION: usize = 512;

multiversion! {
    /// `y[line] = Σ weight[line]·x`
    fn lines_with(weight: &[f32], x: &[f32], y: &mut [f32]) {
        let width = x.len();
        let (x_blocks, x_rest) = x.as_chunks::<LANES>();
        let mut four = y.chunks_exact_mut(LINES);
        let mut at = 0;
        for out in &mut four {
            let lines: [&[f32]; LINES] = std::array::from_fn(|line| &weight[at + line * width..at + (line + 1) * width]);
            let blocks = lines.map(|line| line.as_chunks::<LANES>().0);
            let mut sums = [[0.0f32; LANES]; LINES];
            for (index, x) in x_blocks.iter().enumerate() {
                for line in 0..LINES {
                    block_boundary();
                    let block = &blocks[line][index];
                    for i in 0..LANES {
                        sums[line][i] = multiply_add::<FUSED>(block[i], x[i], sums[line][i]);
                    }
                }
            }
            for line in 0..LINES {
                let rest = &lines[line][width - x_rest.len()..];
                for i in 0..x_rest.len() {
                    sums[line][i] = multiply_add::<FUSED>(rest[i], x_rest[i], sums[line][i]);
                }
                out[line] = add_lanes(sums[line]);
            }
            at += LINES * width;
        }
        for out in four.into_remainder() {
            *out = dot::<FUSED>(&weight[at..at + width], x);
            at += width;
        }
    }
}

multiversion! {
    /// Adds `Σ line·x` to sixteen sums.
    fn add_products(line: &[f32], x: &[f32], sums: &mut [f32; LANES]) {
        let (blocks, rest) = line.as_chunks::<LANES>();
        let (x_blocks, x_rest) = x.as_chunks::<LANES>();
        let mut four = [[0.0f32; LANES]; 4];
        for (index, (block, x)) in blocks.iter().zip(x_blocks).enumerate() {
            block_boundary();
            let sums = &mut four[index % 4];
            for i in 0..LANES {
                sums[i] = multiply_add::<FUSED>(block[i], x[i], sums[i]);
            }
        }
        for i in 0..rest.len() {
            four[0][i] = multiply_add::<FUSED>(rest[i], x_rest[i], four[0][i]);
        }
        for i in 0..LANES {
            sums[i] += (four[0][i] + four[2][i]) + (four[1][i] + four[3][i]);
        }
    }
}

fn half_lines_with(weight: Halves<'_>, x: &[f32], y: &mut [f32]) {
    let width = x.len();
    let mut wide = [0.0f32; PORTION];
    for (line, out) in y.iter_mut().enumerate() {
        let mut sums = [0.0f32; LANES];
        for first in (0..width).step_by(PORTION) {
            let count = PORTION.min(width - first);
            weight.part(line * width + first, count).widen(&mut wide[..count]);
            add_products(&wide[..count], &x[first..first + count], &mut sums);
        }
        *out = add_lanes(sums);
    }
}

/// `y = W·x`
fn multiply(weight: Weight, x: &[f32], y: &mut [f32]) {
    let width = x.len();
    let bytes = if matches!(weight, Weight::Float32(_)) { 4.0 } else { 2.0 };
    let cut = Cut::rows(y.len(), width as f64 * bytes * 0.05).in_multiples_of(LINES);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint outputs.
        let part = unsafe { shared.slice(start, end - start) };
        match weight {
            Weight::Float32(values) => lines_with(&values[start * width..end * width], x, part),
            Weight::Half(halves) => half_lines_with(halves.part(start * width, (end - start) * width), x, part),
        }
    });
}

/// `y = (W + scaling·B·A)·x + bias`; an empty bias is none.
pub fn linear(weight: Weight, bias: &[f32], lora: Lora<'_>, x: &[f32], y: &mut [f32]) {
    multiply(weight, x, y);
    if lora.rank > 0 {
        let mut low = vec![0.0f32; lora.rank];
        lines_with(lora.a, x, &mut low);
        for (out, line) in y.iter_mut().zip(lora.b.chunks_exact(lora.rank)) {
            let sum: f32 = line.iter().zip(&low).map(|(b, low)| b * low).sum();
            *out += lora.scaling * sum;
        }
    }
    for (out, bias) in y.iter_mut().zip(bias) {
        *out += bias;
    }
}
