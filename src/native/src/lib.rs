//! The kernels of the kit's CPU backend, as functions of flat arrays for Node.
//!
//! Every function writes all of its outputs, checks all lengths before it touches memory, and gives the same bytes whatever the number
//! of threads. Matrices are row by row. An empty array stands for an argument that is not there.

#[macro_use]
mod simd;
mod adamw;
#[cfg(target_arch = "x86_64")]
mod amx;
mod attention;
mod block;
mod causal;
mod check;
mod class_attention;
mod copy;
mod decoder_layer;
mod decoder_token;
mod decoders;
mod elementwise;
mod gelu;
mod half;
mod least_squares;
mod linear;
mod loss;
mod mapped;
mod matmul;
mod norm;
#[cfg(target_arch = "x86_64")]
mod panels;
mod parallel;
mod reduce;
mod rms_norm;
mod rotary;
mod scratch;
mod silu;
mod table_rows;
mod tile;
mod vector;
mod weight;

use elementwise::{Binary, Unary};
use linear::Lora;
use matmul::View;
use napi::bindgen_prelude::FromNapiValue;
use napi::{Error, Result, Status, sys};
use napi_derive::napi;
use std::ops::{Deref, DerefMut};
use weight::Weight;

/// An array of JavaScript that a function writes. The caller does not pass it as another argument too.
pub struct Out<T: 'static>(&'static mut [T]);

impl<T> FromNapiValue for Out<T>
where
    &'static mut [T]: FromNapiValue,
{
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as the implementation for slices; the array outlives the call, which is synchronous, and `Out` ends with it.
        unsafe { <&'static mut [T]>::from_napi_value(env, value).map(Out) }
    }
}

/// One of several arrays that a function reads.
pub struct In(&'static [f32]);

impl FromNapiValue for In {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as for `Out`; nothing writes the array during the call.
        unsafe { <&'static [f32]>::from_napi_value(env, value).map(In) }
    }
}

impl<T> Deref for Out<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.0
    }
}

impl<T> DerefMut for Out<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.0
    }
}

/// Raised with every change of the functions below; the TypeScript side refuses another version.
#[napi(catch_unwind)]
pub fn version() -> u32 {
    6
}

/// Sets the threads that work, the calling one included; returns how many there are.
#[napi(catch_unwind)]
pub fn set_threads(count: u32) -> u32 {
    parallel::set_threads(count as usize);
    parallel::threads() as u32
}

/// What the processor offers: "baseline", "avx2", "avx512" or "avx512 and amx".
#[napi(catch_unwind)]
pub fn simd_level() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if amx::available() {
        return "avx512 and amx";
    }
    match simd::level() {
        simd::Level::Baseline => "baseline",
        simd::Level::Avx2 => "avx2",
        simd::Level::Avx512 => "avx512",
    }
}

/// `out[i] = a[i]·b[i]` over a batch of matrices: `a` is `[m, k]` (or `[k, m]` turned), `b` is `[k, n]` (or `[n, k]` turned).
///
/// `a_batch` and `b_batch` are `batch`, or 1 for a matrix used by the whole batch.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn matmul(a: &[f32], b: &[f32], mut out: Out<f32>, batch: u32, a_batch: u32, b_batch: u32, m: u32, n: u32, k: u32, turn_a: bool, turn_b: bool) -> Result<()> {
    check::that((a_batch == batch || a_batch == 1) && (b_batch == batch || b_batch == 1), || {
        format!("matmul: batches {a_batch} and {b_batch}, expected {batch} or 1.")
    })?;
    check::length("matmul", "a", a.len(), &[a_batch, m, k])?;
    check::length("matmul", "b", b.len(), &[b_batch, k, n])?;
    check::length("matmul", "out", out.len(), &[batch, m, n])?;
    let (m, n, k, batch) = (m as usize, n as usize, k as usize, batch as usize);
    let size = m * n;
    if size == 0 {
        return Ok(());
    }
    let a_step = if a_batch == 1 { 0 } else { m * k };
    let b_step = if b_batch == 1 { 0 } else { k * n };
    let left = |index: usize| {
        let data = &a[index * a_step..index * a_step + m * k];
        if turn_a { View::new(data, k, m).turned() } else { View::new(data, m, k) }
    };
    let right = |index: usize| {
        let data = &b[index * b_step..index * b_step + k * n];
        if turn_b { View::new(data, n, k).turned() } else { View::new(data, k, n) }
    };
    if batch >= 8 {
        let cut = parallel::Cut::rows(batch, (size * k) as f64 / 20.0);
        let shared = parallel::Shared::new(&mut out);
        parallel::for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            for index in start..end {
                // SAFETY: the batch's outputs are disjoint.
                matmul::product_into(left(index), right(index), unsafe { shared.slice(index * size, size) }, n, 1.0, false);
            }
        });
    } else {
        for (index, out) in out.chunks_exact_mut(size).enumerate() {
            matmul::product(left(index), right(index), out, 1.0, false);
        }
    }
    Ok(())
}

