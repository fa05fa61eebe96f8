//! Self-attention of one image and head at a time, all in the cache: scores, softmax and mixture are made and used at once, and made again
//! on the way back, so that only queries, keys and values are kept between the passes.
//!
//! Scores are kept as keys × queries: the softmax of a query then runs down a column, sixteen queries side by side, and no sum runs
//! across a vector. Queries are padded to a multiple of sixteen with zeros; what the padding gives is never read.

use crate::parallel::{Shared, for_each_chunk};
use crate::simd::{LANES, block_boundary, exp_of_negative};
use crate::tile::{Small, small_product};

/// Sizes: `qkv` is batch × tokens × 3·heads·width, packed q|k|v, heads side by side.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    /// Columns per head.
    pub width: usize,
}

impl Sizes {
    fn all(&self) -> usize {
        self.heads * self.width
    }

    fn padded(&self) -> usize {
        self.tokens.next_multiple_of(LANES)
    }

    /// The product of (tokens × width) with (width × padded tokens): keys × queries. Rows of the left matrix are `step` apart.
    fn to_scores(self, step: usize) -> Small {
        let padded = self.padded();
        Small { a_row: step, a_step: 1, b_step: padded, c_row: padded, rows: self.tokens, columns: padded, depth: self.width, accumulate: false }
    }

    /// The product of scores, as they are, with queries' rows: one row per key.
    fn per_key(self, b_step: usize, c_row: usize) -> Small {
        Small { a_row: self.padded(), a_step: 1, b_step, c_row, rows: self.tokens, columns: self.width, depth: self.tokens, accumulate: false }
    }

    /// The product of transposed scores with keys' rows: one row per query.
    fn per_query(self, b_step: usize, c_row: usize) -> Small {
        Small { a_row: 1, a_step: self.padded(), ..self.per_key(b_step, c_row) }
    }
}

/// Writes a head's rows, `step` apart, as columns × padded tokens. The padding of `out` is zero from the start and stays so.
#[inline(always)]
fn turn(from: &[f32], step: usize, scale: f32, out: &mut [f32], sizes: Sizes) {
    let padded = sizes.padded();
    for (column, line) in out.chunks_exact_mut(padded).take(sizes.width).enumerate() {
        for (value, row) in line[..sizes.tokens].iter_mut().zip(from.chunks(step)) {
            *value = row[column] * scale;
        }
    }
}

/// The sixteen columns that start at `column`, one block per row.
#[inline(always)]
fn blocks(matrix: &mut [f32], column: usize, padded: usize) -> impl Iterator<Item = &mut [f32; LANES]> {
    matrix[column..].chunks_mut(padded).map(|row| row.first_chunk_mut::<LANES>().expect("columns come in sixteens"))
}

multiversion! {
    /// Turns scores into probabilities, column by column.
    fn softmax_of_columns(scores: &mut [f32], padded: usize) {
        for column in (0..padded).step_by(LANES) {
            let mut tops = [f32::NEG_INFINITY; LANES];
            for block in blocks(scores, column, padded) {
                block_boundary();
                for i in 0..LANES {
                    // A NaN is passed over here and spoils the column's sum below.
                    tops[i] = if block[i] > tops[i] { block[i] } else { tops[i] };
                }
            }
            let mut sums = [0.0f32; LANES];
            for block in blocks(scores, column, padded) {
                block_boundary();
                for i in 0..LANES {
                    block[i] = exp_of_negative::<FUSED>(block[i] - tops[i]);
                    sums[i] += block[i];
                }
            }
            let mut inverse = [0.0f32; LANES];
            for i in 0..LANES {
                inverse[i] = 1.0 / sums[i];
            }
            for block in blocks(scores, column, padded) {
                block_boundary();
                for i in 0..LANES {
                    block[i] *= inverse[i];
                }
            }
        }
    }
}

