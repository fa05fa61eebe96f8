//! The functions of decoders and of 16-bit weights, for Node; as in `lib`, lengths are checked first.

use crate::causal::{self, Sizes};
use crate::decoder_layer::{Linear, Parameters};
use crate::decoder_token::Place;
use crate::linear::Lora;
use crate::rotary::{self, Turn};
use crate::weight::Weight;
use crate::{In, Out, check, decoder_layer, loss, rms_norm, silu, table_rows};
use napi::{Error, Result, Status};
use napi_derive::napi;

/// Root-mean-square normalisation of rows of `width`.
#[napi(catch_unwind)]
pub fn rms_norm(x: &[f32], gain: &[f32], epsilon: f64, mut y: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [("x", x.len(), &[rows, width][..]), ("gain", gain.len(), &[width]), ("y", y.len(), &[rows, width])] {
        check::length("rmsNorm", what, found, sizes)?;
    }
    rms_norm::forward(x, gain, epsilon as f32, &mut y);
    Ok(())
}

/// The gradients of [`rms_norm()`].
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn rms_norm_backward(x: &[f32], gain: &[f32], dy: &[f32], epsilon: f64, mut dx: Out<f32>, mut dgain: Out<f32>, rows: u32, width: u32) -> Result<()> {
    for (what, found, sizes) in [("x", x.len(), &[rows, width][..]), ("gain", gain.len(), &[width]), ("dy", dy.len(), &[rows, width]), ("dx", dx.len(), &[rows, width]), ("dgain", dgain.len(), &[width])] {
        check::length("rmsNormBackward", what, found, sizes)?;
    }
    rms_norm::backward(x, gain, dy, epsilon as f32, &mut dx, &mut dgain);
    Ok(())
}

/// Turns `heads` heads of `width` features in rows of sequences of `tokens`; `direction` −1 turns back.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn rotary(x: &[f32], mut y: Out<f32>, batch: u32, tokens: u32, heads: u32, width: u32, interleaved: bool, theta: f64, start: u32, direction: f64) -> Result<()> {
    check::length("rotary", "x", x.len(), &[batch, tokens, heads, width])?;
    check::length("rotary", "y", y.len(), &[batch, tokens, heads, width])?;
    check::that(width % 2 == 0, || format!("rotary: heads of {width} features, expected an even number."))?;
    rotary::turn(x, &mut y, tokens as usize, Turn { heads: heads as usize, width: width as usize, interleaved, theta, start: start as usize, direction: direction as f32 });
    Ok(())
}

/// `y = gate·σ(gate)·up`.
#[napi(catch_unwind)]
pub fn silu_gate(gate: &[f32], up: &[f32], mut y: Out<f32>) -> Result<()> {
    let size = y.len();
    check::that(gate.len() == size && up.len() == size, || format!("siluGate: arrays of {}, {} and {size} numbers, expected the same.", gate.len(), up.len()))?;
    silu::forward(gate, up, &mut y);
    Ok(())
}

/// The gradients of [`silu_gate`].
#[napi(catch_unwind)]
pub fn silu_gate_backward(gate: &[f32], up: &[f32], dy: &[f32], mut dgate: Out<f32>, mut dup: Out<f32>) -> Result<()> {
    let size = gate.len();
    check::that([up.len(), dy.len(), dgate.len(), dup.len()].iter().all(|&other| other == size), || format!("siluGateBackward: arrays of other than {size} numbers."))?;
    silu::backward(gate, up, dy, &mut dgate, &mut dup);
    Ok(())
}

fn causal_sizes(batch: u32, tokens: u32, known: u32, heads: u32, key_heads: u32, width: u32) -> Result<Sizes> {
    check::that(key_heads > 0 && heads % key_heads == 0 && known >= tokens, || format!("causalAttention: {heads} heads, {key_heads} of keys, {tokens} tokens of {known}."))?;
    Ok(Sizes { batch: batch as usize, tokens: tokens as usize, known: known as usize, heads: heads as usize, key_heads: key_heads as usize, width: width as usize })
}

