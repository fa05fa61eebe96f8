//! One layer of a decoder on one token, keys and values remembered: everything between two reads of the weights stays in the cache.

use crate::causal;
use crate::linear::Lora;
use crate::rotary::{self, Turn};
use crate::weight::Weight;
use crate::{rms_norm, silu, vector};

/// A linear layer: weight, bias (or nothing) and low-rank update (or none).
pub struct Linear<'a> {
    pub weight: Weight,
    pub bias: &'a [f32],
    pub lora: Lora<'a>,
}

impl Linear<'_> {
    fn apply(&self, x: &[f32], outputs: usize) -> Vec<f32> {
        let mut y = vec![0.0; outputs];
        vector::linear(self.weight, self.bias, self.lora, x, &mut y);
        y
    }
}

/// The parts of a layer, in the order in which they are used.
pub struct Layer<'a> {
    pub input_norm: &'a [f32],
    pub query: Linear<'a>,
    pub key: Linear<'a>,
    pub value: Linear<'a>,
    pub output: Linear<'a>,
    pub post_norm: &'a [f32],
    pub gate: Linear<'a>,
    pub up: Linear<'a>,
    pub down: Linear<'a>,
    pub hidden: usize,
    pub key_heads: usize,
    pub epsilon: f32,
    /// How queries are turned; its start is the token's position.
    pub turn: Turn,
}

impl Layer<'_> {
    /// Writes the layer's features of the token `x` to `y`, and the token's keys and values to the rows of its position.
    pub fn run(&self, x: &[f32], keys: &mut [f32], values: &mut [f32], y: &mut [f32]) {
        let width = x.len();
        let sizes = causal::Sizes { batch: 1, tokens: 1, known: self.turn.start + 1, heads: self.turn.heads, key_heads: self.key_heads, width: self.turn.width };
        let narrow = self.key_heads * self.turn.width;
        let place = self.turn.start * narrow..(self.turn.start + 1) * narrow;
        let mut normed = vec![0.0; width];
        rms_norm::forward_rows(x, self.input_norm, self.epsilon, &mut normed);
        let queries = self.query.apply(&normed, width);
        let fresh = self.key.apply(&normed, narrow);
        values[place.clone()].copy_from_slice(&self.value.apply(&normed, narrow));
        rotary::turn(&fresh, &mut keys[place], 1, Turn { heads: self.key_heads, ..self.turn });
        let mut turned = vec![0.0; width];
        rotary::turn(&queries, &mut turned, 1, self.turn);
        let mut mixed = queries;
        causal::one_query(&turned, keys, values, &mut mixed, sizes);
        let mut middle = self.output.apply(&mixed, width);
        crate::simd::add_to(&mut middle, x);
        rms_norm::forward_rows(&middle, self.post_norm, self.epsilon, &mut normed);
        let (gate, up) = (self.gate.apply(&normed, self.hidden), self.up.apply(&normed, self.hidden));
        let mut gated = vec![0.0; self.hidden];
        silu::forward_part(&gate, &up, &mut gated);
        y.copy_from_slice(&self.down.apply(&gated, width));
        crate::simd::add_to(y, &middle);
    }
}
