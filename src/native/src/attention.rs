//! Self-attention of one image and head at a time, all in the cache: scores, softmax and mixture are made and used at once, and made again
//! on the way back, so that only queries, keys and values are kept between the passes.

use crate::parallel::{Shared, for_each_chunk};
use crate::simd::{LANES, add_lanes, exp_of_negative, largest_lane, sum_of_pairs};
use crate::tile::small_product;

/// Sizes: `qkv` is batch × tokens × 3·heads·width, packed q|k|v, heads side by side.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    /// Columns per head.
    pub width: usize,
}

/// Writes `rows × columns` values that are `step` apart into `out` as columns × padded, zeros behind the rows.
#[inline(always)]
fn turn(from: &[f32], step: usize, rows: usize, columns: usize, scale: f32, out: &mut [f32], padded: usize) {
    for column in 0..columns {
        let line = &mut out[column * padded..(column + 1) * padded];
        for row in 0..rows {
            line[row] = from[row * step + column] * scale;
        }
        line[rows..].fill(0.0);
    }
}

/// Turns scores (rows `padded` apart) into probabilities. `mask` is 0 for tokens and −∞ behind them, so that the padding gets 0.
#[inline(always)]
fn softmax<const FUSED: bool>(scores: &mut [f32], mask: &[f32], padded: usize) {
    for row in scores.chunks_exact_mut(padded) {
        let mut tops = [f32::NEG_INFINITY; LANES];
        for (part, limit) in row.chunks_exact_mut(LANES).zip(mask.chunks_exact(LANES)) {
            for i in 0..LANES {
                part[i] += limit[i];
                // A NaN is passed over here and spoils the row's sum below.
                tops[i] = if part[i] > tops[i] { part[i] } else { tops[i] };
            }
        }
        let top = largest_lane(tops);
        let mut sums = [0.0f32; LANES];
        for part in row.chunks_exact_mut(LANES) {
            for i in 0..LANES {
                part[i] = exp_of_negative::<FUSED>(part[i] - top);
                sums[i] += part[i];
            }
        }
        let inverse = 1.0 / add_lanes(sums);
        for value in row.iter_mut() {
            *value *= inverse;
        }
    }
}

/// Fills the mask of [`softmax`].
#[inline(always)]
fn fill_mask(mask: &mut [f32], tokens: usize) {
    mask[..tokens].fill(0.0);
    mask[tokens..].fill(f32::NEG_INFINITY);
}

multiversion! {
    /// One head forward: `qkv` starts at the head's first query, `out` at its first output; both in rows of whole tokens.
    fn head_forward(qkv: &[f32], out: &mut [f32], tokens: usize, heads: usize, width: usize, work: &mut [f32]) {
        let all = heads * width;
        let padded = tokens.next_multiple_of(LANES);
        let (mask, work) = work.split_at_mut(padded);
        fill_mask(mask, tokens);
        let (keys, probabilities) = work.split_at_mut(width * padded);
        let probabilities = &mut probabilities[..tokens * padded];
        turn(&qkv[all..], 3 * all, tokens, width, 1.0 / (width as f32).sqrt(), keys, padded);
        small_product::<FUSED>(qkv, (3 * all, 1), keys, padded, probabilities, padded, (tokens, padded, width), false);
        softmax::<FUSED>(probabilities, mask, padded);
        small_product::<FUSED>(probabilities, (padded, 1), &qkv[2 * all..], 3 * all, out, all, (tokens, width, tokens), false);
    }
}

multiversion! {
    /// One head back: writes the head's columns of `dqkv`.
    fn head_backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], tokens: usize, heads: usize, width: usize, work: &mut [f32]) {
        let all = heads * width;
        let padded = tokens.next_multiple_of(LANES);
        let scale = 1.0 / (width as f32).sqrt();
        let (mask, work) = work.split_at_mut(padded);
        fill_mask(mask, tokens);
        let (turned, rest) = work.split_at_mut(width * padded);
        let (probabilities, slopes) = rest.split_at_mut(tokens * padded);
        let slopes = &mut slopes[..tokens * padded];
        turn(&qkv[all..], 3 * all, tokens, width, scale, turned, padded);
        small_product::<FUSED>(qkv, (3 * all, 1), turned, padded, probabilities, padded, (tokens, padded, width), false);
        softmax::<FUSED>(probabilities, mask, padded);
        // dV = Pᵀ·dO
        small_product::<FUSED>(probabilities, (1, padded), dout, all, &mut dqkv[2 * all..], 3 * all, (tokens, width, tokens), false);
        // dP = dO·Vᵀ, then dS = scale·P∘(dP − Σ P∘dP)
        turn(&qkv[2 * all..], 3 * all, tokens, width, 1.0, turned, padded);
        small_product::<FUSED>(dout, (all, 1), turned, padded, slopes, padded, (tokens, padded, width), false);
        for (slope, probability) in slopes.chunks_exact_mut(padded).zip(probabilities.chunks_exact(padded)) {
            let mean = sum_of_pairs(slope, probability, |s, p| s * p);
            for j in 0..padded {
                slope[j] = scale * probability[j] * (slope[j] - mean);
            }
        }
        // dQ = dS·K, dK = dSᵀ·Q
        small_product::<FUSED>(slopes, (padded, 1), &qkv[all..], 3 * all, dqkv, 3 * all, (tokens, width, tokens), false);
        small_product::<FUSED>(slopes, (1, padded), qkv, 3 * all, &mut dqkv[all..], 3 * all, (tokens, width, tokens), false);
    }
}

pub fn forward(qkv: &[f32], out: &mut [f32], sizes: Sizes) {
    let Sizes { batch, tokens, heads, width } = sizes;
    let (all, padded) = (heads * width, tokens.next_multiple_of(LANES));
    if tokens * all == 0 {
        return;
    }
    let shared = Shared::new(out);
    for_each_chunk(batch, |image| {
        let mut work = vec![0.0f32; padded * (1 + width + tokens)];
        let qkv = &qkv[image * tokens * 3 * all..(image + 1) * tokens * 3 * all];
        // SAFETY: images are disjoint.
        let out = unsafe { shared.slice(image * tokens * all, tokens * all) };
        for head in 0..heads {
            head_forward(&qkv[head * width..], &mut out[head * width..], tokens, heads, width, &mut work);
        }
    });
}

pub fn backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes) {
    let Sizes { batch, tokens, heads, width } = sizes;
    let (all, padded) = (heads * width, tokens.next_multiple_of(LANES));
    if tokens * all == 0 {
        return;
    }
    let shared = Shared::new(dqkv);
    for_each_chunk(batch, |image| {
        let mut work = vec![0.0f32; padded * (1 + width + 2 * tokens)];
        let qkv = &qkv[image * tokens * 3 * all..(image + 1) * tokens * 3 * all];
        let dout = &dout[image * tokens * all..(image + 1) * tokens * all];
        // SAFETY: images are disjoint.
        let dqkv = unsafe { shared.slice(image * tokens * 3 * all, tokens * 3 * all) };
        for head in 0..heads {
            head_backward(&qkv[head * width..], &dout[head * width..], &mut dqkv[head * width..], tokens, heads, width, &mut work);
        }
    });
}