/// Attention of the last `tokens` of `known` tokens to themselves and those before them.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn causal_attention(queries: &[f32], keys: &[f32], values: &[f32], mut out: Out<f32>, batch: u32, tokens: u32, known: u32, heads: u32, key_heads: u32, width: u32) -> Result<()> {
    let sizes = causal_sizes(batch, tokens, known, heads, key_heads, width)?;
    for (what, found, count, across) in [("queries", queries.len(), tokens, heads), ("keys", keys.len(), known, key_heads), ("values", values.len(), known, key_heads), ("out", out.len(), tokens, heads)] {
        check::length("causalAttention", what, found, &[batch, count, across, width])?;
    }
    if batch == 1 && tokens == 1 {
        causal::one_query(queries, keys, values, &mut out, sizes);
    } else {
        causal::forward(queries, keys, values, &mut out, sizes);
    }
    Ok(())
}

/// The gradients of [`causal_attention`].
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn causal_attention_backward(queries: &[f32], keys: &[f32], values: &[f32], dout: &[f32], mut dqueries: Out<f32>, mut dkeys: Out<f32>, mut dvalues: Out<f32>, batch: u32, tokens: u32, known: u32, heads: u32, key_heads: u32, width: u32) -> Result<()> {
    let sizes = causal_sizes(batch, tokens, known, heads, key_heads, width)?;
    for (what, found) in [("queries", queries.len()), ("dout", dout.len()), ("dqueries", dqueries.len())] {
        check::length("causalAttentionBackward", what, found, &[batch, tokens, heads, width])?;
    }
    for (what, found) in [("keys", keys.len()), ("values", values.len()), ("dkeys", dkeys.len()), ("dvalues", dvalues.len())] {
        check::length("causalAttentionBackward", what, found, &[batch, known, key_heads, width])?;
    }
    causal::backward(queries, keys, values, dout, &mut dqueries, &mut dkeys, &mut dvalues, sizes);
    Ok(())
}

/// The sum of rows' cross-entropies times `scale`, to `out[0]`, and its gradient.
#[napi(catch_unwind)]
pub fn token_loss(logits: &[f32], labels: &[i32], scale: f64, mut out: Out<f32>, mut slopes: Out<f32>, classes: u32) -> Result<()> {
    check::length("tokenLoss", "logits", logits.len(), &[labels.len() as u32, classes])?;
    check::length("tokenLoss", "slopes", slopes.len(), &[labels.len() as u32, classes])?;
    check::length("tokenLoss", "out", out.len(), &[1])?;
    crate::labels_fit("tokenLoss", labels, classes)?;
    out[0] = loss::forward_and_back(logits, labels, classes as usize, scale as f32, &mut slopes);
    Ok(())
}

/// The rows of a table `[count, width]` that `ids` name.
#[napi(catch_unwind)]
pub fn gather_rows(table: Weight, ids: &[i32], mut out: Out<f32>, count: u32, width: u32) -> Result<()> {
    check::length("gatherRows", "table", table.len(), &[count, width])?;
    check::length("gatherRows", "out", out.len(), &[ids.len() as u32, width])?;
    crate::labels_fit("gatherRows", ids, count)?;
    if width > 0 {
        table_rows::gather(table, ids, width as usize, &mut out);
    }
    Ok(())
}

/// The gradient of [`gather_rows`] by the table.
#[napi(catch_unwind)]
pub fn scatter_rows(rows: &[f32], ids: &[i32], mut table: Out<f32>, count: u32, width: u32) -> Result<()> {
    check::length("scatterRows", "rows", rows.len(), &[ids.len() as u32, width])?;
    check::length("scatterRows", "table", table.len(), &[count, width])?;
    crate::labels_fit("scatterRows", ids, count)?;
    if width > 0 {
        table_rows::scatter(rows, ids, width as usize, &mut table);
    }
    Ok(())
}

/// Widens 16-bit numbers.
#[napi(catch_unwind)]
pub fn widen(from: Weight, mut out: Out<f32>) -> Result<()> {
    check::length("widen", "out", out.len(), &[from.len() as u32])?;
    match from {
        Weight::Float32(values) => out.copy_from_slice(values),
        Weight::Half(halves) => halves.widen(&mut out),
    }
    Ok(())
}

