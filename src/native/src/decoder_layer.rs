//! A layer of a decoder, whole, forward and back: what lies between two attentions is done for a few rows at a time, while their numbers are in
//! the cache. Weights are packed once a call, low-rank updates merged into them before. On the way back only queries, keys, values, the middle
//! of the residual stream and what enters the gate are read; the rest is made again.

use crate::causal;
use crate::elementwise::{self, Binary};
use crate::linear::{self, Lora, Weighed, with_weights};
use crate::matmul::{Packed, View, rows_worth_packing};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::rotary::{self, Turn};
use crate::scratch::{parts, with_work};
use crate::{reduce, rms_norm, silu};

/// Sizes of tokens `[batch, tokens, width]`, of heads, of the hidden layer and of the low-rank updates of queries and values.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    pub key_heads: usize,
    pub width: usize,
    pub hidden: usize,
    pub query_rank: usize,
    pub value_rank: usize,
}

impl Sizes {
    pub fn rows(&self) -> usize {
        self.batch * self.tokens
    }

    /// Features of keys and of values.
    pub fn narrow(&self) -> usize {
        self.width / self.heads * self.key_heads
    }

    /// Numbers that the way back needs of each token.
    pub fn kept(&self) -> usize {
        self.kept_parts().iter().sum()
    }

    /// Queries, keys, values, the middle of the stream, gate and up.
    fn kept_parts(&self) -> [usize; 6] {
        [self.width, self.narrow(), self.narrow(), self.width, self.hidden, self.hidden]
    }

    /// Lengths of the gradients, in the order in which [`backward`] writes them: the two gains; biases of queries, keys, values, output, gate, up
    /// and down; low-rank factors of queries and values.
    pub fn slopes(&self) -> [usize; 13] {
        let (width, narrow, hidden) = (self.width, self.narrow(), self.hidden);
        [width, width, width, narrow, narrow, width, hidden, hidden, width, self.query_rank * width, width * self.query_rank, self.value_rank * width, narrow * self.value_rank]
    }

    fn cut(&self) -> Cut {
        Cut::of(self.rows(), rows_worth_packing())
    }

    fn attention(&self) -> causal::Sizes {
        causal::Sizes { batch: self.batch, tokens: self.tokens, known: self.tokens, heads: self.heads, key_heads: self.key_heads, width: self.width / self.heads }
    }
}

/// A linear layer: weight outputs × inputs, bias (or nothing) and low-rank update (or none).
#[derive(Clone, Copy)]
pub struct Linear<'a, W = &'a [f32]> {
    pub weight: W,
    pub bias: &'a [f32],
    pub lora: Lora<'a>,
}

/// The parts of a layer, in the order in which they are used; `W` holds a weight.
#[derive(Clone, Copy)]
pub struct Parameters<'a, W = &'a [f32]> {
    pub input_norm: &'a [f32],
    pub query: Linear<'a, W>,
    pub key: Linear<'a, W>,
    pub value: Linear<'a, W>,
    pub output: Linear<'a, W>,
    pub post_norm: &'a [f32],
    pub gate: Linear<'a, W>,
    pub up: Linear<'a, W>,
    pub down: Linear<'a, W>,
    pub epsilon: f32,
    pub interleaved: bool,
    pub theta: f64,
}

impl<'a> Linear<'a> {
    /// The weight as it is packed.
    fn of(&self, outputs: usize, inputs: usize) -> Weighed<'a> {
        (self.weight, self.lora, outputs, inputs)
    }
}

impl<W> Parameters<'_, W> {
    /// How heads of `width` features are turned, the first row at position `start`.
    pub fn turn(&self, heads: usize, width: usize, start: usize, direction: f32) -> Turn {
        Turn { heads, width, interleaved: self.interleaved, theta: self.theta, start, direction }
    }
}

/// `y = product + bias + stream`, row by row; an empty bias is none.
fn residual(product: &[f32], bias: &[f32], stream: &[f32], y: &mut [f32]) {
    if bias.is_empty() {
        elementwise::pairs(Binary::Add, product, stream, y);
    } else {
        elementwise::bias_residual_rows(product, bias, stream, y);
    }
}

/// `y = x·Wᵀ + bias` of a few rows.
fn apply(weight: Packed<'_>, bias: &[f32], x: View<'_, f32>, y: &mut [f32]) {
    let outputs = y.len() / x.rows;
    weight.multiply(x, outputs, y);
    if !bias.is_empty() {
        linear::add_row(y, bias);
    }
}

