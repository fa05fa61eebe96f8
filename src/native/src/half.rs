//! Weights in 16 bits: bfloat16 or IEEE half precision, widened to float32 where they are used. Widening is exact.

use crate::linear::Lora;
use crate::matmul::{self, View};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::with_work;

/// A 16-bit format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Float16,
    Bfloat16,
}

/// Numbers in 16 bits.
#[derive(Clone, Copy)]
pub struct Halves<'a> {
    pub bits: &'a [u16],
    pub format: Format,
}

impl<'a> Halves<'a> {
    pub fn part(self, start: usize, length: usize) -> Halves<'a> {
        Halves { bits: &self.bits[start..start + length], ..self }
    }

    /// Widens all numbers.
    pub fn widen(self, out: &mut [f32]) {
        assert!(self.bits.len() == out.len());
        match self.format {
            Format::Bfloat16 => widen_bfloat16(self.bits, out),
            Format::Float16 => widen_float16(self.bits, out),
        }
    }
}

multiversion! {
    /// A bfloat16 number is the upper half of a float32.
    fn widen_bfloat16(bits: &[u16], out: &mut [f32]) {
        for (out, &bits) in out.iter_mut().zip(bits) {
            *out = f32::from_bits(u32::from(bits) << 16);
        }
    }
}

fn widen_float16(bits: &[u16], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if crate::simd::level() != crate::simd::Level::Baseline && is_x86_feature_detected!("f16c") {
        // SAFETY: the processor has the instructions; lengths are equal.
        return unsafe { widen_float16_f16c(bits, out) };
    }
    for (out, &bits) in out.iter_mut().zip(bits) {
        *out = float16(bits);
    }
}

/// # Safety
/// The processor has AVX and F16C.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx,f16c")]
unsafe fn widen_float16_f16c(bits: &[u16], out: &mut [f32]) {
    use std::arch::x86_64::*;
    let (blocks, rest) = bits.as_chunks::<8>();
    let (targets, rest_out) = out.as_chunks_mut::<8>();
    for (target, block) in targets.iter_mut().zip(blocks) {
        // SAFETY: eight numbers on both sides.
        unsafe { _mm256_storeu_ps(target.as_mut_ptr(), _mm256_cvtph_ps(_mm_loadu_si128(block.as_ptr().cast()))) };
    }
    for (out, &bits) in rest_out.iter_mut().zip(rest) {
        *out = float16(bits);
    }
}

/// The value of a half-precision number.
fn float16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10) & 31, u32::from(bits) & 1023);
    match exponent {
        0 => {
            let size = fraction as f32 / 16_777_216.0;
            if sign == 0 { size } else { -size }
        }
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// Numbers of a widened block, about; it stays in the second cache.
const BLOCK: usize = 1 << 17;

/// Lines of `depth` numbers in a block: a multiple of 32, and shared evenly by a few threads.
fn lines_of(lines: usize, depth: usize) -> usize {
    (BLOCK / depth.max(1)).clamp(32, 512).min(lines.div_ceil(4)).next_multiple_of(32)
}

/// `y = x·(W + scaling·B·A)ᵀ + bias`; an empty bias is none. Block by block of outputs, each widened once and used while it is near.
#[allow(clippy::too_many_arguments)]
pub fn forward(x: &[f32], weight: Halves<'_>, bias: &[f32], lora: Lora<'_>, y: &mut [f32], rows: usize, inputs: usize, outputs: usize) {
    if rows == 0 || outputs == 0 {
        return;
    }
    let cut = Cut::of(outputs, lines_of(outputs, inputs));
    let shared = Shared::new(y);
    let x = View::new(x, rows, inputs);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        let count = end - start;
        with_work([count * inputs], |[wide]| {
            weight.part(start * inputs, count * inputs).widen(wide);
            if lora.rank > 0 {
                let b = matmul::rows_of(View::new(lora.b, outputs, lora.rank), start, end);
                matmul::product_into(b, View::new(lora.a, lora.rank, inputs), wide, inputs, lora.scaling, true);
            }
            matmul::product_columns(x, View::new(wide, count, inputs).turned(), shared, start, outputs);
            if !bias.is_empty() {
                for row in 0..rows {
                    // SAFETY: these columns are this chunk's.
                    crate::simd::add_to(unsafe { shared.slice(row * outputs + start, count) }, &bias[start..end]);
                }
            }
        });
    });
}

/// `dx = dy·(W + scaling·B·A)`. Block by block of inputs.
pub fn backward_x(dy: &[f32], weight: Halves<'_>, lora: Lora<'_>, dx: &mut [f32], rows: usize, inputs: usize, outputs: usize) {
    if rows == 0 || inputs == 0 {
        return;
    }
    let cut = Cut::of(inputs, lines_of(inputs, outputs));
    let shared = Shared::new(dx);
    let dy = View::new(dy, rows, outputs);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        let count = end - start;
        with_work([count * outputs], |[wide]| {
            for (output, line) in wide.chunks_exact_mut(count).enumerate() {
                weight.part(output * inputs + start, count).widen(line);
            }
            if lora.rank > 0 {
                let a = matmul::columns_of(View::new(lora.a, lora.rank, inputs), start, end);
                matmul::product_into(View::new(lora.b, outputs, lora.rank), a, wide, count, lora.scaling, true);
            }
            matmul::product_columns(dy, View::new(wide, outputs, count), shared, start, inputs);
        });
    });
}
