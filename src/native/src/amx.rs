//! Matrix products on processors with AMX, to float32's accuracy: each number is split exactly into three bfloat16 parts (8 + 8 + 8 bits), and
//! of the nine products of parts the six that matter are summed in float32 by the tile unit, whose rate is sixteen times that of AVX-512.
//!
//! x = x₀ + x₁ + x₂ with |x₁| ≤ 2⁻⁸|x| and |x₂| ≤ 2⁻¹⁶|x|; what is left out (x₁y₂, x₂y₁, x₂y₂) is below 2⁻²³|xy|, with either sign. In a block
//! of the depth the small products are summed first and blocks are summed apart: measured errors are a quarter of those of plain float32 sums.
//! Numbers below 2⁻¹²⁶ count as zero, and so do parts of numbers below 2⁻¹⁰². Strips with huge numbers, infinities or NaN are left to other
//! kernels.
use crate::matmul::{View, product_into, rows_of};
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::{Spare, lend};
use crate::simd::{LANES, Level, level, transpose_lines};
use std::arch::asm;
use std::arch::x86_64::*;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows of a tile, and 32-bit words in each of them.
const SIDE: usize = 16;
/// Depth of a tile: two bfloat16 numbers a word.
const STEP: usize = 2 * SIDE;
/// Rows of a strip and columns of a panel: two tiles.
pub const PANEL: usize = 2 * SIDE;
/// Parts of a number.
const PARTS: usize = 3;
/// Lines of the parts of a strip or panel, one step deep.
const STEP_LINES: usize = PARTS * 2 * SIDE;
/// Steps of a block: a strip of so many stays in the first cache while panels pass by (with six, the rate falls by a quarter).
const BLOCK_STEPS: usize = 4;
/// Columns of a block: with [`BLOCK_STEPS`], it fits the second cache.
const COLUMNS: usize = 1024;
/// Numbers from here on are not split: the splitting might overflow.
const HUGE: u32 = (110 + 127) << 23;

/// Sixteen words on one cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; LANES]);
const ZEROS: Line = Line([0; LANES]);

thread_local! {
    /// Memories of packed matrices.
    static PACKED: Spare<Line> = const { RefCell::new(Vec::new()) };
}

/// Whether the processor has the instructions and the system lets this process use them.
pub fn available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        level() == Level::Avx512 && std::env::var("ESTA_NATIVE_LEVEL").as_deref() != Ok("avx512") && is_x86_feature_detected!("avx512bf16") && has_tiles() && permitted()
    })
}

/// Bits 22 and 24 of the processor's seventh leaf: bfloat16 products, and tiles.
fn has_tiles() -> bool {
    const BITS: u32 = 1 << 22 | 1 << 24;
    // SAFETY: every processor of 64 bits has the instruction; older compilers call it unsafe.
    #[allow(unused_unsafe)]
    unsafe {
        __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & BITS == BITS
    }
}

/// Asks Linux for the state of the tiles, for the whole process. Other systems are not asked.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const REQUEST_PERMISSION: i64 = 0x1023;
    const TILE_DATA: i64 = 18;
    let result: i64;
    // SAFETY: a system call that touches no memory of ours.
    unsafe {
        asm!("syscall", inlateout("rax") ARCH_PRCTL => result, in("rdi") REQUEST_PERMISSION, in("rsi") TILE_DATA, out("rcx") _, out("r11") _, options(nostack));
    }
    result == 0
}
#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}

/// Whether a product is worth splitting for.
pub fn suits(rows: usize, depth: usize, columns: usize) -> bool {
    rows >= PANEL && depth >= STEP && columns >= PANEL && available()
}

/// Whether matrices with such strides can be read: along one of their sides elements must be neighbours.
pub fn reads(view: View<'_, f32>) -> bool {
    view.row_stride == 1 || view.column_stride == 1
}

/// A right matrix as tiles of parts: panel by panel, in each step by step.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    lines: &'a [Line],
    /// The matrix itself, for strips that cannot be split.
    whole: View<'a, f32>,
}

/// Splits `b` with all threads and hands it to `work`; undefined when it holds numbers that cannot be split.
pub fn with_panels<R>(b: View<'_, f32>, work: impl FnOnce(Panels<'_>) -> R) -> Option<R> {
    assert!(available() && b.fits() && reads(b));
    let steps = b.rows.div_ceil(STEP);
    let size = b.columns.div_ceil(PANEL) * steps * STEP_LINES;
    let cut = Cut::rows(b.columns.div_ceil(PANEL), (b.rows * PANEL) as f64 / 4.0);
    lend(&PACKED, size, ZEROS, |lines| {
        let good = AtomicBool::new(true);
        let shared = Shared::new(lines);
        for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            for panel in start..end {
                // SAFETY: panels are disjoint.
                let target = unsafe { shared.slice(panel * steps * STEP_LINES, steps * STEP_LINES) };
                let first = panel * PANEL;
                // SAFETY: the processor has the instructions; the columns are inside the matrix, and `target` holds all steps.
                let top = unsafe { split(b.data.as_ptr().add(first * b.column_stride), b.column_stride, b.row_stride, (b.columns - first).min(PANEL), b.rows, false, target.as_mut_ptr()) };
                if top >= HUGE {
                    good.store(false, Ordering::Relaxed);
                }
            }
        });
        good.into_inner().then(|| work(Panels { lines, whole: b }))
    })
}

