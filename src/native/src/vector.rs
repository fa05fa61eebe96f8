//! Products of a matrix with one vector: every weight is read once, in the order of memory.

use crate::half::{Format, Halves};
use crate::linear::Lora;
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{LANES, add_lanes, block_boundary, multiply_add};
use crate::weight::Weight;

/// Up to so many vectors are multiplied one by one; more are a matrix.
pub const MOST: usize = 3;

/// Half-precision numbers widened at a time: they stay in the first cache.
const PORTION: usize = 512;
/// Vectors summed side by side, so that none waits for the one before.
const SUMS: usize = 4;

/// `Σ line·x`, the line's numbers as `wide` makes them. One line after another is one stream from memory, which the processor reads ahead.
#[inline(always)]
fn product_of<const FUSED: bool, T: Copy>(line: &[T], x: &[f32], wide: impl Fn(T) -> f32) -> f32 {
    let (groups, rest) = line.as_chunks::<{ SUMS * LANES }>();
    let (x_groups, x_rest) = x.as_chunks::<{ SUMS * LANES }>();
    let mut sums = [[0.0f32; LANES]; SUMS];
    for (group, x) in groups.iter().zip(x_groups) {
        for sum in 0..SUMS {
            block_boundary();
            for i in 0..LANES {
                sums[sum][i] = multiply_add::<FUSED>(wide(group[sum * LANES + i]), x[sum * LANES + i], sums[sum][i]);
            }
        }
    }
    let mut lanes = [0.0f32; LANES];
    for i in 0..LANES {
        lanes[i] = (sums[0][i] + sums[2][i]) + (sums[1][i] + sums[3][i]);
    }
    let (blocks, rest) = rest.as_chunks::<LANES>();
    let (x_blocks, x_rest) = x_rest.as_chunks::<LANES>();
    for (block, x) in blocks.iter().zip(x_blocks) {
        block_boundary();
        for i in 0..LANES {
            lanes[i] = multiply_add::<FUSED>(wide(block[i]), x[i], lanes[i]);
        }
    }
    for i in 0..rest.len() {
        lanes[i] = multiply_add::<FUSED>(wide(rest[i]), x_rest[i], lanes[i]);
    }
    add_lanes(lanes)
}

multiversion! {
    /// `y[line] = Σ weight[line]·x`
    fn lines_with(weight: &[f32], x: &[f32], y: &mut [f32]) {
        for (line, out) in weight.chunks_exact(x.len()).zip(y) {
            *out = product_of::<FUSED, f32>(line, x, |value| value);
        }
    }
}

multiversion! {
    fn bfloat16_lines_with(weight: &[u16], x: &[f32], y: &mut [f32]) {
        for (line, out) in weight.chunks_exact(x.len()).zip(y) {
            *out = product_of::<FUSED, u16>(line, x, |bits| f32::from_bits(u32::from(bits) << 16));
        }
    }
}

multiversion! {
    /// Adds `Σ line·x`.
    fn add_product(line: &[f32], x: &[f32], out: &mut f32) {
        *out += product_of::<FUSED, f32>(line, x, |value| value);
    }
}

fn half_lines_with(weight: Halves<'_>, x: &[f32], y: &mut [f32]) {
    let width = x.len();
    if weight.format == Format::Bfloat16 {
        return bfloat16_lines_with(weight.bits, x, y);
    }
    let mut wide = [0.0f32; PORTION];
    for (line, out) in y.iter_mut().enumerate() {
        *out = 0.0;
        for first in (0..width).step_by(PORTION) {
            let count = PORTION.min(width - first);
            weight.part(line * width + first, count).widen(&mut wide[..count]);
            add_product(&wide[..count], &x[first..first + count], out);
        }
    }
}

/// `y = W·x`
fn multiply(weight: Weight, x: &[f32], y: &mut [f32]) {
    let width = x.len();
    let bytes = if matches!(weight, Weight::Float32(_)) { 4.0 } else { 2.0 };
    let cut = Cut::rows(y.len(), width as f64 * bytes * 0.05);
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
