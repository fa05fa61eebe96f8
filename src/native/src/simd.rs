//! One loop, compiled for several generations of processors and chosen at run time; and functions that vectorise.

/// What the processor offers, in steps that matter for these kernels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// The target's baseline: SSE2 on x86-64, NEON on 64-bit Arm.
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 F, BW, CD, DQ, VL.
    Avx512,
}

/// Detects the level once; later calls read a cached answer.
#[inline]
pub fn level() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::OnceLock;
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            // Tests try the lower levels on a processor that has the higher ones; the variable never raises the level. ("avx512" leaves out AMX.)
            let cap = std::env::var("ESTA_NATIVE_LEVEL").unwrap_or_default();
            match (avx2 && cap != "baseline", avx512 && cap != "avx2") {
                (true, true) => Level::Avx512,
                (true, false) => Level::Avx2,
                _ => Level::Baseline,
            }
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    Level::Baseline
}

/// Defines a function whose body is compiled for each [`Level`]. In the body, `FUSED` says whether multiply-add is one instruction, and
/// `WIDE` whether there are 32 registers of 16 lanes.
#[macro_export]
macro_rules! multiversion {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[allow(clippy::too_many_arguments, clippy::extra_unused_type_parameters, unused_mut)]
            #[inline(always)]
            fn body<const FUSED: bool, const WIDE: bool>($($arg: $ty),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[allow(clippy::too_many_arguments)]
                #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
                fn avx2($($arg: $ty),*) $(-> $ret)? { body::<true, false>($($arg),*) }
                #[allow(clippy::too_many_arguments)]
                #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
                fn avx512($($arg: $ty),*) $(-> $ret)? { body::<true, true>($($arg),*) }
                // SAFETY: the level was detected on this processor.
                match $crate::simd::level() {
                    $crate::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    $crate::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::simd::Level::Baseline => {}
                }
            }
            body::<{ cfg!(target_arch = "aarch64") }, false>($($arg),*)
        }
    };
}

/// `a·b + c`, in one rounding where the processor does that in one instruction.
#[inline(always)]
pub fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// The exponential, within 2 units in the last place; 0 below −87.3, infinity above 88.7, NaN for NaN.
#[inline(always)]
pub fn exp<const FUSED: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let clamped = if x < -87.3 { -87.3 } else { x };
    let clamped = if clamped > 88.7 { 88.7 } else { clamped };
    let shifted = multiply_add::<FUSED>(clamped, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = multiply_add::<FUSED>(whole, -0.693_359_4, clamped);
    let rest = multiply_add::<FUSED>(whole, 2.121_944_4e-4, rest);
    let mut sum = multiply_add::<FUSED>(rest, 1.0 / 5040.0, 1.0 / 720.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0 / 120.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0 / 24.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0 / 6.0);
    sum = multiply_add::<FUSED>(sum, rest, 0.5);
    sum = multiply_add::<FUSED>(sum, rest, 1.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0);
    // 2^whole in two factors, so that neither leaves the range of normal numbers.
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = exponent >> 1;
    let low = f32::from_bits((half.wrapping_add(127) as u32) << 23);
    let high = f32::from_bits((exponent.wrapping_sub(half).wrapping_add(127) as u32) << 23);
    let value = sum * low * high;
    let value = if x < -87.3 { 0.0 } else { value };
    if x > 88.7 { f32::INFINITY } else { value }
}

/// The exponential of a number that is not above 0, NaN for NaN: [`exp`] with less to watch for.
#[inline(always)]
pub fn exp_of_negative<const FUSED: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let clamped = if x < -87.3 { -87.3 } else { x };
    let shifted = multiply_add::<FUSED>(clamped, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = multiply_add::<FUSED>(whole, -0.693_359_4, clamped);
    let rest = multiply_add::<FUSED>(whole, 2.121_944_4e-4, rest);
    let mut sum = multiply_add::<FUSED>(rest, 1.0 / 720.0, 1.0 / 120.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0 / 24.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0 / 6.0);
    sum = multiply_add::<FUSED>(sum, rest, 0.5);
    sum = multiply_add::<FUSED>(sum, rest, 1.0);
    sum = multiply_add::<FUSED>(sum, rest, 1.0);
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let value = sum * f32::from_bits((exponent.wrapping_add(127) as u32) << 23);
    if x < -87.3 { 0.0 } else { value }
}

