//! Sums along one axis of an array seen as outer × middle × inner.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{add_to, sum_of};

/// Rows added in float32 before their sum is added to the next such sum: keeps rounding small over long axes.
const BLOCK: usize = 4096;

multiversion! {
    fn row_sum(values: &[f32]) -> f32 {
        let mut total = 0.0f64;
        for block in values.chunks(BLOCK) {
            total += f64::from(sum_of(block, |x| x));
        }
        total as f32
    }
}

multiversion! {
    pub fn add_rows(values: &[f32], sums: &mut [f32]) {
        let width = sums.len();
        for row in values.chunks_exact(width) {
            add_to(sums, row);
        }
    }
}

/// `out[o][i] = Σ_m x[o][m][i]`.
pub fn sum(x: &[f32], out: &mut [f32], outer: usize, middle: usize, inner: usize) {
    out.fill(0.0);
    if outer * middle * inner == 0 {
        return;
    }
    let shared = Shared::new(out);
    if inner == 1 && outer > 1 {
        let cut = Cut::rows(outer, middle as f64 * 0.2);
        for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            for row in start..end {
                // SAFETY: rows are disjoint.
                unsafe { shared.slice(row, 1)[0] = row_sum(&x[row * middle..(row + 1) * middle]) };
            }
        });
    } else if inner == 1 {
        let cut = Cut::of(middle, 1 << 16);
        let mut parts = vec![0.0f32; cut.chunks];
        let own = Shared::new(&mut parts);
        for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            // SAFETY: one number per chunk.
            unsafe { own.slice(chunk, 1)[0] = row_sum(&x[start..end]) };
        });
        out[0] = row_sum(&parts);
    } else if outer > 1 {
        let cut = Cut::rows(outer, (middle * inner) as f64 * 0.2);
        for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            for row in start..end {
                // SAFETY: rows are disjoint.
                let sums = unsafe { shared.slice(row * inner, inner) };
                add_rows(&x[row * middle * inner..(row + 1) * middle * inner], sums);
            }
        });
    } else {
        let cut = Cut::rows(middle, inner as f64 * 0.2);
        let mut parts = vec![0.0f32; cut.chunks * inner];
        let own = Shared::new(&mut parts);
        for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            // SAFETY: one row of sums per chunk.
            add_rows(&x[start * inner..end * inner], unsafe { own.slice(chunk * inner, inner) });
        });
        add_rows(&parts, out);
    }
}