/// Splits a strip of up to 32 lines (rows of the left matrix, columns of the right one) and any depth into tiles: step by step, part by part.
///
/// A tile of the left matrix holds a line in each row, a tile of the right one a pair of depths (`by_lines` tells which).
/// Returns the bits of the largest number.
///
/// # Safety
/// The processor has the instructions; all elements are there; one of the strides is 1; `out` takes [`STEP_LINES`] for every step.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn split(from: *const f32, line_stride: usize, depth_stride: usize, lines: usize, depth: usize, by_lines: bool, out: *mut Line) -> u32 {
    let mut tops = _mm512_setzero_si512();
    for step in 0..depth.div_ceil(STEP) {
        for half in 0..2 {
            // SAFETY: by the caller's promise; what masks and counts leave out is not read.
            unsafe {
                let first = from.wrapping_add(step * STEP * depth_stride + half * SIDE * line_stride);
                let target = out.add(step * STEP_LINES + half * SIDE);
                let (lines, depth) = (lines.saturating_sub(half * SIDE).min(SIDE), (depth - step * STEP).min(STEP));
                tops = _mm512_max_epu32(tops, split_tile(first, line_stride, depth_stride, lines, depth, by_lines, target));
            }
        }
    }
    _mm512_reduce_max_epu32(tops)
}

/// One tile of each part; parts lie two tiles apart. Returns the bits of the largest numbers, without their signs.
///
/// # Safety
/// As [`split`], with up to 16 lines and a depth up to 32.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn split_tile(from: *const f32, line_stride: usize, depth_stride: usize, lines: usize, depth: usize, by_lines: bool, out: *mut Line) -> __m512i {
    let along_depth = depth_stride == 1;
    let mut tops = _mm512_setzero_si512();
    // SAFETY: by the caller's promise; masks leave out what lies outside.
    unsafe {
        let put = |row: usize, words: [__m512i; PARTS]| {
            for (part, words) in words.into_iter().enumerate() {
                _mm512_store_si512(out.add(part * 2 * SIDE + row).cast(), words);
            }
        };
        let written = if along_depth {
            let (first, second) = (mask(depth), mask(depth.saturating_sub(SIDE)));
            for line in 0..lines {
                let at = from.add(line * line_stride);
                let (x, y) = (_mm512_maskz_loadu_ps(first, at), _mm512_maskz_loadu_ps(second, at.wrapping_add(SIDE)));
                tops = _mm512_max_epu32(tops, _mm512_max_epu32(magnitude(x), magnitude(y)));
                let (x, y) = (parts(x), parts(y));
                put(line, std::array::from_fn(|part| std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(y[part], x[part]))));
            }
            lines
        } else {
            let mask = mask(lines);
            // A part below 2⁻¹²⁶ may have bits in its lower half; the other half belongs to its neighbour.
            let upper = _mm512_set1_epi32(!0xffff);
            for pair in 0..depth.div_ceil(2) {
                let at = from.add(2 * pair * depth_stride);
                let x = _mm512_maskz_loadu_ps(mask, at);
                let y = if 2 * pair + 1 < depth { _mm512_maskz_loadu_ps(mask, at.add(depth_stride)) } else { _mm512_setzero_ps() };
                tops = _mm512_max_epu32(tops, _mm512_max_epu32(magnitude(x), magnitude(y)));
                let (x, y) = (parts(x), parts(y));
                put(pair, std::array::from_fn(|part| _mm512_ternarylogic_epi32::<0xf8>(_mm512_srli_epi32::<16>(_mm512_castps_si512(x[part])), _mm512_castps_si512(y[part]), upper)));
            }
            depth.div_ceil(2)
        };
        for row in written..SIDE {
            put(row, [_mm512_setzero_si512(); PARTS]);
        }
        if along_depth != by_lines {
            for part in 0..PARTS {
                let square = out.add(part * 2 * SIDE).cast();
                transpose_lines(square, LANES, square, LANES);
            }
        }
    }
    tops
}

/// A mask of the first lanes.
fn mask(count: usize) -> __mmask16 {
    if count >= LANES { !0 } else { (1 << count) - 1 }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn magnitude(x: __m512) -> __m512i {
    _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(i32::MAX))
}