/// The largest lane; NaN lanes are passed over.
#[inline(always)]
pub fn largest_lane(lanes: [f32; LANES]) -> f32 {
    let pick = |a: f32, b: f32| if a > b { a } else { b };
    let mut eight = [0.0f32; 8];
    for i in 0..8 {
        eight[i] = pick(lanes[i], lanes[i + 8]);
    }
    let mut four = [0.0f32; 4];
    for i in 0..4 {
        four[i] = pick(eight[i], eight[i + 4]);
    }
    pick(pick(four[0], four[2]), pick(four[1], four[3]))
}

/// The error function, within 1.5e-7 of its value. A rational minimax fit of our own on [0, 3.95], where float32 erf reaches 1.
#[inline(always)]
#[allow(clippy::excessive_precision)]
pub fn erf<const FUSED: bool>(x: f32) -> f32 {
    let x = if x > 3.95 { 3.95 } else { x };
    let x = if x < -3.95 { -3.95 } else { x };
    let u = x * x;
    let mut p = multiply_add::<FUSED>(2.025_907_69e-6, u, 2.846_868_2e-4);
    p = multiply_add::<FUSED>(p, u, 3.808_136_02e-3);
    p = multiply_add::<FUSED>(p, u, 5.287_536_54e-2);
    p = multiply_add::<FUSED>(p, u, 1.915_497_62e-1);
    p = multiply_add::<FUSED>(p, u, 1.128_379_144);
    let mut q = multiply_add::<FUSED>(3.783_175_06e-5, u, 1.170_718_97e-3);
    q = multiply_add::<FUSED>(q, u, 1.505_503_85e-2);
    q = multiply_add::<FUSED>(q, u, 1.145_593_87e-1);
    q = multiply_add::<FUSED>(q, u, 5.030_892_32e-1);
    q = multiply_add::<FUSED>(q, u, 1.0);
    x * p / q
}

/// Lanes of the explicit accumulators below: a fixed number, so that sums do not depend on the processor's vector width.
pub const LANES: usize = 16;

/// Keeps the compiler from vectorising across blocks (it would gather from memory) where each block is a vector already.
#[inline(always)]
pub fn block_boundary() {
    // SAFETY: no instruction at all.
    unsafe { std::arch::asm!("", options(nomem, nostack, preserves_flags)) };
}

