//! One layer of a decoder on one token, keys and values remembered: everything between two reads of the weights stays in the cache.

use crate::decoder_layer::{Linear, Parameters};
use crate::weight::Weight;
use crate::{causal, rms_norm, rotary, silu, vector};

impl Linear<'_, Weight> {
    fn apply(&self, x: &[f32], outputs: usize) -> Vec<f32> {
        let mut y = vec![0.0; outputs];
        vector::linear(self.weight, self.bias, self.lora, x, &mut y);
        y
    }
}

/// Sizes of a layer, and where the token stands.
#[derive(Clone, Copy)]
pub struct Place {
    pub heads: usize,
    pub key_heads: usize,
    pub hidden: usize,
    pub position: usize,
}

impl Parameters<'_, Weight> {
    /// Writes the layer's features of the token `x` to `y`, and the token's keys and values to the rows of its position.
    pub fn run(&self, x: &[f32], keys: &mut [f32], values: &mut [f32], y: &mut [f32], Place { heads, key_heads, hidden, position }: Place) {
        let (width, features) = (x.len(), x.len() / heads);
        let sizes = causal::Sizes { batch: 1, tokens: 1, known: position + 1, heads, key_heads, width: features };
        let narrow = key_heads * features;
        let place = position * narrow..(position + 1) * narrow;
        let mut normed = vec![0.0; width];
        rms_norm::forward_rows(x, self.input_norm, self.epsilon, &mut normed);
        let queries = self.query.apply(&normed, width);
        let fresh = self.key.apply(&normed, narrow);
        values[place.clone()].copy_from_slice(&self.value.apply(&normed, narrow));
        rotary::turn(&fresh, &mut keys[place], 1, self.turn(key_heads, features, position, 1.0));
        let mut turned = vec![0.0; width];
        rotary::turn(&queries, &mut turned, 1, self.turn(heads, features, position, 1.0));
        let mut mixed = queries;
        causal::one_query(&turned, keys, values, &mut mixed, sizes);
        let mut middle = self.output.apply(&mixed, width);
        crate::simd::add_to(&mut middle, x);
        rms_norm::forward_rows(&middle, self.post_norm, self.epsilon, &mut normed);
        let (gate, up) = (self.gate.apply(&normed, hidden), self.up.apply(&normed, hidden));
        let mut gated = vec![0.0; hidden];
        silu::forward_part(&gate, &up, &mut gated);
        y.copy_from_slice(&self.down.apply(&gated, width));
        crate::simd::add_to(y, &middle);
    }
}
