//! The attention of each image's first token alone: what a class token takes from all tokens, where nobody asks for the others.

use crate::attention::Sizes;
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::with_work;
use crate::simd::{LANES, block_boundary, dot, exp_of_negative, largest, multiply_add, sum_of};

/// Adds `factor·values` to `sums`.
#[inline(always)]
fn add_scaled<const FUSED: bool>(sums: &mut [f32], factor: f32, values: &[f32]) {
    let (sum_blocks, sum_rest) = sums.as_chunks_mut::<LANES>();
    let (blocks, rest) = values.as_chunks::<LANES>();
    for (sums, values) in sum_blocks.iter_mut().zip(blocks) {
        block_boundary();
        for i in 0..LANES {
            sums[i] = multiply_add::<FUSED>(factor, values[i], sums[i]);
        }
    }
    for (sum, &value) in sum_rest.iter_mut().zip(rest) {
        *sum = multiply_add::<FUSED>(factor, value, *sum);
    }
}

/// A head's columns of a token's queries (part 0), keys (1) or values (2), in an image's packed rows that start at the head.
#[inline(always)]
fn part(qkv: &[f32], token: usize, part: usize, sizes: Sizes) -> &[f32] {
    &qkv[(3 * token + part) * sizes.all()..][..sizes.width]
}

/// Writes how much the first token attends to each.
#[inline(always)]
fn attend<const FUSED: bool>(qkv: &[f32], shares: &mut [f32], scale: f32, sizes: Sizes) {
    let query = part(qkv, 0, 0, sizes);
    for (token, share) in shares.iter_mut().enumerate() {
        *share = scale * dot::<FUSED>(query, part(qkv, token, 1, sizes));
    }
    let top = largest(shares);
    for share in shares.iter_mut() {
        *share = exp_of_negative::<FUSED>(*share - top);
    }
    let inverse = 1.0 / sum_of(shares, |share| share);
    for share in shares {
        *share *= inverse;
    }
}

multiversion! {
    fn head_forward(qkv: &[f32], out: &mut [f32], shares: &mut [f32], scale: f32, sizes: Sizes) {
        attend::<FUSED>(qkv, shares, scale, sizes);
        out.fill(0.0);
        for (token, &share) in shares.iter().enumerate() {
            add_scaled::<FUSED>(out, share, part(qkv, token, 2, sizes));
        }
    }
}

multiversion! {
    /// Adds the head's gradients to `dqkv`, which starts at the head.
    fn head_backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], shares: &mut [f32], slopes: &mut [f32], scale: f32, sizes: Sizes) {
        attend::<FUSED>(qkv, shares, scale, sizes);
        for (token, slope) in slopes.iter_mut().enumerate() {
            *slope = dot::<FUSED>(dout, part(qkv, token, 2, sizes));
        }
        let mean = dot::<FUSED>(shares, slopes);
        let (all, width) = (sizes.all(), sizes.width);
        for (token, (&share, &slope)) in shares.iter().zip(slopes.iter()).enumerate() {
            let slope = scale * share * (slope - mean);
            add_scaled::<FUSED>(&mut dqkv[..width], slope, part(qkv, token, 1, sizes));
            add_scaled::<FUSED>(&mut dqkv[(3 * token + 1) * all..][..width], slope, part(qkv, 0, 0, sizes));
            add_scaled::<FUSED>(&mut dqkv[(3 * token + 2) * all..][..width], share, dout);
        }
    }
}

/// Calls `work` with the number of every image and the place of each of its heads.
fn for_each_head(sizes: Sizes, work: impl Fn(usize, usize) + Sync) {
    let cut = Cut::rows(sizes.batch, (sizes.tokens * sizes.all()) as f64 / 4.0);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        for image in start..end {
            (0..sizes.all()).step_by(sizes.width).for_each(|first| work(image, first));
        }
    });
}

/// `qkv` is batch × tokens × 3·heads·width, `out` batch × heads·width.
pub fn forward(qkv: &[f32], out: &mut [f32], sizes: Sizes) {
    let (tokens, all, width) = (sizes.tokens, sizes.all(), sizes.width);
    if tokens * all == 0 {
        return out.fill(0.0);
    }
    let (shared, scale) = (Shared::new(out), 1.0 / (width as f32).sqrt());
    for_each_head(sizes, |image, first| {
        let qkv = &qkv[image * tokens * 3 * all + first..(image + 1) * tokens * 3 * all];
        // SAFETY: heads of images are disjoint.
        let out = unsafe { shared.slice(image * all + first, width) };
        with_work([tokens], |[shares]| head_forward(qkv, out, shares, scale, sizes));
    });
}

/// The gradient of [`forward`] by `qkv`.
pub fn backward(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], sizes: Sizes) {
    let (tokens, all, width) = (sizes.tokens, sizes.all(), sizes.width);
    if tokens * all == 0 {
        return;
    }
    let image_size = tokens * 3 * all;
    let (shared, scale) = (Shared::new(dqkv), 1.0 / (width as f32).sqrt());
    for_each_head(sizes, |image, first| {
        let qkv = &qkv[image * image_size + first..(image + 1) * image_size];
        // SAFETY: an image's heads are worked on one after the other, and no other thread has this image.
        let dqkv = unsafe { shared.slice(image * image_size, image_size) };
        if first == 0 {
            dqkv.fill(0.0);
        }
        with_work([tokens, tokens], |[shares, slopes]| head_backward(qkv, &dout[image * all + first..][..width], &mut dqkv[first..], shares, slopes, scale, sizes));
    });
}