/// Stacks `fresh` under the triangular `factor` and makes it triangular again: `factor` `[pivots, total]`, `fresh` `[rows, total]`.
#[napi(catch_unwind)]
pub fn reflect(mut factor: Out<f64>, mut fresh: Out<f64>, rows: u32, pivots: u32, total: u32) -> Result<()> {
    check::length("reflect", "factor", factor.len(), &[pivots, total])?;
    check::length("reflect", "fresh", fresh.len(), &[rows, total])?;
    check::that(pivots <= total, || format!("reflect: {pivots} pivots of {total} columns."))?;
    if total > 0 {
        least_squares::reflect(&mut factor, &mut fresh, pivots as usize, total as usize);
    }
    Ok(())
}

/// Solves the triangular system of the factor that [`reflect`] makes, `[pivots, total]`, for its last columns; `solution` `[pivots, total − pivots]`
/// is of smallest norm, with singular values below `cut_off` of the largest left out.
#[napi(catch_unwind)]
pub fn solve_factor(factor: &[f64], mut solution: Out<f64>, pivots: u32, total: u32, cut_off: f64) -> Result<()> {
    check::that(pivots > 0 && pivots <= total, || format!("solveFactor: {pivots} pivots of {total} columns."))?;
    check::length("solveFactor", "factor", factor.len(), &[pivots, total])?;
    check::length("solveFactor", "solution", solution.len(), &[pivots, total - pivots])?;
    check::that(least_squares::solve(factor, pivots as usize, total as usize, cut_off, &mut solution), || "solveFactor: the singular values do not converge.".to_string())
}

fn lora<'a>(name: &str, a: &'a [f32], b: &'a [f32], scaling: f64, inputs: u32, outputs: u32, rank: u32) -> Result<Lora<'a>> {
    check::length(name, "loraA", a.len(), &[rank, inputs])?;
    check::length(name, "loraB", b.len(), &[outputs, rank])?;
    Ok(Lora { a, b, rank: rank as usize, scaling: scaling as f32 })
}

/// `y = x·(W + scaling·B·A)ᵀ + bias`. Rank 0 and an empty bias stand for none.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn linear(x: &[f32], weight: Weight, bias: &[f32], lora_a: &[f32], lora_b: &[f32], scaling: f64, mut y: Out<f32>, rows: u32, inputs: u32, outputs: u32, rank: u32) -> Result<()> {
    check::length("linear", "x", x.len(), &[rows, inputs])?;
    check::length("linear", "weight", weight.len(), &[outputs, inputs])?;
    check::length("linear", "y", y.len(), &[rows, outputs])?;
    if !bias.is_empty() {
        check::length("linear", "bias", bias.len(), &[outputs])?;
    }
    let update = lora("linear", lora_a, lora_b, scaling, inputs, outputs, rank)?;
    linear::forward(x, weight, bias, update, &mut y, rows as usize, inputs as usize, outputs as usize);
    Ok(())
}

/// `dx = dy·(W + scaling·B·A)`.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn linear_backward_x(dy: &[f32], weight: Weight, lora_a: &[f32], lora_b: &[f32], scaling: f64, mut dx: Out<f32>, rows: u32, inputs: u32, outputs: u32, rank: u32) -> Result<()> {
    check::length("linearBackwardX", "dy", dy.len(), &[rows, outputs])?;
    check::length("linearBackwardX", "weight", weight.len(), &[outputs, inputs])?;
    check::length("linearBackwardX", "dx", dx.len(), &[rows, inputs])?;
    let update = lora("linearBackwardX", lora_a, lora_b, scaling, inputs, outputs, rank)?;
    linear::backward_x(dy, weight, update, &mut dx, rows as usize, inputs as usize, outputs as usize);
    Ok(())
}

