//! Self-attention of one image and head at a time, all in the cache: scores, softmax and mixture are made and used at once, and made again
//! on the way back, so that only queries, keys and values are kept between the passes.
//!
//! A head's rows are first copied side by side: where they lie, they are so far apart that they push each other out of the cache.
//! Scores are kept as keys × queries: the softmax of a query then runs down a column, sixteen queries side by side, and no sum runs
//! across a vector. Queries are padded to a multiple of sixteen with zeros; what the padding gives is never read.

use crate::parallel::{Shared, for_each_chunk};
use crate::scratch::with_work;
use crate::simd::{LANES, block_boundary, exp_of_negative, fetch};
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
    /// Columns of all heads.
    pub fn all(&self) -> usize {
        self.heads * self.width
    }

    /// Tokens, padded.
    fn padded(&self) -> usize {
        self.tokens.next_multiple_of(LANES)
    }

    /// Columns of a head's copied rows: padded too.
    fn line(&self) -> usize {
        self.width.next_multiple_of(LANES)
    }

    /// Numbers of a head's copied rows, rows padded as well.
    fn rows(&self) -> usize {
        self.padded() * self.line()
    }

    /// Numbers of a head's scores.
    fn scores(&self) -> usize {
        self.tokens * self.padded()
    }

    /// The product of (tokens × width) with (width × padded tokens): keys × queries.
    fn to_scores(self) -> Small {
        let padded = self.padded();
        Small { a_row: self.line(), a_step: 1, b_step: padded, c_row: padded, rows: self.tokens, columns: padded, depth: self.width, accumulate: false }
    }

    /// The product of scores, as they are, with queries' rows: one row per key.
    fn per_key(self) -> Small {
        let line = self.line();
        Small { a_row: self.padded(), a_step: 1, b_step: line, c_row: line, rows: self.tokens, columns: line, depth: self.tokens, accumulate: false }
    }

    /// The product of transposed scores with keys' rows: one row per query.
    fn per_query(self) -> Small {
        Small { a_row: 1, a_step: self.padded(), ..self.per_key() }
    }
}

multiversion! {
    /// Copies a head's rows, `step` apart, side by side; padding becomes zero.
    pub fn gather(from: &[f32], step: usize, out: &mut [f32], sizes: Sizes) {
        let line = sizes.line();
        for (row, target) in out.chunks_exact_mut(line).enumerate() {
            let values = if row < sizes.tokens { &from[row * step..row * step + sizes.width] } else { &[] };
            if values.len() == line {
                for (target, values) in target.as_chunks_mut::<LANES>().0.iter_mut().zip(values.as_chunks::<LANES>().0) {
                    *target = *values;
                }
            } else {
                target[..values.len()].copy_from_slice(values);
                target[values.len()..].fill(0.0);
            }
        }
    }
}

multiversion! {
    /// Writes copied rows back to where they belong, `step` apart.
    fn scatter(rows: &[f32], out: &mut [f32], step: usize, sizes: Sizes) {
        let line = sizes.line();
        for (row, values) in rows.chunks_exact(line).take(sizes.tokens).enumerate() {
            let target = &mut out[row * step..row * step + sizes.width];
            if target.len() == line {
                for (target, values) in target.as_chunks_mut::<LANES>().0.iter_mut().zip(values.as_chunks::<LANES>().0) {
                    *target = *values;
                }
            } else {
                target.copy_from_slice(&values[..sizes.width]);
            }
        }
    }
}

multiversion! {
    /// Turns copied rows, padded rows × padded columns, into columns × rows.
    pub fn turn(rows: &[f32], scale: f32, out: &mut [f32], sizes: Sizes) {
        let (line, padded) = (sizes.line(), sizes.padded());
        for row in (0..padded).step_by(LANES) {
            for column in (0..line).step_by(LANES) {
                let mut square = [[0.0f32; LANES]; LANES];
                for (i, target) in square.iter_mut().enumerate() {
                    block_boundary();
                    let from: &[f32; LANES] = rows[(row + i) * line + column..].first_chunk().expect("rows and columns come in sixteens");
                    for j in 0..LANES {
                        target[j] = from[j] * scale;
                    }
                }
                crate::simd::transpose::<WIDE>(&mut square);
                for (j, values) in square.iter().enumerate().take(sizes.width - column) {
                    *out[(column + j) * padded + row..].first_chunk_mut().expect("rows come in sixteens") = *values;
                }
            }
        }
    }
}

/// The sixteen columns that start at `column`, one block per row.
#[inline(always)]
fn blocks(matrix: &mut [f32], column: usize, padded: usize) -> impl Iterator<Item = &mut [f32; LANES]> {
    matrix[column..].chunks_mut(padded).map(|row| row.first_chunk_mut::<LANES>().expect("columns come in sixteens"))
}

multiversion! {
    /// Turns scores into probabilities, column by column, but for the factors that it writes to `inverse`: one over each column's sum.
    pub fn softmax_of_columns(scores: &mut [f32], inverse: &mut [f32], padded: usize) {
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
            for i in 0..LANES {
                inverse[column + i] = 1.0 / sums[i];
            }
        }
    }
}

multiversion! {
    /// Multiplies every column by a factor of its own.
    pub fn scale_columns(matrix: &mut [f32], factors: &[f32]) {
        for row in matrix.chunks_exact_mut(factors.len()) {
            for (block, factors) in row.as_chunks_mut::<LANES>().0.iter_mut().zip(factors.as_chunks::<LANES>().0) {
                block_boundary();
                for i in 0..LANES {
                    block[i] *= factors[i];
                }
            }
        }
    }
}

