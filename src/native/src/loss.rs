//! Mean cross-entropy of logits, and back.

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
    /// `dx = (softmax(x) − chosen)·scale`.
    pub fn backward(logits: &[f32], labels: &[i32], classes: usize, scale: f32, dx: &mut [f32]) {
        for ((row, &label), out) in logits.chunks_exact(classes).zip(labels).zip(dx.chunks_exact_mut(classes)) {
            let top = largest(row);
            map_one(row, out, |x| exp_of_negative::<FUSED>(x - top));
            let factor = scale / sum_of(out, |p| p);
            for value in out.iter_mut() {
                *value *= factor;
            }
            out[label as usize] -= scale;
        }
    }
}
