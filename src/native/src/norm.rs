//! Layer normalisation over rows.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{sum_of, sum_of_pairs};

/// Mean and reciprocal standard deviation of a row; the variance from centred values.
#[inline(always)]
fn statistics(row: &[f32], epsilon: f32) -> (f32, f32) {
    let width = row.len() as f32;
    let mean = sum_of(row, |x| x) / width;
    let variance = sum_of(row, |x| (x - mean) * (x - mean)) / width;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

multiversion! {
    fn forward_rows(x: &[f32], gain: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32]) {
        let width = gain.len();
        for (row, out) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let (mean, scale) = statistics(row, epsilon);
            for i in 0..width {
                out[i] = (row[i] - mean) * scale * gain[i] + bias[i];
            }
        }
    }
}

multiversion! {
    fn backward_rows(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f32, dx: &mut [f32], dgain: &mut [f32], dbias: &mut [f32]) {
        let width = gain.len();
        let inverse = 1.0 / width as f32;
        let mut normal = vec![0.0f32; width];
        let mut slope = vec![0.0f32; width];
        for ((row, up), out) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width)) {
            let (mean, scale) = statistics(row, epsilon);
            let (dgain, dbias) = (&mut dgain[..width], &mut dbias[..width]);
            for i in 0..width {
                normal[i] = (row[i] - mean) * scale;
                slope[i] = up[i] * gain[i];
                dgain[i] += up[i] * normal[i];
                dbias[i] += up[i];
            }
            let mean_slope = sum_of(&slope, |s| s) * inverse;
            let mean_product = sum_of_pairs(&slope, &normal, |s, n| s * n) * inverse;
            for i in 0..width {
                out[i] = (slope[i] - mean_slope - normal[i] * mean_product) * scale;
            }
        }
    }
}

pub fn forward(x: &[f32], gain: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32]) {
    let width = gain.len();
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, width as f64 * 0.5);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        let part = unsafe { shared.slice(start * width, (end - start) * width) };
        forward_rows(&x[start * width..end * width], gain, bias, epsilon, part);
    });
}

pub fn backward(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f32, dx: &mut [f32], dgain: &mut [f32], dbias: &mut [f32]) {
    let width = gain.len();
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, width as f64);
    let mut partial = vec![0.0f32; cut.chunks * 2 * width];
    let (shared, sums) = (Shared::new(dx), Shared::new(&mut partial));
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows and sums.
        let (part, own) = unsafe { (shared.slice(start * width, (end - start) * width), sums.slice(chunk * 2 * width, 2 * width)) };
        let (own_gain, own_bias) = own.split_at_mut(width);
        backward_rows(&x[start * width..end * width], gain, &dy[start * width..end * width], epsilon, part, own_gain, own_bias);
    });
    dgain.fill(0.0);
    dbias.fill(0.0);
    for own in partial.chunks_exact(2 * width) {
        for i in 0..width {
            dgain[i] += own[i];
            dbias[i] += own[width + i];
        }
    }
}
