//! The attention of each image's first token alone: what a class token takes from all tokens, where nobody asks for the others.

use crate::attention::Sizes;
use crate::causal::{mix, score_keys, softmax};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::with_work;
use crate::simd::{add_scaled, dot};

/// Writes how much the first token attends to each; `qkv` starts at the head in an image's packed rows.
fn attend(qkv: &[f32], shares: &mut [f32], scale: f32, sizes: Sizes) {
    score_keys(&qkv[..sizes.width], &qkv[sizes.all()..], 3 * sizes.all(), scale, shares);
    softmax(shares);
}

multiversion! {
    /// Adds the head's gradients to `dqkv`, which starts at the head. `slopes` are those of the shares.
    fn add_gradients(qkv: &[f32], dout: &[f32], dqkv: &mut [f32], shares: &[f32], slopes: &[f32], scale: f32, sizes: Sizes) {
        let mean = dot::<FUSED>(shares, slopes);
        let (all, width) = (sizes.all(), sizes.width);
        for (token, (&share, &slope)) in shares.iter().zip(slopes).enumerate() {
            let slope = scale * share * (slope - mean);
            add_scaled::<FUSED>(&mut dqkv[..width], slope, &qkv[(3 * token + 1) * all..][..width]);
            add_scaled::<FUSED>(&mut dqkv[(3 * token + 1) * all..][..width], slope, &qkv[..width]);
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
        with_work([tokens], |[shares]| {
            attend(qkv, shares, scale, sizes);
            mix(shares, &qkv[2 * all..], 3 * all, out);
        });
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
        let dout = &dout[image * all + first..][..width];
        with_work([tokens, tokens], |[shares, slopes]| {
            attend(qkv, shares, scale, sizes);
            score_keys(dout, &qkv[2 * all..], 3 * all, 1.0, slopes);
            add_gradients(qkv, dout, &mut dqkv[first..], shares, slopes, scale, sizes);
        });
    });
}