/// `middle = x + output(attention(norm x))`, `y = middle + down(silu(gate(norm middle))·up(norm middle))`. An empty `kept` keeps nothing.
pub fn forward(x: &[f32], p: Parameters<'_>, y: &mut [f32], kept: &mut [f32], s: Sizes) {
    let Sizes { width, hidden, .. } = s;
    let (rows, narrow) = (s.rows(), s.narrow());
    if rows * width == 0 {
        return;
    }
    let keeps = !kept.is_empty();
    let own = if keeps { [0; 3] } else { [rows * width, rows * narrow, rows * narrow] };
    with_work([rows * width, own[0], own[1], own[2]], |[mixed, own_queries, own_keys, own_values]| {
        let lengths = if keeps { s.kept_parts().map(|length| rows * length) } else { [0; 6] };
        let [queries, keys, values, middles, gates, ups] = parts(kept, lengths);
        let (queries, keys, values) = if keeps { (queries, keys, values) } else { (own_queries, own_keys, own_values) };
        attention_inputs(x, p, queries, keys, values, s);
        causal::forward(queries, keys, values, mixed, s.attention());
        let (cut, mixed) = (s.cut(), &*mixed);
        let (out, middles, gates, ups) = (Shared::new(y), Shared::new(middles), Shared::new(gates), Shared::new(ups));
        with_weights([p.output.of(width, width), p.gate.of(hidden, width), p.up.of(hidden, width), p.down.of(width, hidden)], cut.bounds(0).1, true, &|[output, gate, up, down]| {
            for_each_chunk(cut.chunks, |chunk| {
                let (first, last) = cut.bounds(chunk);
                let count = last - first;
                let here = first * width..last * width;
                let (middle_own, wide_own) = if keeps { (0, 0) } else { (count * width, count * hidden) };
                with_work([count * width, count * hidden, middle_own, wide_own, wide_own], |[line, gated, middle_own, gate_own, up_own]| {
                    // SAFETY: chunks own disjoint rows.
                    let y = unsafe { out.slice(here.start, count * width) };
                    // SAFETY: as above.
                    let (middle, gate_out, up_out) = if keeps { unsafe { (middles.slice(here.start, count * width), gates.slice(first * hidden, count * hidden), ups.slice(first * hidden, count * hidden)) } } else { (middle_own, gate_own, up_own) };
                    output.multiply(View::new(&mixed[here.clone()], count, width), width, line);
                    residual(line, p.output.bias, &x[here], middle);
                    rms_norm::forward_rows(middle, p.post_norm, p.epsilon, line);
                    apply(gate, p.gate.bias, View::new(line, count, width), gate_out);
                    apply(up, p.up.bias, View::new(line, count, width), up_out);
                    silu::forward_part(gate_out, up_out, gated);
                    down.multiply(View::new(gated, count, hidden), width, line);
                    residual(line, p.down.bias, middle, y);
                });
            });
        });
    });
}

/// Queries and keys, turned to their positions, and values.
fn attention_inputs(x: &[f32], p: Parameters<'_>, queries: &mut [f32], keys: &mut [f32], values: &mut [f32], s: Sizes) {
    let (width, narrow, cut) = (s.width, s.narrow(), s.cut());
    let turns = [s.heads, s.key_heads].map(|heads| rotary::Rows::of(s.tokens, p.turn(heads, width / s.heads, 0, 1.0)));
    let (queries, keys, values) = (Shared::new(queries), Shared::new(keys), Shared::new(values));
    with_weights([p.query.of(width, width), p.key.of(narrow, width), p.value.of(narrow, width)], cut.bounds(0).1, true, &|[query, key, value]| {
        for_each_chunk(cut.chunks, |chunk| {
            let (first, last) = cut.bounds(chunk);
            let count = last - first;
            // SAFETY: chunks own disjoint rows.
            let (queries, keys, values) = unsafe { (queries.slice(first * width, count * width), keys.slice(first * narrow, count * narrow), values.slice(first * narrow, count * narrow)) };
            with_work([count * width], |[normed]| {
                rms_norm::forward_rows(&x[first * width..last * width], p.input_norm, p.epsilon, normed);
                let normed = View::new(normed, count, width);
                apply(query, p.query.bias, normed, queries);
                apply(key, p.key.bias, normed, keys);
                apply(value, p.value.bias, normed, values);
            });
            turns[0].turn(queries, first);
            turns[1].turn(keys, first);
        });
    });
}