/// Asks for a number's cache line before it is needed.
#[inline(always)]
pub fn fetch(value: &f32) {
    // SAFETY: a hint; no memory is accessed.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>((value as *const f32).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Transposes sixteen rows of sixteen numbers.
#[inline(always)]
pub fn transpose<const WIDE: bool>(square: &mut [[f32; LANES]; LANES]) {
    #[cfg(target_arch = "x86_64")]
    if WIDE {
        // SAFETY: WIDE is only set in code compiled for AVX-512; sixteen rows of 64 bytes.
        return unsafe { transpose_lines(square.as_ptr().cast(), LANES, square.as_mut_ptr().cast(), LANES) };
    }
    for row in 1..LANES {
        for column in 0..row {
            let (above, below) = (square[column][row], square[row][column]);
            square[column][row] = below;
            square[row][column] = above;
        }
    }
}

/// Transposes sixteen lines of sixteen words, which lie so many words apart: within quarters of a line by unpacking, then quarters among
/// each other. All lines are read before one is written.
///
/// # Safety
/// The processor has the instructions; `from` and `to` point to sixteen lines of 64 bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
pub unsafe fn transpose_lines(from: *const u32, apart: usize, to: *mut u32, to_apart: usize) {
    use std::arch::x86_64::*;
    // SAFETY: by the caller's promise.
    unsafe {
        let rows: [__m512i; LANES] = std::array::from_fn(|row| _mm512_loadu_si512(from.add(row * apart).cast()));
        let mut pairs = rows;
        for i in (0..LANES).step_by(2) {
            pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
            pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
        }
        let mut fours = pairs;
        for i in (0..LANES).step_by(4) {
            fours[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
            fours[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
            fours[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
            fours[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
        }
        for column in 0..4 {
            let [a, b, c, d] = [fours[column], fours[4 + column], fours[8 + column], fours[12 + column]];
            let (even, odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
            let (later_even, later_odd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
            _mm512_storeu_si512(to.add(column * to_apart).cast(), _mm512_shuffle_i32x4::<0x88>(even, later_even));
            _mm512_storeu_si512(to.add((4 + column) * to_apart).cast(), _mm512_shuffle_i32x4::<0x88>(odd, later_odd));
            _mm512_storeu_si512(to.add((8 + column) * to_apart).cast(), _mm512_shuffle_i32x4::<0xdd>(even, later_even));
            _mm512_storeu_si512(to.add((12 + column) * to_apart).cast(), _mm512_shuffle_i32x4::<0xdd>(odd, later_odd));
        }
    }
}

/// Writes `map(a)` lane by lane. Blocks of exactly [`LANES`] keep short rows vectorised, which a loop that the compiler unrolls does not.
#[inline(always)]
pub fn map_one(a: &[f32], out: &mut [f32], map: impl Fn(f32) -> f32) {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (out_blocks, out_rest) = out.as_chunks_mut::<LANES>();
    for (out, a) in out_blocks.iter_mut().zip(a_blocks) {
            block_boundary();
        for i in 0..LANES {
            out[i] = map(a[i]);
        }
    }
    for (out, &a) in out_rest.iter_mut().zip(a_rest) {
        *out = map(a);
    }
}

/// Writes `map(a, b)` lane by lane; all arrays have one length.
#[inline(always)]
pub fn map_two(a: &[f32], b: &[f32], out: &mut [f32], map: impl Fn(f32, f32) -> f32) {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let (out_blocks, out_rest) = out.as_chunks_mut::<LANES>();
    for ((out, a), b) in out_blocks.iter_mut().zip(a_blocks).zip(b_blocks) {
            block_boundary();
        for i in 0..LANES {
            out[i] = map(a[i], b[i]);
        }
    }
    for ((out, &a), &b) in out_rest.iter_mut().zip(a_rest).zip(b_rest) {
        *out = map(a, b);
    }
}

/// Writes `map(a, b, c)` lane by lane; all arrays have one length.
#[inline(always)]
pub fn map_three(a: &[f32], b: &[f32], c: &[f32], out: &mut [f32], map: impl Fn(f32, f32, f32) -> f32) {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let (c_blocks, c_rest) = c.as_chunks::<LANES>();
    let (out_blocks, out_rest) = out.as_chunks_mut::<LANES>();
    for (((out, a), b), c) in out_blocks.iter_mut().zip(a_blocks).zip(b_blocks).zip(c_blocks) {
            block_boundary();
        for i in 0..LANES {
            out[i] = map(a[i], b[i], c[i]);
        }
    }
    for (((out, &a), &b), &c) in out_rest.iter_mut().zip(a_rest).zip(b_rest).zip(c_rest) {
        *out = map(a, b, c);
    }
}

/// Adds `values` to `sums`, element by element.
#[inline(always)]
pub fn add_to(sums: &mut [f32], values: &[f32]) {
    let (sum_blocks, sum_rest) = sums.as_chunks_mut::<LANES>();
    let (blocks, rest) = values.as_chunks::<LANES>();
    for (sums, values) in sum_blocks.iter_mut().zip(blocks) {
            block_boundary();
        for i in 0..LANES {
            sums[i] += values[i];
        }
    }
    for (sum, &value) in sum_rest.iter_mut().zip(rest) {
        *sum += value;
    }
}

/// Adds `factor·values` to `sums`.
#[inline(always)]
pub fn add_scaled<const FUSED: bool>(sums: &mut [f32], factor: f32, values: &[f32]) {
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

/// Sums `a·b` over two slices of one length.
#[inline(always)]
pub fn dot<const FUSED: bool>(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut lanes = [0.0f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        block_boundary();
        for i in 0..LANES {
            lanes[i] = multiply_add::<FUSED>(a[i], b[i], lanes[i]);
        }
    }
    for i in 0..a_rest.len() {
        lanes[i] = multiply_add::<FUSED>(a_rest[i], b_rest[i], lanes[i]);
    }
    add_lanes(lanes)
}

/// Adds the lanes up in a fixed order.
#[inline(always)]
pub fn add_lanes(lanes: [f32; LANES]) -> f32 {
    let mut eight = [0.0f32; 8];
    for i in 0..8 {
        eight[i] = lanes[i] + lanes[i + 8];
    }
    let mut four = [0.0f32; 4];
    for i in 0..4 {
        four[i] = eight[i] + eight[i + 4];
    }
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Sums `map(x)` over a slice.
#[inline(always)]
pub fn sum_of(values: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] += map(chunk[i]);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += map(value);
    }
    add_lanes(lanes)
}

/// The largest value; NaN is passed over.
#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] = if chunk[i] > lanes[i] { chunk[i] } else { lanes[i] };
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = if value > *lane { value } else { *lane };
    }
    largest_lane(lanes)
}