/// The gradients of the low-rank factors; each is skipped when its output is empty.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn linear_backward_lora(x: &[f32], dy: &[f32], lora_a: &[f32], lora_b: &[f32], scaling: f64, mut da: Out<f32>, mut db: Out<f32>, rows: u32, inputs: u32, outputs: u32, rank: u32) -> Result<()> {
    check::length("linearBackwardLora", "x", x.len(), &[rows, inputs])?;
    check::length("linearBackwardLora", "dy", dy.len(), &[rows, outputs])?;
    let update = lora("linearBackwardLora", lora_a, lora_b, scaling, inputs, outputs, rank)?;
    if !da.is_empty() {
        check::length("linearBackwardLora", "da", da.len(), &[rank, inputs])?;
    }
    if !db.is_empty() {
        check::length("linearBackwardLora", "db", db.len(), &[outputs, rank])?;
    }
    linear::backward_lora(x, dy, update, &mut da, &mut db, rows as usize, inputs as usize, outputs as usize);
    Ok(())
}

/// Layer normalisation of rows of `width`.
#[napi(catch_unwind)]
pub fn layer_norm(x: &[f32], gain: &[f32], bias: &[f32], epsilon: f64, mut y: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [("x", x.len(), &[rows, width][..]), ("gain", gain.len(), &[width]), ("bias", bias.len(), &[width]), ("y", y.len(), &[rows, width])] {
        check::length("layerNorm", what, found, sizes)?;
    }
    norm::forward(x, gain, bias, epsilon as f32, &mut y);
    Ok(())
}

/// The gradients of [`layer_norm`].
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn layer_norm_backward(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f64, mut dx: Out<f32>, mut dgain: Out<f32>, mut dbias: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [
        ("x", x.len(), &[rows, width][..]),
        ("gain", gain.len(), &[width]),
        ("dy", dy.len(), &[rows, width]),
        ("dx", dx.len(), &[rows, width]),
        ("dgain", dgain.len(), &[width]),
        ("dbias", dbias.len(), &[width]),
    ] {
        check::length("layerNormBackward", what, found, sizes)?;
    }
    norm::backward(x, gain, dy, epsilon as f32, &mut dx, &mut dgain, &mut dbias);
    Ok(())
}

/// GELU of `x + bias`.
#[napi(catch_unwind)]
pub fn bias_gelu(x: &[f32], bias: &[f32], mut y: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [("x", x.len(), &[rows, width][..]), ("bias", bias.len(), &[width]), ("y", y.len(), &[rows, width])] {
        check::length("biasGelu", what, found, sizes)?;
    }
    gelu::forward(x, bias, &mut y);
    Ok(())
}

/// The gradients of [`bias_gelu`].
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn bias_gelu_backward(x: &[f32], bias: &[f32], dy: &[f32], mut dx: Out<f32>, mut dbias: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [
        ("x", x.len(), &[rows, width][..]),
        ("bias", bias.len(), &[width]),
        ("dy", dy.len(), &[rows, width]),
        ("dx", dx.len(), &[rows, width]),
        ("dbias", dbias.len(), &[width]),
    ] {
        check::length("biasGeluBackward", what, found, sizes)?;
    }
    gelu::backward(x, bias, dy, &mut dx, &mut dbias);
    Ok(())
}

/// `y = x + bias + residual`.
#[napi(catch_unwind)]
pub fn bias_residual(x: &[f32], bias: &[f32], residual: &[f32], mut y: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [("x", x.len(), &[rows, width][..]), ("bias", bias.len(), &[width]), ("residual", residual.len(), &[rows, width]), ("y", y.len(), &[rows, width])] {
        check::length("biasResidual", what, found, sizes)?;
    }
    elementwise::bias_residual(x, bias, residual, &mut y);
    Ok(())
}

/// Self-attention: `qkv` `[batch, tokens, 3·heads·width]` to `[batch, tokens, heads·width]`.
#[napi(catch_unwind)]
pub fn attention(qkv: &[f32], mut out: Out<f32>, batch: u32, tokens: u32, heads: u32, width: u32) -> Result<()> {
    check::length("attention", "qkv", qkv.len(), &[batch, tokens, 3, heads, width])?;
    check::length("attention", "out", out.len(), &[batch, tokens, heads, width])?;
    attention::forward(qkv, &mut out, attention::Sizes { batch: batch as usize, tokens: tokens as usize, heads: heads as usize, width: width as usize });
    Ok(())
}

