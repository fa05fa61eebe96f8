//! The gate of SwiGLU, and back.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{exp, map_three, map_two};

/// 1/(1 + exp(−x))
#[inline(always)]
fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FUSED>(-x))
}

multiversion! {
    pub fn forward_part(gate: &[f32], up: &[f32], y: &mut [f32]) {
        map_two(gate, up, y, |gate, up| gate * sigmoid::<FUSED>(gate) * up);
    }
}

multiversion! {
    pub fn backward_part(gate: &[f32], up: &[f32], dy: &[f32], dgate: &mut [f32], dup: &mut [f32]) {
        map_three(gate, up, dy, dgate, |gate, up, dy| {
            let open = sigmoid::<FUSED>(gate);
            dy * up * open * (1.0 + gate * (1.0 - open))
        });
        map_two(gate, dy, dup, |gate, dy| dy * gate * sigmoid::<FUSED>(gate));
    }
}

/// `y = gate·σ(gate)·up`.
pub fn forward(gate: &[f32], up: &[f32], y: &mut [f32]) {
    let cut = Cut::rows(gate.len(), 1.0);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint parts.
        forward_part(&gate[start..end], &up[start..end], unsafe { shared.slice(start, end - start) });
    });
}

pub fn backward(gate: &[f32], up: &[f32], dy: &[f32], dgate: &mut [f32], dup: &mut [f32]) {
    let cut = Cut::rows(gate.len(), 2.0);
    let (dgate, dup) = (Shared::new(dgate), Shared::new(dup));
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint parts.
        let (dgate, dup) = unsafe { (dgate.slice(start, end - start), dup.slice(start, end - start)) };
        backward_part(&gate[start..end], &up[start..end], &dy[start..end], dgate, dup);
    });
}
