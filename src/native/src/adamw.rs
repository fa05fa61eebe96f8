//! One AdamW update of one tensor, in place.

use crate::parallel::{Cut, Shared, for_each_chunk};

/// The numbers of a step, made in double precision by the caller.
#[derive(Clone, Copy)]
pub struct Step {
    /// `1 − learning rate · decay`
    pub keep: f64,
    /// `learning rate / (1 − β1ᵗ)`
    pub rate: f64,
    /// `1 / √(1 − β2ᵗ)`
    pub scale: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
}

multiversion! {
    fn part(values: &mut [f32], slopes: &[f32], first: &mut [f32], second: &mut [f32], step: Step) {
        let (keep, rate, scale, epsilon) = (step.keep as f32, step.rate as f32, step.scale as f32, step.epsilon as f32);
        let (beta1, rest1) = (step.beta1 as f32, (1.0 - step.beta1) as f32);
        let (beta2, rest2) = (step.beta2 as f32, (1.0 - step.beta2) as f32);
        for (((value, &slope), first), second) in values.iter_mut().zip(slopes).zip(first.iter_mut()).zip(second.iter_mut()) {
            let m = beta1 * *first + rest1 * slope;
            let v = beta2 * *second + rest2 * slope * slope;
            *first = m;
            *second = v;
            *value = *value * keep - rate * m / (v.sqrt() * scale + epsilon);
        }
    }
}

pub fn update(values: &mut [f32], slopes: &[f32], first: &mut [f32], second: &mut [f32], step: Step) {
    let cut = Cut::rows(values.len().div_ceil(1024), 700.0);
    let (values, first, second) = (Shared::new(values), Shared::new(first), Shared::new(second));
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        let (start, end) = (start * 1024, (end * 1024).min(slopes.len()));
        // SAFETY: chunks are disjoint.
        unsafe {
            part(values.slice(start, end - start), &slopes[start..end], first.slice(start, end - start), second.slice(start, end - start), step);
        }
    });
}