/// One layer on the token at `position`, whose keys and values are written to their row of the memory.
///
/// `weights` are the input norm, q, k, v, o, the other norm, gate, up and down; `biases` those of q, k, v, o, gate, up and down; `lora` A and B of
/// q and of v. An empty bias or factor is none.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn decoder_token(x: &[f32], weights: Vec<Weight>, biases: Vec<Weight>, lora: Vec<Weight>, scaling: f64, mut keys: Out<f32>, mut values: Out<f32>, mut y: Out<f32>, position: u32, heads: u32, key_heads: u32, hidden: u32, interleaved: bool, theta: f64, epsilon: f64) -> Result<()> {
    let name = "decoderToken";
    let width = x.len() as u32;
    check::that(weights.len() == 9 && biases.len() == 7 && lora.len() == 4, || format!("{name}: {} weights, {} biases and {} factors.", weights.len(), biases.len(), lora.len()))?;
    check::that(key_heads > 0 && heads % key_heads == 0 && heads > 0 && width % heads == 0 && width / heads % 2 == 0, || format!("{name}: {heads} heads, {key_heads} of keys, width {width}."))?;
    let narrow = width / heads * key_heads;
    check::length(name, "y", y.len(), &[width])?;
    check::that(keys.len() == values.len() && keys.len() >= (position as usize + 1) * narrow as usize, || format!("{name}: a memory of {} numbers at position {position}.", keys.len()))?;
    let shapes = [(width, 1), (width, width), (narrow, width), (narrow, width), (width, width), (width, 1), (hidden, width), (hidden, width), (width, hidden)];
    for (index, (outputs, inputs)) in shapes.into_iter().enumerate() {
        check::length(name, "a weight", weights[index].len(), &[outputs, inputs])?;
    }
    let bias = |index: usize, outputs: u32| -> Result<&'static [f32]> {
        let values = biases[index].wide(name)?;
        if !values.is_empty() {
            check::length(name, "a bias", values.len(), &[outputs])?;
        }
        Ok(values)
    };
    let update = |first: usize, outputs: u32| -> Result<Lora<'static>> {
        let (a, b) = (lora[first].wide(name)?, lora[first + 1].wide(name)?);
        let rank = a.len() as u32 / width.max(1);
        check::length(name, "loraA", a.len(), &[rank, width])?;
        check::length(name, "loraB", b.len(), &[outputs, rank])?;
        Ok(Lora { a, b, rank: rank as usize, scaling: scaling as f32 })
    };
    let linear = |weight: usize, index: usize, outputs: u32, lora: Lora<'static>| -> Result<Linear<'static, Weight>> { Ok(Linear { weight: weights[weight], bias: bias(index, outputs)?, lora }) };
    let layer = Parameters {
        input_norm: weights[0].wide(name)?,
        query: linear(1, 0, width, update(0, width)?)?,
        key: linear(2, 1, narrow, Lora::NONE)?,
        value: linear(3, 2, narrow, update(2, narrow)?)?,
        output: linear(4, 3, width, Lora::NONE)?,
        post_norm: weights[5].wide(name)?,
        gate: linear(6, 4, hidden, Lora::NONE)?,
        up: linear(7, 5, hidden, Lora::NONE)?,
        down: linear(8, 6, width, Lora::NONE)?,
        epsilon: epsilon as f32,
        interleaved,
        theta,
    };
    layer.run(x, &mut keys, &mut values, &mut y, Place { heads: heads as usize, key_heads: key_heads as usize, hidden: hidden as usize, position: position as usize });
    Ok(())
}

