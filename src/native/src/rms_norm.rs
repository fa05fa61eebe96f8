//! Root-mean-square normalisation over rows.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{LANES, add_lanes, add_to, block_boundary, map_three, map_two, sum_of};

/// One over the root of a row's mean square.
#[inline(always)]
fn scale_of(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (sum_of(row, |x| x * x) / row.len() as f32 + epsilon).sqrt()
}

multiversion! {
    /// `y = x·scale·gain` of rows as long as the gain.
    pub fn forward_rows(x: &[f32], gain: &[f32], epsilon: f32, y: &mut [f32]) {
        let width = gain.len();
        for (row, out) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let scale = scale_of(row, epsilon);
            map_two(row, gain, out, |x, gain| x * scale * gain);
        }
    }
}

multiversion! {
    pub fn backward_rows(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f32, dx: &mut [f32], dgain: &mut [f32]) {
        let width = gain.len();
        let (gain_blocks, gain_rest) = gain.as_chunks::<LANES>();
        for ((row, up), out) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width)) {
            let scale = scale_of(row, epsilon);
            let mut products = [0.0f32; LANES];
            let (x_blocks, x_rest) = row.as_chunks::<LANES>();
            let (up_blocks, up_rest) = up.as_chunks::<LANES>();
            let (dgain_blocks, dgain_rest) = dgain.as_chunks_mut::<LANES>();
            for (((x, up), gain), dgain) in x_blocks.iter().zip(up_blocks).zip(gain_blocks).zip(dgain_blocks) {
                block_boundary();
                for i in 0..LANES {
                    let slope = up[i] * x[i];
                    dgain[i] += slope * scale;
                    products[i] += slope * gain[i];
                }
            }
            for i in 0..x_rest.len() {
                let slope = up_rest[i] * x_rest[i];
                dgain_rest[i] += slope * scale;
                products[i] += slope * gain_rest[i];
            }
            let pull = add_lanes(products) * scale * scale * scale / width as f32;
            map_three(row, up, gain, out, |x, up, gain| up * gain * scale - x * pull);
        }
    }
}

pub fn forward(x: &[f32], gain: &[f32], epsilon: f32, y: &mut [f32]) {
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
        forward_rows(&x[start * width..end * width], gain, epsilon, part);
    });
}

pub fn backward(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f32, dx: &mut [f32], dgain: &mut [f32]) {
    let width = gain.len();
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, width as f64);
    let mut partial = vec![0.0f32; cut.chunks * width];
    let (shared, sums) = (Shared::new(dx), Shared::new(&mut partial));
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows and sums.
        let (part, own) = unsafe { (shared.slice(start * width, (end - start) * width), sums.slice(chunk * width, width)) };
        backward_rows(&x[start * width..end * width], gain, &dy[start * width..end * width], epsilon, part, own);
    });
    dgain.fill(0.0);
    for own in partial.chunks_exact(width) {
        add_to(dgain, own);
    }
}
