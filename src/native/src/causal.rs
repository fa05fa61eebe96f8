//! Grouped-query attention of tokens to themselves and to those before them: a block of queries of one head at a time, in the cache.
//!
//! Scores are kept as keys × queries, as `attention` does, and only for keys that the block's last query sees. The queries belong to the
//! last `tokens` of `known` tokens.

use crate::attention::{Sizes as Block, gather, scale_columns, scale_rows, softmax_backward, softmax_of_columns, turn};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::with_work;
use crate::simd::{LANES, add_scaled, dot, exp_of_negative, largest, sum_of};
use crate::tile::{Small, small_product};

/// Queries of a block.
const QUERIES: usize = 64;

/// Sizes: queries are batch × tokens × heads·width, keys and values batch × known × key_heads·width.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub tokens: usize,
    pub known: usize,
    pub heads: usize,
    pub key_heads: usize,
    /// Features of a head.
    pub width: usize,
}

impl Sizes {
    fn row(&self) -> usize {
        self.heads * self.width
    }

    fn key_row(&self) -> usize {
        self.key_heads * self.width
    }

    fn line(&self) -> usize {
        self.width.next_multiple_of(LANES)
    }

    fn scale(&self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }

    /// `count` copied rows of one head.
    fn rows(&self, count: usize) -> Block {
        Block { batch: 1, tokens: count, heads: 1, width: self.width }
    }

    /// The product of `seen` keys' rows with `count` turned queries: keys × queries.
    fn to_scores(&self, seen: usize, count: usize) -> Small {
        let padded = count.next_multiple_of(LANES);
        Small { a_row: self.line(), a_step: 1, b_step: padded, c_row: padded, rows: seen, columns: padded, depth: self.width, accumulate: false }
    }

    /// The product of transposed scores with keys' rows: one row per query.
    fn per_query(&self, seen: usize, count: usize) -> Small {
        let line = self.line();
        Small { a_row: 1, a_step: count.next_multiple_of(LANES), b_step: line, c_row: line, rows: count, columns: line, depth: seen, accumulate: false }
    }

    /// First key's number of a sequence's head.
    fn key_at(&self, image: usize, head: usize) -> usize {
        image * self.known * self.key_row() + head * self.width
    }

    fn query_at(&self, image: usize, query: usize, head: usize) -> usize {
        (image * self.tokens + query) * self.row() + head * self.width
    }
}

/// Writes `scale·K·Qᵀ` of `seen` keys and a block of queries, and −∞ where a key comes after its query.
fn scores_of(keys: &[f32], turned: &[f32], scores: &mut [f32], seen: usize, count: usize, sizes: Sizes) {
    let padded = count.next_multiple_of(LANES);
    small_product(keys, turned, scores, sizes.to_scores(seen, count));
    for later in 1..count {
        scores[(seen - count + later) * padded..][..later].fill(f32::NEG_INFINITY);
    }
}

/// Writes copied rows to their place, `row` numbers apart, from `at` on.
fn scatter(rows: &[f32], out: Shared<f32>, at: usize, row: usize, count: usize, sizes: Sizes) {
    for (index, values) in rows.chunks_exact(sizes.line()).take(count).enumerate() {
        // SAFETY: the columns of this head in this row are written by this chunk alone.
        unsafe { out.slice(at + index * row, sizes.width) }.copy_from_slice(&values[..sizes.width]);
    }
}

pub fn forward(queries: &[f32], keys: &[f32], values: &[f32], out: &mut [f32], sizes: Sizes) {
    if queries.is_empty() {
        return;
    }
    let group = sizes.heads / sizes.key_heads;
    let (line, known) = (sizes.line(), sizes.known);
    let (block, kept) = (QUERIES.min(sizes.tokens.next_multiple_of(LANES)), known.next_multiple_of(LANES) * line);
    let out = Shared::new(out);
    for_each_chunk(sizes.batch * sizes.heads, |chunk| {
        let (image, head) = (chunk / sizes.heads, chunk % sizes.heads);
        let at = sizes.key_at(image, head / group);
        with_work([kept, kept, block * line, block * line, known * block, block], |[key, value, query, turned, scores, inverse]| {
            gather(&keys[at..], sizes.key_row(), key, sizes.rows(known));
            gather(&values[at..], sizes.key_row(), value, sizes.rows(known));
            for first in (0..sizes.tokens).step_by(QUERIES) {
                let count = QUERIES.min(sizes.tokens - first);
                let (padded, seen) = (count.next_multiple_of(LANES), known - sizes.tokens + first + count);
                let from = sizes.query_at(image, first, head);
                let query = &mut query[..padded * line];
                gather(&queries[from..], sizes.row(), query, sizes.rows(count));
                turn(query, sizes.scale(), turned, sizes.rows(count));
                scores_of(key, turned, scores, seen, count, sizes);
                softmax_of_columns(&mut scores[..seen * padded], inverse, padded);
                small_product(scores, value, query, sizes.per_query(seen, count));
                scale_rows(&mut query[..count * line], inverse, line);
                scatter(query, out, from, sizes.row(), count, sizes);
            }
        });
    });
}