multiversion! {
    /// Turns the probabilities' gradient dP into the scores': `scale·P∘(dP − Σ P∘dP)`, column by column.
    fn softmax_backward(probabilities: &mut [f32], slopes: &mut [f32], padded: usize, scale: f32) {
        for column in (0..padded).step_by(LANES) {
            let mut means = [0.0f32; LANES];
            for (slope, probability) in blocks(slopes, column, padded).zip(blocks(probabilities, column, padded)) {
                block_boundary();
                for i in 0..LANES {
                    means[i] += slope[i] * probability[i];
                }
            }
            for (slope, probability) in blocks(slopes, column, padded).zip(blocks(probabilities, column, padded)) {
                block_boundary();
                for i in 0..LANES {
                    slope[i] = scale * probability[i] * (slope[i] - means[i]);
                }
            }
        }
    }
}

/// One head forward: `qkv` starts at the head's first query, `out` at its first output; both in rows of whole tokens.
fn head_forward(qkv: &[f32], out: &mut [f32], sizes: Sizes, work: &mut [f32]) {
    let (all, padded) = (sizes.all(), sizes.padded());
    let (turned, rest) = work.split_at_mut(sizes.width * padded);
    let probabilities = &mut rest[..sizes.tokens * padded];
    turn(qkv, 3 * all, 1.0 / (sizes.width as f32).sqrt(), turned, sizes);
    small_product(&qkv[all..], turned, probabilities, sizes.to_scores(3 * all));
    softmax_of_columns(probabilities, padded);
    small_product(probabilities, &qkv[2 * all..], out, sizes.per_query(3 * all, all));
}

/// One head back: writes the head's columns of `dqkv`.
fn head_backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes, work: &mut [f32]) {
    let (all, padded) = (sizes.all(), sizes.padded());
    let scale = 1.0 / (sizes.width as f32).sqrt();
    let (turned, rest) = work.split_at_mut(sizes.width * padded);
    let (probabilities, rest) = rest.split_at_mut(sizes.tokens * padded);
    let slopes = &mut rest[..sizes.tokens * padded];
    turn(qkv, 3 * all, scale, turned, sizes);
    small_product(&qkv[all..], turned, probabilities, sizes.to_scores(3 * all));
    softmax_of_columns(probabilities, padded);
    // dV = Pᵀ·dO and dP = dO·Vᵀ, in keys × queries
    small_product(probabilities, dout, &mut dqkv[2 * all..], sizes.per_key(all, 3 * all));
    turn(dout, all, 1.0, turned, sizes);
    small_product(&qkv[2 * all..], turned, slopes, sizes.to_scores(3 * all));
    softmax_backward(probabilities, slopes, padded, scale);
    // dQ = dS·K and dK = dSᵀ·Q
    small_product(slopes, &qkv[all..], dqkv, sizes.per_query(3 * all, 3 * all));
    small_product(slopes, qkv, &mut dqkv[all..], sizes.per_key(3 * all, 3 * all));
}

pub fn forward(qkv: &[f32], out: &mut [f32], sizes: Sizes) {
    let (tokens, all, padded) = (sizes.tokens, sizes.all(), sizes.padded());
    if tokens * all == 0 {
        return;
    }
    let shared = Shared::new(out);
    for_each_chunk(sizes.batch, |image| {
        let mut work = vec![0.0f32; padded * (sizes.width + tokens)];
        let qkv = &qkv[image * tokens * 3 * all..(image + 1) * tokens * 3 * all];
        // SAFETY: images are disjoint.
        let out = unsafe { shared.slice(image * tokens * all, tokens * all) };
        for head in 0..sizes.heads {
            head_forward(&qkv[head * sizes.width..], &mut out[head * sizes.width..], sizes, &mut work);
        }
    });
}

pub fn backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes) {
    let (tokens, all, padded) = (sizes.tokens, sizes.all(), sizes.padded());
    if tokens * all == 0 {
        return;
    }
    let shared = Shared::new(dqkv);
    for_each_chunk(sizes.batch, |image| {
        let mut work = vec![0.0f32; padded * (sizes.width + 2 * tokens)];
        let qkv = &qkv[image * tokens * 3 * all..(image + 1) * tokens * 3 * all];
        let dout = &dout[image * tokens * all..(image + 1) * tokens * all];
        // SAFETY: images are disjoint.
        let dqkv = unsafe { shared.slice(image * tokens * 3 * all, tokens * 3 * all) };
        for head in 0..sizes.heads {
            let first = head * sizes.width;
            head_backward(&qkv[first..], &dout[first..], &mut dqkv[first..], sizes, &mut work);
        }
    });
}
