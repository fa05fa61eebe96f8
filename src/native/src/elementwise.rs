//! Elementwise functions of one array, and of two of which one may repeat.

use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::simd::{erf, exp, exp_of_negative, largest, map_one, map_three, map_two, sum_of};

/// Functions of two numbers.
#[derive(Clone, Copy, PartialEq)]
pub enum Binary {
    Add,
    Subtract,
    /// `b − a`
    SubtractFrom,
    Multiply,
    Divide,
    /// `b / a`
    DivideInto,
    /// The larger; NaN when one is NaN.
    Maximum,
    /// The smaller; NaN when one is NaN.
    Minimum,
}

/// Functions of one number.
#[derive(Clone, Copy, PartialEq)]
pub enum Unary {
    Negate,
    Square,
    SquareRoot,
    ReciprocalSquareRoot,
    Reciprocal,
    Absolute,
    Relu,
    Exp,
    Log,
    Erf,
    Sigmoid,
    Tanh,
}

#[inline(always)]
fn apply(operation: Binary, a: f32, b: f32) -> f32 {
    match operation {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::SubtractFrom => b - a,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        Binary::DivideInto => b / a,
        Binary::Maximum => if a > b || a.is_nan() { a } else { b },
        Binary::Minimum => if a < b || a.is_nan() { a } else { b },
    }
}

/// Expands a loop once per operation, so that each is vectorised by itself.
macro_rules! per_binary {
    ($operation:expr, |$o:ident| $loop:expr) => {
        match $operation {
            Binary::Add => { const $o: Binary = Binary::Add; $loop }
            Binary::Subtract => { const $o: Binary = Binary::Subtract; $loop }
            Binary::SubtractFrom => { const $o: Binary = Binary::SubtractFrom; $loop }
            Binary::Multiply => { const $o: Binary = Binary::Multiply; $loop }
            Binary::Divide => { const $o: Binary = Binary::Divide; $loop }
            Binary::DivideInto => { const $o: Binary = Binary::DivideInto; $loop }
            Binary::Maximum => { const $o: Binary = Binary::Maximum; $loop }
            Binary::Minimum => { const $o: Binary = Binary::Minimum; $loop }
        }
    };
}

multiversion! {
    pub fn pairs(operation: Binary, a: &[f32], b: &[f32], out: &mut [f32]) {
        per_binary!(operation, |OPERATION| {
            map_two(a, b, out, |a, b| apply(OPERATION, a, b))
        })
    }
}

multiversion! {
    fn with_number(operation: Binary, a: &[f32], b: f32, out: &mut [f32]) {
        per_binary!(operation, |OPERATION| {
            map_one(a, out, |a| apply(OPERATION, a, b))
        })
    }
}

/// `out[i] = operation(a[i], b[(i / run) mod b.len()])`: `run` repetitions of each of b's numbers, the whole repeated to a's length.
pub fn binary(operation: Binary, a: &[f32], b: &[f32], run: usize, out: &mut [f32]) {
    if a.is_empty() {
        return;
    }
    let shared = Shared::new(out);
    if b.len() == 1 || run > 1 {
        let run = if b.len() == 1 { a.len().min(1 << 14) } else { run };
        let cut = Cut::rows(a.len().div_ceil(run), run as f64 * 0.3);
        for_each_chunk(cut.chunks, |chunk| {
            let (first, last) = cut.bounds(chunk);
            for line in first..last {
                let (start, end) = (line * run, ((line + 1) * run).min(a.len()));
                // SAFETY: lines are disjoint.
                let out = unsafe { shared.slice(start, end - start) };
                with_number(operation, &a[start..end], b[line % b.len()], out);
            }
        });
        return;
    }
    let whole = b.len() == a.len();
    let width = if whole { a.len().min(1 << 12) } else { b.len() };
    let cut = Cut::rows(a.len().div_ceil(width), width as f64 * 0.3);
    for_each_chunk(cut.chunks, |chunk| {
        let (first, last) = cut.bounds(chunk);
        for line in first..last {
            let (start, end) = (line * width, ((line + 1) * width).min(a.len()));
            // SAFETY: lines are disjoint.
            let out = unsafe { shared.slice(start, end - start) };
            pairs(operation, &a[start..end], if whole { &b[start..end] } else { &b[..end - start] }, out);
        }
    });
}

multiversion! {
    fn unary_part(operation: Unary, x: &[f32], y: &mut [f32]) {
        macro_rules! map {
            (|$v:ident| $value:expr) => {
                map_one(x, y, |$v| $value)
            };
        }
        match operation {
            Unary::Negate => map!(|v| -v),
            Unary::Square => map!(|v| v * v),
            Unary::SquareRoot => map!(|v| v.sqrt()),
            Unary::ReciprocalSquareRoot => map!(|v| 1.0 / v.sqrt()),
            Unary::Reciprocal => map!(|v| 1.0 / v),
            Unary::Absolute => map!(|v| v.abs()),
            Unary::Relu => map!(|v| if v < 0.0 { 0.0 } else { v }),
            Unary::Exp => map!(|v| exp::<FUSED>(v)),
            Unary::Log => map!(|v| v.ln()),
            Unary::Erf => map!(|v| erf::<FUSED>(v)),
            Unary::Sigmoid => map!(|v| 1.0 / (1.0 + exp::<FUSED>(-v))),
            Unary::Tanh => map!(|v| v.tanh()),
        }
    }
}

pub fn unary(operation: Unary, x: &[f32], y: &mut [f32]) {
    let width = 1 << 12;
    let cost = if matches!(operation, Unary::Log | Unary::Tanh) { 8.0 } else { 0.5 };
    let cut = Cut::rows(x.len().div_ceil(width), width as f64 * cost);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (first, last) = cut.bounds(chunk);
        let (start, end) = (first * width, (last * width).min(x.len()));
        // SAFETY: chunks are disjoint.
        unary_part(operation, &x[start..end], unsafe { shared.slice(start, end - start) });
    });
}

multiversion! {
    pub fn bias_residual_rows(x: &[f32], bias: &[f32], residual: &[f32], y: &mut [f32]) {
        let width = bias.len();
        for ((row, other), out) in x.chunks_exact(width).zip(residual.chunks_exact(width)).zip(y.chunks_exact_mut(width)) {
            map_three(row, bias, other, out, |x, bias, residual| x + bias + residual);
        }
    }
}

/// `y = x + bias + residual`, the bias repeating by rows.
pub fn bias_residual(x: &[f32], bias: &[f32], residual: &[f32], y: &mut [f32]) {
    let width = bias.len();
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, 0.4 * width as f64);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        let (start, end) = (start * width, end * width);
        // SAFETY: chunks own disjoint rows.
        bias_residual_rows(&x[start..end], bias, &residual[start..end], unsafe { shared.slice(start, end - start) });
    });
}

multiversion! {
    fn softmax_rows(x: &[f32], y: &mut [f32], width: usize) {
        for (row, out) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let top = largest(row);
            map_one(row, out, |x| exp_of_negative::<FUSED>(x - top));
            let inverse = 1.0 / sum_of(out, |p| p);
            for value in out.iter_mut() {
                *value *= inverse;
            }
        }
    }
}

/// Softmax of each row.
pub fn softmax(x: &[f32], y: &mut [f32], width: usize) {
    if width == 0 {
        return;
    }
    let cut = Cut::rows(x.len() / width, 2.0 * width as f64);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        softmax_rows(&x[start * width..end * width], unsafe { shared.slice(start * width, (end - start) * width) }, width);
    });
}
