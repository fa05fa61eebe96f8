//! Bias and exact GELU in one pass, and back.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{add_to, erf, exp_of_negative, map_three, map_two};
use std::f32::consts::FRAC_1_SQRT_2;

/// 1/√(2π)
const DENSITY: f32 = 0.398_942_3;

multiversion! {
    pub fn forward_rows(x: &[f32], bias: &[f32], y: &mut [f32]) {
        let width = bias.len();
        for (row, out) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            map_two(row, bias, out, |x, bias| {
                let z = x + bias;
                z * (0.5 + 0.5 * erf::<FUSED>(z * FRAC_1_SQRT_2))
            });
        }
    }
}

multiversion! {
    pub fn backward_rows(x: &[f32], bias: &[f32], dy: &[f32], dx: &mut [f32], dbias: &mut [f32]) {
        let width = bias.len();
        for ((row, up), out) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width)) {
            map_three(row, bias, up, out, |x, bias, up| {
                let z = x + bias;
                let below = 0.5 + 0.5 * erf::<FUSED>(z * FRAC_1_SQRT_2);
                up * (below + z * DENSITY * exp_of_negative::<FUSED>(-0.5 * z * z))
            });
            add_to(dbias, out);
        }
    }
}

pub fn forward(x: &[f32], bias: &[f32], y: &mut [f32]) {
    let width = bias.len();
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, width as f64);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        let part = unsafe { shared.slice(start * width, (end - start) * width) };
        forward_rows(&x[start * width..end * width], bias, part);
    });
}

pub fn backward(x: &[f32], bias: &[f32], dy: &[f32], dx: &mut [f32], dbias: &mut [f32]) {
    let width = bias.len();
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, 2.0 * width as f64);
    let mut partial = vec![0.0f32; cut.chunks * width];
    let (shared, sums) = (Shared::new(dx), Shared::new(&mut partial));
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows and sums.
        let (part, own) = unsafe { (shared.slice(start * width, (end - start) * width), sums.slice(chunk * width, width)) };
        backward_rows(&x[start * width..end * width], bias, &dy[start * width..end * width], part, own);
    });
    dbias.fill(0.0);
    for own in partial.chunks_exact(width) {
        add_to(dbias, own);
    }
}