/// The three parts: each the nearest number of eight bits to what is left (Veltkamp's splitting), the last one exact.
#[inline]
#[target_feature(enable = "avx512f")]
fn parts(x: __m512) -> [__m512; PARTS] {
    let nearest = |x: __m512| {
        let spread = _mm512_mul_ps(x, _mm512_set1_ps(65537.0));
        _mm512_sub_ps(spread, _mm512_sub_ps(spread, x))
    };
    let first = nearest(x);
    let rest = _mm512_sub_ps(x, first);
    let second = nearest(rest);
    [first, second, _mm512_sub_ps(rest, second)]
}

/// The tile unit, set up while this lives: eight tiles of 16 rows of 64 bytes.
struct Tiles;

impl Tiles {
    /// # Safety
    /// [`available`].
    unsafe fn start() -> Tiles {
        #[repr(C, align(64))]
        struct Setting {
            palette: u8,
            start_row: u8,
            reserved: [u8; 14],
            row_bytes: [u16; 16],
            rows: [u8; 16],
        }
        let used = |tile: usize| tile < 8;
        let setting = Setting {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: std::array::from_fn(|tile| if used(tile) { 64 } else { 0 }),
            rows: std::array::from_fn(|tile| if used(tile) { 16 } else { 0 }),
        };
        // SAFETY: the setting is 64 bytes, as the instruction reads.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &setting, options(nostack, readonly)) };
        Tiles
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: nothing of ours is in the tiles between products.
        unsafe { asm!("tilerelease", options(nomem, nostack)) };
    }
}

macro_rules! load {
    ($tile:literal, $from:expr, $stride:expr) => {
        asm!(concat!("tileloadd tmm", $tile, ", [{0} + {1}*1]"), in(reg) $from, in(reg) $stride * size_of::<f32>(), options(nostack, readonly))
    };
}
macro_rules! store {
    ($tile:literal, $to:expr, $stride:expr) => {
        asm!(concat!("tilestored [{0} + {1}*1], tmm", $tile), in(reg) $to, in(reg) $stride * size_of::<f32>(), options(nostack))
    };
}
macro_rules! zero {
    ($tile:literal) => {
        asm!(concat!("tilezero tmm", $tile), options(nomem, nostack))
    };
}
macro_rules! multiply_tiles {
    ($sum:literal, $a:literal, $b:literal) => {
        asm!(concat!("tdpbf16ps tmm", $sum, ", tmm", $a, ", tmm", $b), options(nomem, nostack))
    };
}

/// Sums a strip's block times a panel's block in tiles 0 to 3, `R` × `V` of them, and writes them to `out`, row by row with `stride`.
///
/// # Safety
/// [`Tiles`] are set up; both blocks hold `steps` steps; `out` takes R·16 rows of V·16 numbers.
#[inline(always)]
unsafe fn tile<const R: usize, const V: usize>(a: *const Line, b: *const Line, steps: usize, out: *mut f32, stride: usize) {
    // SAFETY: by the caller's promise. Tiles 4 and 5 hold parts of the strip, 6 and 7 of the panel.
    unsafe {
        let [second, third, fourth] = [out.add(SIDE), out.add(SIDE * stride), out.add(SIDE * stride + SIDE)];
        zero!(0);
        zero!(1);
        zero!(2);
        zero!(3);
        macro_rules! left {
            ($step:expr, $part:literal) => {{
                let from = a.add($step * STEP_LINES + $part * 2 * SIDE);
                load!(4, from, SIDE);
                if R == 2 {
                    load!(5, from.add(SIDE), SIDE);
                }
            }};
        }
        macro_rules! right {
            ($step:expr, $part:literal) => {{
                let from = b.add($step * STEP_LINES + $part * 2 * SIDE);
                load!(6, from, SIDE);
                if V == 2 {
                    load!(7, from.add(SIDE), SIDE);
                }
            }};
        }
        macro_rules! sum {
            () => {
                multiply_tiles!(0, 4, 6);
                if V == 2 {
                    multiply_tiles!(1, 4, 7);
                }
                if R == 2 {
                    multiply_tiles!(2, 5, 6);
                }
                if R == 2 && V == 2 {
                    multiply_tiles!(3, 5, 7);
                }
            };
        }
        for step in 0..steps {
            left!(step, 2);
            right!(step, 0);
            sum!();
            left!(step, 1);
            sum!();
            right!(step, 1);
            sum!();
            left!(step, 0);
            sum!();
            right!(step, 2);
            sum!();
        }
        for step in 0..steps {
            left!(step, 0);
            right!(step, 0);
            sum!();
        }
        store!(0, out, stride);
        if V == 2 {
            store!(1, second, stride);
        }
        if R == 2 {
            store!(2, third, stride);
        }
        if R == 2 && V == 2 {
            store!(3, fourth, stride);
        }
    }
}

