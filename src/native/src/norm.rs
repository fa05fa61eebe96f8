//! Layer normalisation over rows.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{LANES, add_lanes, add_to, block_boundary, map_three, sum_of};

/// Mean and reciprocal standard deviation of a row; the variance from centred values.
#[inline(always)]
fn statistics(row: &[f32], epsilon: f32) -> (f32, f32) {
    let width = row.len() as f32;
    let mean = sum_of(row, |x| x) / width;
    let variance = sum_of(row, |x| (x - mean) * (x - mean)) / width;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

multiversion! {
    pub fn forward_rows(x: &[f32], gain: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32]) {
        let width = gain.len();
        for (row, out) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let (mean, scale) = statistics(row, epsilon);
            map_three(row, gain, bias, out, |x, gain, bias| (x - mean) * scale * gain + bias);
        }
    }
}

multiversion! {
    pub fn backward_rows(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f32, dx: &mut [f32], dgain: &mut [f32], dbias: &mut [f32]) {
        let width = gain.len();
        let inverse = 1.0 / width as f32;
        let (gain_blocks, gain_rest) = gain.as_chunks::<LANES>();
        for ((row, up), out) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width)) {
            let (mean, scale) = statistics(row, epsilon);
            let (mut slopes, mut products) = ([0.0f32; LANES], [0.0f32; LANES]);
            let (x_blocks, x_rest) = row.as_chunks::<LANES>();
            let (up_blocks, up_rest) = up.as_chunks::<LANES>();
            let (dgain_blocks, dgain_rest) = dgain.as_chunks_mut::<LANES>();
            let (dbias_blocks, dbias_rest) = dbias.as_chunks_mut::<LANES>();
            let blocks = x_blocks.iter().zip(up_blocks).zip(gain_blocks).zip(dgain_blocks).zip(dbias_blocks);
            for ((((x, up), gain), dgain), dbias) in blocks {
                block_boundary();
                for i in 0..LANES {
                    let normal = (x[i] - mean) * scale;
                    let slope = up[i] * gain[i];
                    dgain[i] += up[i] * normal;
                    dbias[i] += up[i];
                    slopes[i] += slope;
                    products[i] += slope * normal;
                }
            }
            for i in 0..x_rest.len() {
                let normal = (x_rest[i] - mean) * scale;
                let slope = up_rest[i] * gain_rest[i];
                dgain_rest[i] += up_rest[i] * normal;
                dbias_rest[i] += up_rest[i];
                slopes[i] += slope;
                products[i] += slope * normal;
            }
            let mean_slope = add_lanes(slopes) * inverse;
            let mean_product = add_lanes(products) * inverse;
            map_three(row, up, gain, out, |x, up, gain| (up * gain - mean_slope - (x - mean) * scale * mean_product) * scale);
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
        let (own_gain, own_bias) = own.split_at(width);
        add_to(dgain, own_gain);
        add_to(dbias, own_bias);
    }
}