/// The gradients of [`forward`]; the queries of a group add to their keys' in order.
pub fn backward(queries: &[f32], keys: &[f32], values: &[f32], dout: &[f32], dqueries: &mut [f32], dkeys: &mut [f32], dvalues: &mut [f32], sizes: Sizes) {
    if queries.is_empty() {
        return;
    }
    let group = sizes.heads / sizes.key_heads;
    let (line, known) = (sizes.line(), sizes.known);
    let (block, kept) = (QUERIES.min(sizes.tokens.next_multiple_of(LANES)), known.next_multiple_of(LANES) * line);
    let (dqueries, dkeys, dvalues) = (Shared::new(dqueries), Shared::new(dkeys), Shared::new(dvalues));
    for_each_chunk(sizes.batch * sizes.key_heads, |chunk| {
        let (image, key_head) = (chunk / sizes.key_heads, chunk % sizes.key_heads);
        let at = sizes.key_at(image, key_head);
        let work = [kept, kept, kept, kept, block * line, block * line, block * line, known * block, known * block, block];
        with_work(work, |[key, value, key_slope, value_slope, query, up, turned, scores, slopes, inverse]| {
            gather(&keys[at..], sizes.key_row(), key, sizes.rows(known));
            gather(&values[at..], sizes.key_row(), value, sizes.rows(known));
            key_slope.fill(0.0);
            value_slope.fill(0.0);
            for head in key_head * group..(key_head + 1) * group {
                for first in (0..sizes.tokens).step_by(QUERIES) {
                    let count = QUERIES.min(sizes.tokens - first);
                    let (padded, seen) = (count.next_multiple_of(LANES), known - sizes.tokens + first + count);
                    let from = sizes.query_at(image, first, head);
                    let (query, up) = (&mut query[..padded * line], &mut up[..padded * line]);
                    let (scores, slopes) = (&mut scores[..seen * padded], &mut slopes[..seen * padded]);
                    gather(&queries[from..], sizes.row(), query, sizes.rows(count));
                    gather(&dout[from..], sizes.row(), up, sizes.rows(count));
                    turn(query, sizes.scale(), turned, sizes.rows(count));
                    scores_of(key, turned, scores, seen, count, sizes);
                    softmax_of_columns(scores, inverse, padded);
                    scale_columns(scores, &inverse[..padded]);
                    let per_key = Small { a_row: padded, a_step: 1, b_step: line, c_row: line, rows: seen, columns: line, depth: count, accumulate: true };
                    // dV += P·dO and dP = V·dOᵀ, in keys × queries
                    small_product(scores, up, value_slope, per_key);
                    turn(up, 1.0, turned, sizes.rows(count));
                    small_product(value, turned, slopes, sizes.to_scores(seen, count));
                    softmax_backward(scores, slopes, padded, sizes.scale());
                    // dK += dS·Q and dQ = dSᵀ·K
                    small_product(slopes, query, key_slope, per_key);
                    small_product(slopes, key, up, sizes.per_query(seen, count));
                    scatter(up, dqueries, from, sizes.row(), count, sizes);
                }
            }
            scatter(key_slope, dkeys, at, sizes.key_row(), known, sizes);
            scatter(value_slope, dvalues, at, sizes.key_row(), known, sizes);
        });
    });
}

multiversion! {
    /// Writes the scaled products of one query with every key, `row` numbers apart.
    pub fn score_keys(query: &[f32], keys: &[f32], row: usize, scale: f32, scores: &mut [f32]) {
        for (index, score) in scores.iter_mut().enumerate() {
            *score = scale * dot::<FUSED>(&keys[index * row..index * row + query.len()], query);
        }
    }
}

multiversion! {
    /// Turns scores into probabilities.
    pub fn softmax(scores: &mut [f32]) {
        let top = largest(scores);
        for score in scores.iter_mut() {
            *score = exp_of_negative::<FUSED>(*score - top);
        }
        let inverse = 1.0 / sum_of(scores, |score| score);
        for score in scores.iter_mut() {
            *score *= inverse;
        }
    }
}

multiversion! {
    /// Mixes rows, `row` numbers apart, by their probabilities.
    pub fn mix(probabilities: &[f32], values: &[f32], row: usize, out: &mut [f32]) {
        out.fill(0.0);
        for (index, &probability) in probabilities.iter().enumerate() {
            add_scaled::<FUSED>(out, probability, &values[index * row..index * row + out.len()]);
        }
    }
}

/// Attention of one token to `known` keys and values, itself the last.
pub fn one_query(query: &[f32], keys: &[f32], values: &[f32], out: &mut [f32], sizes: Sizes) {
    let (group, row, width) = (sizes.heads / sizes.key_heads, sizes.key_row(), sizes.width);
    let cut = Cut::rows(sizes.key_heads, (group * sizes.known * width) as f64 * 0.15);
    let shared = Shared::new(out);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint heads.
        let out = unsafe { shared.slice(start * group * width, (end - start) * group * width) };
        with_work([sizes.known], |[scores]| {
            for (head, out) in (start * group..end * group).zip(out.chunks_exact_mut(width)) {
                let at = head / group * width;
                score_keys(&query[head * width..(head + 1) * width], &keys[at..], row, sizes.scale(), scores);
                softmax(scores);
                mix(scores, &values[at..], row, out);
            }
        });
    });
}
