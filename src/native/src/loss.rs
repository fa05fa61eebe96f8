//! Cross-entropy of logits, and back.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{exp_of_negative, largest, map_one, sum_of};

multiversion! {
    /// The mean over rows of log Σ exp(x − top) + top − x[label], added up in double precision.
    pub fn forward(logits: &[f32], labels: &[i32], classes: usize) -> f32 {
        let mut total = 0.0f64;
        let mut powers = vec![0.0f32; classes];
        for (row, &label) in logits.chunks_exact(classes).zip(labels) {
            let top = largest(row);
            map_one(row, &mut powers, |x| exp_of_negative::<FUSED>(x - top));
            let sum = sum_of(&powers, |p| p);
            total += f64::from(sum).ln() + f64::from(top) - f64::from(row[label as usize]);
        }
        (total / labels.len() as f64) as f32
    }
}

multiversion! {
    /// `dx = (softmax(x) − chosen)·scale`. Returns the sum of log Σ exp(x − top) + top − x[label].
    pub fn backward(logits: &[f32], labels: &[i32], classes: usize, scale: f32, dx: &mut [f32]) -> f64 {
        let mut total = 0.0f64;
        for ((row, &label), out) in logits.chunks_exact(classes).zip(labels).zip(dx.chunks_exact_mut(classes)) {
            let top = largest(row);
            map_one(row, out, |x| exp_of_negative::<FUSED>(x - top));
            let sum = sum_of(out, |p| p);
            total += f64::from(sum).ln() + f64::from(top) - f64::from(row[label as usize]);
            let factor = scale / sum;
            for value in out.iter_mut() {
                *value *= factor;
            }
            out[label as usize] -= scale;
        }
        total
    }
}

/// Returns the sum of the rows' losses times `scale`; `slopes` becomes its gradient.
pub fn forward_and_back(logits: &[f32], labels: &[i32], classes: usize, scale: f32, slopes: &mut [f32]) -> f32 {
    let cut = Cut::rows(labels.len(), classes as f64);
    let mut sums = vec![0.0f64; cut.chunks];
    let (shared, totals) = (Shared::new(slopes), Shared::new(&mut sums));
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows and sums.
        let (part, total) = unsafe { (shared.slice(start * classes, (end - start) * classes), totals.slice(chunk, 1)) };
        total[0] = backward(&logits[start * classes..end * classes], &labels[start..end], classes, scale, part);
    });
    (sums.iter().sum::<f64>() * f64::from(scale)) as f32
}
