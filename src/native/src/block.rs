//! A pre-norm transformer block, whole: a few images at a time pass through all of it while their numbers are in the second cache, forward and
//! back. Weights are packed once a call. On the way back only queries, keys, values, the middle of the residual stream and what enters the GELU
//! are read; the rest is made again.

use crate::attention;
use crate::elementwise::{self, Binary};
use crate::linear::{self, Lora};
use crate::matmul::{Packed, View, rows_worth_packing};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::{parts, with_work};
use crate::{gelu, norm, reduce};

/// Sizes of tokens `[batch, tokens, width]`, of the hidden layer and of the low-rank update of queries, keys and values.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    pub width: usize,
    pub hidden: usize,
    pub rank: usize,
}

impl Sizes {
    /// Numbers that the way back needs of each token: queries, keys and values; the middle of the stream; what enters the GELU.
    pub fn kept(&self) -> usize {
        4 * self.width + self.hidden
    }

    /// Lengths of the gradients of gains, biases and low-rank factors, in the order in which [`backward`] writes them.
    pub fn slopes(&self) -> [usize; 10] {
        let (width, rank) = (self.width, self.rank);
        [width, width, 3 * width, width, width, width, self.hidden, width, rank * width, 3 * width * rank]
    }

    /// Whole images, with as many rows as make a packed weight worth while.
    fn cut(&self) -> Cut {
        Cut::of(self.batch, rows_worth_packing().div_ceil(self.tokens.max(1)).max(1))
    }

    fn attention(&self) -> attention::Sizes {
        attention::Sizes { batch: 1, tokens: self.tokens, heads: self.heads, width: self.width / self.heads }
    }
}

/// The block's parameters; weights are outputs × inputs.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    pub gain1: &'a [f32],
    pub bias1: &'a [f32],
    pub qkv: &'a [f32],
    pub qkv_bias: &'a [f32],
    pub lora: Lora<'a>,
    pub proj: &'a [f32],
    pub proj_bias: &'a [f32],
    pub gain2: &'a [f32],
    pub bias2: &'a [f32],
    pub fc1: &'a [f32],
    pub fc1_bias: &'a [f32],
    pub fc2: &'a [f32],
    pub fc2_bias: &'a [f32],
    pub epsilon: f32,
}

/// Packs the four weights, the first one with its update merged, turned for the way forward or as they are for the way back.
fn with_weights(p: Parameters<'_>, s: Sizes, turned: bool, work: &(dyn Fn([Packed<'_>; 4]) + Sync)) {
    let Sizes { width, hidden, .. } = s;
    let weights = [(p.qkv, p.lora, 3 * width, width), (p.proj, Lora::NONE, width, width), (p.fc1, Lora::NONE, hidden, width), (p.fc2, Lora::NONE, width, hidden)];
    linear::with_weights(weights, s.cut().bounds(0).1 * s.tokens, turned, work);
}

/// `middle = x + proj(attention(norm1 x))`, `y = middle + fc2(gelu(fc1(norm2 middle)))`. An empty `kept` keeps nothing.
pub fn forward(x: &[f32], p: Parameters<'_>, y: &mut [f32], kept: &mut [f32], s: Sizes) {
    let Sizes { tokens, width, hidden, .. } = s;
    if s.batch * tokens * width == 0 {
        return;
    }
    let cut = s.cut();
    let (out, keeps) = (Shared::new(y), !kept.is_empty());
    let memory = Shared::new(kept);
    with_weights(p, s, true, &|[qkv_weight, proj_weight, fc1_weight, fc2_weight]| {
        for_each_chunk(cut.chunks, |chunk| {
            let (first, last) = cut.bounds(chunk);
            let rows = (last - first) * tokens;
            let x = &x[first * tokens * width..last * tokens * width];
            // SAFETY: chunks own disjoint images.
            let y = unsafe { out.slice(first * tokens * width, rows * width) };
            let own = if keeps { 0 } else { rows * s.kept() };
            with_work([rows * width, rows * width, rows * hidden, own], |[narrow, mixed, wide, own]| {
                // SAFETY: as above.
                let kept = if keeps { unsafe { memory.slice(first * tokens * s.kept(), rows * s.kept()) } } else { own };
                let (qkv, kept) = kept.split_at_mut(rows * 3 * width);
                let (middle, inner) = kept.split_at_mut(rows * width);
                norm::forward_rows(x, p.gain1, p.bias1, p.epsilon, narrow);
                qkv_weight.multiply(View::new(narrow, rows, width), 3 * width, qkv);
                linear::add_row(qkv, p.qkv_bias);
                for image in 0..last - first {
                    let place = image * tokens * width..(image + 1) * tokens * width;
                    attention::image_forward(&qkv[3 * place.start..3 * place.end], &mut mixed[place], s.attention());
                }
                proj_weight.multiply(View::new(mixed, rows, width), width, narrow);
                elementwise::bias_residual_rows(narrow, p.proj_bias, x, middle);
                norm::forward_rows(middle, p.gain2, p.bias2, p.epsilon, narrow);
                fc1_weight.multiply(View::new(narrow, rows, width), hidden, inner);
                gelu::forward_rows(inner, p.fc1_bias, wide);
                fc2_weight.multiply(View::new(wide, rows, hidden), width, narrow);
                elementwise::bias_residual_rows(narrow, p.fc2_bias, middle, y);
            });
        });
    });
}