multiversion! {
    /// Multiplies every row by a factor of its own.
    pub fn scale_rows(matrix: &mut [f32], factors: &[f32], width: usize) {
        for (row, factor) in matrix.chunks_exact_mut(width).zip(factors) {
            for block in row.as_chunks_mut::<LANES>().0 {
                block_boundary();
                for value in block {
                    *value *= factor;
                }
            }
        }
    }
}

multiversion! {
    /// Turns the probabilities' gradient dP into the scores': `scale·P∘(dP − Σ P∘dP)`, column by column.
    pub fn softmax_backward(probabilities: &mut [f32], slopes: &mut [f32], padded: usize, scale: f32) {
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
fn head_forward(qkv: &[f32], out: &mut [f32], sizes: Sizes) {
    let all = sizes.all();
    let (rows, scores) = (sizes.rows(), sizes.scores());
    with_work([rows, rows, rows, rows, scores, sizes.padded()], |[query, turned, key, value, probabilities, inverse]| {
        gather(qkv, 3 * all, query, sizes);
        gather(&qkv[all..], 3 * all, key, sizes);
        gather(&qkv[2 * all..], 3 * all, value, sizes);
        turn(query, 1.0 / (sizes.width as f32).sqrt(), turned, sizes);
        small_product(key, turned, probabilities, sizes.to_scores());
        softmax_of_columns(probabilities, inverse, sizes.padded());
        let mixed = query;
        small_product(probabilities, value, mixed, sizes.per_query());
        scale_rows(&mut mixed[..sizes.tokens * sizes.line()], inverse, sizes.line());
        scatter(mixed, out, all, sizes);
    });
}

/// One head back: writes the head's columns of `dqkv`.
fn head_backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes) {
    let all = sizes.all();
    let scale = 1.0 / (sizes.width as f32).sqrt();
    let (rows, scores, padded) = (sizes.rows(), sizes.scores(), sizes.padded());
    with_work([rows, rows, rows, rows, rows, rows, scores, scores, padded], |[query, key, value, up, turned, result, probabilities, slopes, inverse]| {
        gather(qkv, 3 * all, query, sizes);
        gather(&qkv[all..], 3 * all, key, sizes);
        gather(&qkv[2 * all..], 3 * all, value, sizes);
        gather(dout, all, up, sizes);
        turn(query, scale, turned, sizes);
        small_product(key, turned, probabilities, sizes.to_scores());
        softmax_of_columns(probabilities, inverse, padded);
        scale_columns(probabilities, inverse);
        // dV = Pᵀ·dO and dP = dO·Vᵀ, in keys × queries
        small_product(probabilities, up, result, sizes.per_key());
        scatter(result, &mut dqkv[2 * all..], 3 * all, sizes);
        turn(up, 1.0, turned, sizes);
        small_product(value, turned, slopes, sizes.to_scores());
        softmax_backward(probabilities, slopes, padded, scale);
        // dQ = dS·K and dK = dSᵀ·Q
        small_product(slopes, key, result, sizes.per_query());
        scatter(result, dqkv, 3 * all, sizes);
        small_product(slopes, query, result, sizes.per_key());
        scatter(result, &mut dqkv[all..], 3 * all, sizes);
    });
}

/// Asks for the rows of the next head while this one is at work.
fn fetch_head(from: &[f32], step: usize, sizes: Sizes) {
    for row in from.chunks(step).take(sizes.tokens) {
        for value in row[..sizes.width.min(row.len())].iter().step_by(LANES) {
            fetch(value);
        }
    }
}

/// All heads of one image.
pub fn image_forward(qkv: &[f32], out: &mut [f32], sizes: Sizes) {
    let all = sizes.all();
    for first in (0..all).step_by(sizes.width) {
        if first + sizes.width < all {
            for part in 0..3 {
                fetch_head(&qkv[part * all + first + sizes.width..], 3 * all, sizes);
            }
        }
        head_forward(&qkv[first..], &mut out[first..], sizes);
    }
}

/// All heads of one image back.
pub fn image_backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes) {
    let all = sizes.all();
    for first in (0..all).step_by(sizes.width) {
        if first + sizes.width < all {
            for part in 0..3 {
                fetch_head(&qkv[part * all + first + sizes.width..], 3 * all, sizes);
            }
            fetch_head(&dout[first + sizes.width..], all, sizes);
        }
        head_backward(&qkv[first..], &dout[first..], &mut dqkv[first..], sizes);
    }
}

pub fn forward(qkv: &[f32], out: &mut [f32], sizes: Sizes) {
    let (tokens, all) = (sizes.tokens, sizes.all());
    if tokens * all == 0 {
        return;
    }
    let shared = Shared::new(out);
    for_each_chunk(sizes.batch, |image| {
        // SAFETY: images are disjoint.
        let out = unsafe { shared.slice(image * tokens * all, tokens * all) };
        image_forward(&qkv[image * tokens * 3 * all..(image + 1) * tokens * 3 * all], out, sizes);
    });
}

pub fn backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes) {
    let (tokens, all) = (sizes.tokens, sizes.all());
    if tokens * all == 0 {
        return;
    }
    let shared = Shared::new(dqkv);
    for_each_chunk(sizes.batch, |image| {
        let qkv = &qkv[image * tokens * 3 * all..(image + 1) * tokens * 3 * all];
        let dout = &dout[image * tokens * all..(image + 1) * tokens * all];
        // SAFETY: images are disjoint.
        image_backward(qkv, dout, unsafe { shared.slice(image * tokens * 3 * all, tokens * 3 * all) }, sizes);
    });
}