/// The gradients of [`forward`] by everything but the weights; `slopes` holds all but that by `x` one after the other, see [`Sizes::slopes`].
/// An empty `dx` is not wanted.
pub fn backward(x: &[f32], p: Parameters<'_>, kept: &[f32], dy: &[f32], dx: &mut [f32], slopes: &mut [f32], s: Sizes) {
    let Sizes { width, hidden, .. } = s;
    let (rows, narrow) = (s.rows(), s.narrow());
    slopes.fill(0.0);
    if rows * width == 0 {
        return;
    }
    let mut rest = kept;
    let [queries, keys, values, middles, gates, ups] = s.kept_parts().map(|length| {
        let (part, others) = rest.split_at(rows * length);
        rest = others;
        part
    });
    let (cut, lengths) = (s.cut(), s.slopes());
    let total: usize = lengths.iter().sum();
    let mut partial = vec![0.0f32; cut.chunks * total];
    let sums = Shared::new(&mut partial);
    with_work([rows * width, rows * width, rows * width, rows * narrow, rows * narrow], |[stream, dmixed, dqueries, dkeys, dvalues]| {
        let (streams, dmixes) = (Shared::new(stream), Shared::new(dmixed));
        with_weights([p.output.of(width, width), p.gate.of(hidden, width), p.up.of(hidden, width), p.down.of(width, hidden)], cut.bounds(0).1, false, &|[output, gate, up, down]| {
            for_each_chunk(cut.chunks, |chunk| {
                let (first, last) = cut.bounds(chunk);
                let count = last - first;
                let (here, wide) = (first * width..last * width, first * hidden..last * hidden);
                let dy = &dy[here.clone()];
                // SAFETY: chunks own disjoint rows and sums.
                let (stream, dmixed, own) = unsafe { (streams.slice(here.start, count * width), dmixes.slice(here.start, count * width), sums.slice(chunk * total, total)) };
                let [_, post_norm, _, _, _, output_bias, gate_bias, up_bias, down_bias, ..] = parts(own, lengths);
                with_work([count * width, count * hidden, count * hidden, count * hidden], |[line, dgated, dgate, dup]| {
                    reduce::add_rows(dy, down_bias);
                    down.multiply(View::new(dy, count, width), hidden, dgated);
                    silu::backward_part(&gates[wide.clone()], &ups[wide.clone()], dgated, dgate, dup);
                    reduce::add_rows(dgate, gate_bias);
                    reduce::add_rows(dup, up_bias);
                    gate.multiply(View::new(dgate, count, hidden), width, line);
                    up.add_product(View::new(dup, count, hidden), width, line);
                    rms_norm::backward_rows(&middles[here.clone()], p.post_norm, line, p.epsilon, stream, post_norm);
                    crate::simd::add_to(stream, dy);
                    reduce::add_rows(stream, output_bias);
                    output.multiply(View::new(stream, count, width), width, dmixed);
                });
            });
        });
        causal::backward(queries, keys, values, dmixed, dqueries, dkeys, dvalues, s.attention());
        let turns = [s.heads, s.key_heads].map(|heads| rotary::Rows::of(s.tokens, p.turn(heads, width / s.heads, 0, -1.0)));
        let (wants, out, stream) = (!dx.is_empty(), Shared::new(dx), &*stream);
        let (dqueries, dkeys, dvalues) = (Shared::new(dqueries), Shared::new(dkeys), &*dvalues);
        let body = |weights: Option<[Packed<'_>; 3]>| {
            linear::with_narrow(p.query.lora, width, width, |query_lora| {
                linear::with_narrow(p.value.lora, width, narrow, |value_lora| {
                    for_each_chunk(cut.chunks, |chunk| {
                        let (first, last) = cut.bounds(chunk);
                        let count = last - first;
                        let here = first * width..last * width;
                        let x = &x[here.clone()];
                        // SAFETY: chunks own disjoint rows and sums.
                        let (dquery, dkey, own) = unsafe { (dqueries.slice(here.start, count * width), dkeys.slice(first * narrow, count * narrow), sums.slice(chunk * total, total)) };
                        let dvalue = &dvalues[first * narrow..last * narrow];
                        let [input_norm, _, query_bias, key_bias, value_bias, _, _, _, _, query_a, query_b, value_a, value_b] = parts(own, lengths);
                        turns[0].turn(dquery, first);
                        turns[1].turn(dkey, first);
                        reduce::add_rows(dquery, query_bias);
                        reduce::add_rows(dkey, key_bias);
                        reduce::add_rows(dvalue, value_bias);
                        with_work([count * width, count * linear::narrow_line(s.query_rank.max(s.value_rank))], |[line, low]| {
                            if s.query_rank + s.value_rank > 0 {
                                rms_norm::forward_rows(x, p.input_norm, p.epsilon, line);
                                if s.query_rank > 0 {
                                    linear::add_lora_rows(line, dquery, query_lora, width, width, low, query_a, query_b);
                                }
                                if s.value_rank > 0 {
                                    linear::add_lora_rows(line, dvalue, value_lora, width, narrow, low, value_a, value_b);
                                }
                            }
                            let Some([query, key, value]) = weights else { return };
                            query.multiply(View::new(dquery, count, width), width, line);
                            key.add_product(View::new(dkey, count, narrow), width, line);
                            value.add_product(View::new(dvalue, count, narrow), width, line);
                            // SAFETY: as above.
                            let dx = unsafe { out.slice(here.start, count * width) };
                            rms_norm::backward_rows(x, p.input_norm, line, p.epsilon, dx, input_norm);
                            crate::simd::add_to(dx, &stream[here]);
                        });
                    });
                });
            });
        };
        if wants {
            with_weights([p.query.of(width, width), p.key.of(narrow, width), p.value.of(narrow, width)], cut.bounds(0).1, false, &|packed| body(Some(packed)));
        } else {
            body(None);
        }
    });
    for own in partial.chunks_exact(total) {
        reduce::add_rows(own, slopes);
    }
    let [.., query_a, query_b, value_a, value_b] = parts(slopes, lengths);
    linear::finish_lora(query_a, query_b, p.query.lora);
    linear::finish_lora(value_a, value_b, p.value.lora);
}