/// The gradients of [`forward`] by `x` and by everything but the weights; `slopes` holds those one after the other, see [`Sizes::slopes`].
pub fn backward(x: &[f32], p: Parameters<'_>, kept: &[f32], dy: &[f32], dx: &mut [f32], slopes: &mut [f32], s: Sizes) {
    let Sizes { tokens, width, hidden, rank, .. } = s;
    slopes.fill(0.0);
    if s.batch * tokens * width == 0 {
        return;
    }
    let cut = s.cut();
    let lengths = s.slopes();
    let total = lengths.iter().sum();
    let mut partial = vec![0.0f32; cut.chunks * total];
    let (out, sums) = (Shared::new(dx), Shared::new(&mut partial));
    linear::with_narrow(p.lora, width, 3 * width, |narrow_lora| {
        with_weights(p, s, false, &|[qkv_weight, proj_weight, fc1_weight, fc2_weight]| {
            for_each_chunk(cut.chunks, |chunk| {
                let (first, last) = cut.bounds(chunk);
                let rows = (last - first) * tokens;
                let here = first * tokens * width..last * tokens * width;
                let (x, dy) = (&x[here.clone()], &dy[here.clone()]);
                let (qkv, kept) = kept[first * tokens * s.kept()..last * tokens * s.kept()].split_at(rows * 3 * width);
                let (middle, inner) = kept.split_at(rows * width);
                // SAFETY: chunks own disjoint images and sums.
                let (dx, own) = unsafe { (out.slice(here.start, rows * width), sums.slice(chunk * total, total)) };
                let [gain1, bias1, qkv_bias, proj_bias, gain2, bias2, fc1_bias, fc2_bias, lora_a, lora_b] = parts(own, lengths);
                with_work([rows * width, rows * width, rows * hidden.max(3 * width), rows * hidden.max(3 * width), rows * linear::narrow_line(rank)], |[narrow, stream, wide, other, low]| {
                    reduce::add_rows(dy, fc2_bias);
                    let wide_hidden = &mut wide[..rows * hidden];
                    fc2_weight.multiply(View::new(dy, rows, width), hidden, wide_hidden);
                    let dinner = &mut other[..rows * hidden];
                    gelu::backward_rows(inner, p.fc1_bias, wide_hidden, dinner, fc1_bias);
                    fc1_weight.multiply(View::new(dinner, rows, hidden), width, narrow);
                    norm::backward_rows(middle, p.gain2, narrow, p.epsilon, dx, gain2, bias2);
                    elementwise::pairs(Binary::Add, dy, dx, stream);
                    reduce::add_rows(stream, proj_bias);
                    proj_weight.multiply(View::new(stream, rows, width), width, narrow);
                    let dqkv = &mut wide[..rows * 3 * width];
                    for image in 0..last - first {
                        let place = image * tokens * width..(image + 1) * tokens * width;
                        let packed = 3 * place.start..3 * place.end;
                        attention::image_backward(&qkv[packed.clone()], &narrow[place], &mut dqkv[packed], s.attention());
                    }
                    reduce::add_rows(dqkv, qkv_bias);
                    if rank > 0 {
                        let normed = &mut other[..rows * width];
                        norm::forward_rows(x, p.gain1, p.bias1, p.epsilon, normed);
                        linear::add_lora_rows(normed, dqkv, narrow_lora, width, 3 * width, low, lora_a, lora_b);
                    }
                    qkv_weight.multiply(View::new(dqkv, rows, 3 * width), width, narrow);
                    let direct = &mut other[..rows * width];
                    norm::backward_rows(x, p.gain1, narrow, p.epsilon, direct, gain1, bias1);
                    elementwise::pairs(Binary::Add, stream, direct, dx);
                });
            });
        });
    });
    for own in partial.chunks_exact(total) {
        reduce::add_rows(own, slopes);
    }
    let [.., lora_a, lora_b] = parts(slopes, lengths);
    linear::finish_lora(lora_a, lora_b, p.lora);
}