/// The gradient of [`attention`].
#[napi(catch_unwind)]
pub fn attention_backward(qkv: &[f32], dout: &[f32], mut dqkv: Out<f32>, batch: u32, tokens: u32, heads: u32, width: u32) -> Result<()> {
    check::length("attentionBackward", "qkv", qkv.len(), &[batch, tokens, 3, heads, width])?;
    check::length("attentionBackward", "dout", dout.len(), &[batch, tokens, heads, width])?;
    check::length("attentionBackward", "dqkv", dqkv.len(), &[batch, tokens, 3, heads, width])?;
    attention::backward(qkv, dout, &mut dqkv, attention::Sizes { batch: batch as usize, tokens: tokens as usize, heads: heads as usize, width: width as usize });
    Ok(())
}

/// The first token's row of [`attention`]: `qkv` `[batch, tokens, 3·heads·width]` to `[batch, heads·width]`.
#[napi(catch_unwind)]
pub fn class_attention(qkv: &[f32], mut out: Out<f32>, batch: u32, tokens: u32, heads: u32, width: u32) -> Result<()> {
    check::length("classAttention", "qkv", qkv.len(), &[batch, tokens, 3, heads, width])?;
    check::length("classAttention", "out", out.len(), &[batch, heads, width])?;
    class_attention::forward(qkv, &mut out, attention::Sizes { batch: batch as usize, tokens: tokens as usize, heads: heads as usize, width: width as usize });
    Ok(())
}

/// The gradient of [`class_attention`].
#[napi(catch_unwind)]
pub fn class_attention_backward(qkv: &[f32], dout: &[f32], mut dqkv: Out<f32>, batch: u32, tokens: u32, heads: u32, width: u32) -> Result<()> {
    check::length("classAttentionBackward", "qkv", qkv.len(), &[batch, tokens, 3, heads, width])?;
    check::length("classAttentionBackward", "dout", dout.len(), &[batch, heads, width])?;
    check::length("classAttentionBackward", "dqkv", dqkv.len(), &[batch, tokens, 3, heads, width])?;
    class_attention::backward(qkv, dout, &mut dqkv, attention::Sizes { batch: batch as usize, tokens: tokens as usize, heads: heads as usize, width: width as usize });
    Ok(())
}

/// Sizes `[batch, tokens, heads, width, hidden, rank]` and the parameters of a block: gain and bias of the first norm; weight, bias and low-rank
/// factors of qkv; weight and bias of proj; gain and bias of the second norm; weights and biases of fc1 and fc2.
fn block_of<'a>(name: &str, parameters: &'a [In], sizes: &[u32], epsilon: f64, scaling: f64) -> Result<(block::Parameters<'a>, block::Sizes)> {
    let &[batch, tokens, heads, width, hidden, rank] = sizes else {
        return Err(Error::new(Status::InvalidArg, format!("{name}: {} sizes, expected 6.", sizes.len())));
    };
    let [gain1, bias1, qkv, qkv_bias, lora_a, lora_b, proj, proj_bias, gain2, bias2, fc1, fc1_bias, fc2, fc2_bias] = parameters else {
        return Err(Error::new(Status::InvalidArg, format!("{name}: {} parameters, expected 14.", parameters.len())));
    };
    check::that(heads > 0 && width % heads == 0 && hidden > 0, || format!("{name}: {heads} heads of width {width}, {hidden} hidden features."))?;
    check::product(name, &[batch, tokens, 8, width])?;
    check::product(name, &[batch, tokens, 8, hidden])?;
    for (what, values, expected) in [
        ("gain1", gain1, &[width][..]),
        ("bias1", bias1, &[width]),
        ("qkv", qkv, &[3, width, width]),
        ("qkvBias", qkv_bias, &[3, width]),
        ("proj", proj, &[width, width]),
        ("projBias", proj_bias, &[width]),
        ("gain2", gain2, &[width]),
        ("bias2", bias2, &[width]),
        ("fc1", fc1, &[hidden, width]),
        ("fc1Bias", fc1_bias, &[hidden]),
        ("fc2", fc2, &[width, hidden]),
        ("fc2Bias", fc2_bias, &[width]),
    ] {
        check::length(name, what, values.0.len(), expected)?;
    }
    let lora = lora(name, lora_a.0, lora_b.0, scaling, width, 3 * width, rank)?;
    let sizes = block::Sizes { batch: batch as usize, tokens: tokens as usize, heads: heads as usize, width: width as usize, hidden: hidden as usize, rank: rank as usize };
    let parameters = block::Parameters {
        gain1: gain1.0,
        bias1: bias1.0,
        qkv: qkv.0,
        qkv_bias: qkv_bias.0,
        lora,
        proj: proj.0,
        proj_bias: proj_bias.0,
        gain2: gain2.0,
        bias2: bias2.0,
        fc1: fc1.0,
        fc1_bias: fc1_bias.0,
        fc2: fc2.0,
        fc2_bias: fc2_bias.0,
        epsilon: epsilon as f32,
    };
    Ok((parameters, sizes))
}