/// The product of a strip and a panel.
#[repr(C, align(64))]
struct Sums([[f32; PANEL]; PANEL]);

/// `C (+)= scale·sums` for the rows and columns that are there.
///
/// # Safety
/// The processor has AVX-512 F; `out` points to `rows` rows of `stride` numbers, `columns` of which are ours.
#[target_feature(enable = "avx512f")]
unsafe fn hand_over(Sums(sums): &Sums, out: *mut f32, stride: usize, rows: usize, columns: usize, scale: f32, accumulate: bool) {
    let scale = _mm512_set1_ps(scale);
    for (row, sums) in sums.iter().enumerate().take(rows) {
        for column in (0..columns).step_by(LANES) {
            let lanes = mask(columns - column);
            // SAFETY: by the caller's promise; masked lanes are not touched.
            unsafe {
                let (sum, target) = (_mm512_loadu_ps(sums.as_ptr().add(column)), out.add(row * stride + column));
                let value = if accumulate { _mm512_fmadd_ps(sum, scale, _mm512_maskz_loadu_ps(lanes, target)) } else { _mm512_mul_ps(sum, scale) };
                _mm512_mask_storeu_ps(target, lanes, value);
            }
        }
    }
}

/// Writes the columns `columns` of `scale·a·b` to rows of `stride` numbers, or adds them there. One thread.
///
/// # Safety
/// `out` points to a.rows rows of `stride` numbers, the last one as long as b.columns, of which nobody else touches these columns.
/// `columns` starts at a multiple of [`PANEL`].
pub unsafe fn multiply(a: View<'_, f32>, b: Panels<'_>, columns: Range<usize>, out: *mut f32, stride: usize, scale: f32, accumulate: bool) {
    let whole = b.whole;
    assert!(available() && a.columns == whole.rows && a.fits() && reads(a) && columns.start % PANEL == 0 && columns.end <= whole.columns && whole.columns <= stride);
    let steps = a.columns.div_ceil(STEP);
    let block_steps = steps.div_ceil(steps.div_ceil(BLOCK_STEPS).max(1)).max(1);
    let mut strip = [ZEROS; BLOCK_STEPS * STEP_LINES];
    let mut sums = Sums([[0.0; PANEL]; PANEL]);
    // SAFETY: available, asserted above.
    let _tiles = unsafe { Tiles::start() };
    for start in columns.clone().step_by(COLUMNS) {
        let end = (start + COLUMNS).min(columns.end);
        for first_step in (0..steps).step_by(block_steps) {
            let first = first_step * STEP;
            let depth = (a.columns - first).min(block_steps * STEP);
            let count = depth.div_ceil(STEP);
            let add = accumulate || first > 0;
            for row in (0..a.rows).step_by(PANEL) {
                let rows = (a.rows - row).min(PANEL);
                // SAFETY: inside the matrix, and the strip holds a block.
                let top = unsafe { split(a.data.as_ptr().add(row * a.row_stride + first * a.column_stride), a.row_stride, a.column_stride, rows, depth, true, strip.as_mut_ptr()) };
                if top >= HUGE {
                    let left = View { data: &a.data[row * a.row_stride + first * a.column_stride..], rows, columns: depth, ..a };
                    let right = rows_of(View { data: &whole.data[start * whole.column_stride..], columns: end - start, ..whole }, first, first + depth);
                    // SAFETY: these rows and columns are ours.
                    let target = unsafe { std::slice::from_raw_parts_mut(out.add(row * stride + start), (rows - 1) * stride + end - start) };
                    product_into(left, right, target, stride, scale, add);
                    continue;
                }
                for column in (start..end).step_by(PANEL) {
                    let width = (end - column).min(PANEL);
                    let panel = b.lines[(column / PANEL * steps + first_step) * STEP_LINES..].as_ptr();
                    // SAFETY: the tile unit is set up; strip and panel hold `count` steps; the output as the caller promises.
                    unsafe {
                        let target = out.add(row * stride + column);
                        let direct = rows == PANEL && width == PANEL && scale == 1.0 && !add;
                        let (to, step) = if direct { (target, stride) } else { (sums.0.as_mut_ptr().cast(), PANEL) };
                        match (rows > SIDE, width > SIDE) {
                            (true, true) => tile::<2, 2>(strip.as_ptr(), panel, count, to, step),
                            (true, false) => tile::<2, 1>(strip.as_ptr(), panel, count, to, step),
                            (false, true) => tile::<1, 2>(strip.as_ptr(), panel, count, to, step),
                            (false, false) => tile::<1, 1>(strip.as_ptr(), panel, count, to, step),
                        }
                        if !direct {
                            hand_over(&sums, target, stride, rows, width, scale, add);
                        }
                    }
                }
            }
        }
    }
}