/// Sizes `[batch, tokens, heads, key heads, width, hidden, rank of q, rank of v]` and the parameters of a layer: the input norm's gain; weight, bias
/// and low-rank factors of q; weight and bias of k; weight, bias and factors of v; weight and bias of o; the other norm's gain; weights and biases
/// of gate, up and down. An empty bias or factor is none.
fn layer_of<'a>(name: &str, parameters: &'a [In], sizes: &[u32], interleaved: bool, theta: f64, epsilon: f64, scaling: f64) -> Result<(Parameters<'a>, decoder_layer::Sizes)> {
    let &[batch, tokens, heads, key_heads, width, hidden, query_rank, value_rank] = sizes else {
        return Err(Error::new(Status::InvalidArg, format!("{name}: {} sizes, expected 8.", sizes.len())));
    };
    check::that(parameters.len() == 20, || format!("{name}: {} parameters, expected 20.", parameters.len()))?;
    check::that(heads > 0 && key_heads > 0 && heads % key_heads == 0 && width % heads == 0 && width / heads % 2 == 0 && width > 0 && hidden > 0, || format!("{name}: {heads} heads, {key_heads} of keys, width {width}, {hidden} hidden features."))?;
    check::product(name, &[batch, tokens, 8, width])?;
    check::product(name, &[batch, tokens, 8, hidden])?;
    let narrow = width / heads * key_heads;
    let part = |place: usize| parameters[place].0;
    let gain = |place: usize| -> Result<&'a [f32]> { check::length(name, "a gain", part(place).len(), &[width]).map(|()| part(place)) };
    let linear = |place: usize, outputs: u32, inputs: u32, rank: u32| -> Result<Linear<'a>> {
        check::length(name, "a weight", part(place).len(), &[outputs, inputs])?;
        if !part(place + 1).is_empty() {
            check::length(name, "a bias", part(place + 1).len(), &[outputs])?;
        }
        let (a, b): (&[f32], &[f32]) = if rank == 0 { (&[], &[]) } else { (part(place + 2), part(place + 3)) };
        Ok(Linear { weight: part(place), bias: part(place + 1), lora: crate::lora(name, a, b, scaling, inputs, outputs, rank)? })
    };
    let layer = Parameters {
        input_norm: gain(0)?,
        query: linear(1, width, width, query_rank)?,
        key: linear(5, narrow, width, 0)?,
        value: linear(7, narrow, width, value_rank)?,
        output: linear(11, width, width, 0)?,
        post_norm: gain(13)?,
        gate: linear(14, hidden, width, 0)?,
        up: linear(16, hidden, width, 0)?,
        down: linear(18, width, hidden, 0)?,
        epsilon: epsilon as f32,
        interleaved,
        theta,
    };
    let [batch, tokens, heads, key_heads, width, hidden, query_rank, value_rank] = [batch, tokens, heads, key_heads, width, hidden, query_rank, value_rank].map(|size| size as usize);
    Ok((layer, decoder_layer::Sizes { batch, tokens, heads, key_heads, width, hidden, query_rank, value_rank }))
}

/// A layer on `[batch, tokens, width]`, its first token at position 0; `kept` holds what the way back needs, or is empty.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn decoder_layer(x: &[f32], parameters: Vec<In>, mut y: Out<f32>, mut kept: Out<f32>, sizes: Vec<u32>, interleaved: bool, theta: f64, epsilon: f64, scaling: f64) -> Result<()> {
    let (layer, sizes) = layer_of("decoderLayer", &parameters, &sizes, interleaved, theta, epsilon, scaling)?;
    let rows = sizes.rows();
    check::that(x.len() == rows * sizes.width && y.len() == x.len() && (kept.is_empty() || kept.len() == rows * sizes.kept()), || {
        format!("decoderLayer: x, y and kept have {}, {} and {} numbers, expected {} and {}.", x.len(), y.len(), kept.len(), rows * sizes.width, rows * sizes.kept())
    })?;
    decoder_layer::forward(x, layer, &mut y, &mut kept, sizes);
    Ok(())
}

/// The gradients of [`decoder_layer()`] by `x`, where `dx` is not empty, and, one after the other in `slopes`, by gains, biases and low-rank factors.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn decoder_layer_backward(x: &[f32], parameters: Vec<In>, kept: &[f32], dy: &[f32], mut dx: Out<f32>, mut slopes: Out<f32>, sizes: Vec<u32>, interleaved: bool, theta: f64, epsilon: f64, scaling: f64) -> Result<()> {
    let (layer, sizes) = layer_of("decoderLayerBackward", &parameters, &sizes, interleaved, theta, epsilon, scaling)?;
    let (rows, total) = (sizes.rows(), sizes.slopes().iter().sum::<usize>());
    check::that(x.len() == rows * sizes.width && dy.len() == x.len() && (dx.is_empty() || dx.len() == x.len()) && kept.len() == rows * sizes.kept() && slopes.len() == total, || {
        format!("decoderLayerBackward: x, dy, dx, kept and slopes have {}, {}, {}, {} and {} numbers, expected {}, {} and {total}.", x.len(), dy.len(), dx.len(), kept.len(), slopes.len(), rows * sizes.width, rows * sizes.kept())
    })?;
    decoder_layer::backward(x, layer, kept, dy, &mut dx, &mut slopes, sizes);
    Ok(())
}