/// A transformer block on `[batch, tokens, width]`; `kept` holds what the way back needs, or is empty.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn block(x: &[f32], parameters: Vec<In>, mut y: Out<f32>, mut kept: Out<f32>, sizes: Vec<u32>, epsilon: f64, scaling: f64) -> Result<()> {
    let (parameters, sizes) = block_of("block", &parameters, &sizes, epsilon, scaling)?;
    let count = sizes.batch * sizes.tokens;
    check::that(x.len() == count * sizes.width && y.len() == x.len() && (kept.is_empty() || kept.len() == count * sizes.kept()), || {
        format!("block: x, y and kept have {}, {} and {} numbers, expected {} and {}.", x.len(), y.len(), kept.len(), count * sizes.width, count * sizes.kept())
    })?;
    block::forward(x, parameters, &mut y, &mut kept, sizes);
    Ok(())
}

/// The gradients of [`block`] by `x` and, one after the other in `slopes`, by gains, biases and low-rank factors.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn block_backward(x: &[f32], parameters: Vec<In>, kept: &[f32], dy: &[f32], mut dx: Out<f32>, mut slopes: Out<f32>, sizes: Vec<u32>, epsilon: f64, scaling: f64) -> Result<()> {
    let (parameters, sizes) = block_of("blockBackward", &parameters, &sizes, epsilon, scaling)?;
    let (count, total) = (sizes.batch * sizes.tokens, sizes.slopes().iter().sum::<usize>());
    check::that(x.len() == count * sizes.width && dy.len() == x.len() && dx.len() == x.len() && kept.len() == count * sizes.kept() && slopes.len() == total, || {
        format!("blockBackward: x, dy, dx, kept and slopes have {}, {}, {}, {} and {} numbers, expected {}, {} and {total}.", x.len(), dy.len(), dx.len(), kept.len(), slopes.len(), count * sizes.width, count * sizes.kept())
    })?;
    block::backward(x, parameters, kept, dy, &mut dx, &mut slopes, sizes);
    Ok(())
}

fn labels_fit(name: &str, labels: &[i32], classes: u32) -> Result<()> {
    match labels.iter().find(|&&label| label < 0 || label as u32 >= classes) {
        Some(label) => Err(Error::new(Status::InvalidArg, format!("{name}: label {label} is not one of {classes} classes."))),
        None => Ok(()),
    }
}

/// Mean cross-entropy, written to `out[0]`.
#[napi(catch_unwind)]
pub fn softmax_cross_entropy(logits: &[f32], labels: &[i32], mut out: Out<f32>, classes: u32) -> Result<()> {
    check::length("softmaxCrossEntropy", "logits", logits.len(), &[labels.len() as u32, classes])?;
    check::length("softmaxCrossEntropy", "out", out.len(), &[1])?;
    labels_fit("softmaxCrossEntropy", labels, classes)?;
    out[0] = if classes == 0 { f32::NAN } else { loss::forward(logits, labels, classes as usize) };
    Ok(())
}

/// The gradient of [`softmax_cross_entropy`], times `dy`.
#[napi(catch_unwind)]
pub fn softmax_cross_entropy_backward(logits: &[f32], labels: &[i32], dy: f64, mut dx: Out<f32>, classes: u32) -> Result<()> {
    check::length("softmaxCrossEntropyBackward", "logits", logits.len(), &[labels.len() as u32, classes])?;
    check::length("softmaxCrossEntropyBackward", "dx", dx.len(), &[labels.len() as u32, classes])?;
    labels_fit("softmaxCrossEntropyBackward", labels, classes)?;
    if classes > 0 {
        loss::backward(logits, labels, classes as usize, (dy / labels.len() as f64) as f32, &mut dx);
    }
    Ok(())
}

/// One AdamW update of one tensor in place; see `adamw::Step`.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn adam_w(mut values: Out<f32>, slopes: &[f32], mut first: Out<f32>, mut second: Out<f32>, keep: f64, rate: f64, scale: f64, beta1: f64, beta2: f64, epsilon: f64) -> Result<()> {
    let size = values.len();
    check::that(slopes.len() == size && first.len() == size && second.len() == size, || {
        format!("adamW: values, slopes and moments have {size}, {}, {} and {} numbers, expected the same.", slopes.len(), first.len(), second.len())
    })?;
    adamw::update(&mut values, slopes, &mut first, &mut second, adamw::Step { keep, rate, scale, beta1, beta2, epsilon });
    Ok(())
}

/// `out[i] = operation(a[i], b[(i / run) mod b.len()])`.
#[napi(catch_unwind)]
pub fn binary(operation: String, a: &[f32], b: &[f32], run: u32, mut out: Out<f32>) -> Result<()> {
    let operation = match operation.as_str() {
        "add" => Binary::Add,
        "subtract" => Binary::Subtract,
        "subtractFrom" => Binary::SubtractFrom,
        "multiply" => Binary::Multiply,
        "divide" => Binary::Divide,
        "divideInto" => Binary::DivideInto,
        "maximum" => Binary::Maximum,
        "minimum" => Binary::Minimum,
        other => return Err(Error::new(Status::InvalidArg, format!("binary: unknown operation {other}."))),
    };
    let run = run as usize;
    check::that(a.len() == out.len() && run > 0 && (a.is_empty() || (!b.is_empty() && a.len() % (b.len() * run) == 0)), || {
        format!("binary: {} and {} numbers in runs of {run} to {}.", a.len(), b.len(), out.len())
    })?;
    elementwise::binary(operation, a, b, run, &mut out);
    Ok(())
}

/// `y[i] = operation(x[i])`.
#[napi(catch_unwind)]
pub fn unary(operation: String, x: &[f32], mut y: Out<f32>) -> Result<()> {
    let operation = match operation.as_str() {
        "negate" => Unary::Negate,
        "square" => Unary::Square,
        "squareRoot" => Unary::SquareRoot,
        "reciprocalSquareRoot" => Unary::ReciprocalSquareRoot,
        "reciprocal" => Unary::Reciprocal,
        "absolute" => Unary::Absolute,
        "relu" => Unary::Relu,
        "exp" => Unary::Exp,
        "log" => Unary::Log,
        "erf" => Unary::Erf,
        "sigmoid" => Unary::Sigmoid,
        "tanh" => Unary::Tanh,
        other => return Err(Error::new(Status::InvalidArg, format!("unary: unknown operation {other}."))),
    };
    check::that(x.len() == y.len(), || format!("unary: {} numbers to {}.", x.len(), y.len()))?;
    elementwise::unary(operation, x, &mut y);
    Ok(())
}

/// Softmax of rows of `width`.
#[napi(catch_unwind)]
pub fn softmax(x: &[f32], mut y: Out<f32>, rows: u32, width: u32) -> Result<()> {
    check::length("softmax", "x", x.len(), &[rows, width])?;
    check::length("softmax", "y", y.len(), &[rows, width])?;
    elementwise::softmax(x, &mut y, width as usize);
    Ok(())
}

/// Sums the middle of three axes.
#[napi(catch_unwind)]
pub fn sum(x: &[f32], mut out: Out<f32>, outer: u32, middle: u32, inner: u32) -> Result<()> {
    check::length("sum", "x", x.len(), &[outer, middle, inner])?;
    check::length("sum", "out", out.len(), &[outer, inner])?;
    reduce::sum(x, &mut out, outer as usize, middle as usize, inner as usize);
    Ok(())
}

/// Copies with strides: `layout` is the shape, then the strides in `from`, then the strides in `to`.
#[napi(catch_unwind)]
pub fn copy(from: &[f32], from_offset: u32, mut to: Out<f32>, to_offset: u32, layout: Vec<u32>) -> Result<()> {
    let layout: Vec<usize> = layout.into_iter().map(|size| size as usize).collect();
    let axes = layout.len() / 3;
    check::that(layout.len() % 3 == 0 && axes <= copy::MOST_AXES, || format!("copy: a layout of {} numbers.", layout.len()))?;
    let (shape, strides) = layout.split_at(axes);
    let (from_strides, to_strides) = strides.split_at(axes);
    if shape.contains(&0) {
        return Ok(());
    }
    let inside = |strides: &[usize], offset: u32, length: usize| copy::reach(shape, strides, offset as usize).is_some_and(|last| last < length);
    check::that(inside(from_strides, from_offset, from.len()) && inside(to_strides, to_offset, to.len()), || {
        format!("copy: shape {shape:?} leaves an array of {} or {} numbers.", from.len(), to.len())
    })?;
    copy::strided(from, from_offset as usize, from_strides, &mut to, to_offset as usize, to_strides, shape);
    Ok(())
}
