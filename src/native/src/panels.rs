//! Matrix products on processors with AVX-512: the right matrix is packed once into panels that stay in the cache, and tiles of fourteen
//! rows and 32 columns are summed in registers. The crate `gemm` does all others; here it reaches about two thirds of this rate.
use crate::matmul::View;
use crate::parallel::{Cut, Shared, for_each_chunk};
use crate::scratch::{Spare, lend};
use crate::simd::{LANES, Level, level, transpose_lines};
use std::arch::x86_64::*;
use std::cell::RefCell;
use std::ops::Range;

/// Rows of a tile.
const ROWS: usize = 14;
/// Vectors side by side in a tile.
const VECTORS: usize = 2;
/// Columns of a panel.
pub const PANEL: usize = VECTORS * LANES;
/// Depth of a block: a strip of the left matrix and a panel of the right one fit the first cache.
const DEPTH: usize = 256;
/// Columns of a block: with [`DEPTH`] rows, it fits half of a second cache of one mebibyte (twice as many cost Zen 4 a tenth of the rate).
const COLUMNS: usize = 512;

/// Rows that a multiple of so many numbers lie apart fall on few sets of the first cache and push each other out: they are copied first.
const CROWDED: usize = 512;
/// Numbers between the rows of such a copy.
const APART: usize = DEPTH + LANES;

/// Sixteen numbers on one cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

thread_local! {
    /// Memories of packed matrices.
    static PACKED: Spare<Line> = const { RefCell::new(Vec::new()) };
}

/// Whether a product is worth packing for, and the processor has the instructions.
pub fn suits(rows: usize, depth: usize, columns: usize) -> bool {
    level() == Level::Avx512 && rows >= 2 * ROWS && depth >= LANES / 2 && columns >= LANES
}

/// A right matrix in panels: block of depth by block of depth; in each, panel by panel; in each, row by row.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    lines: &'a [Line],
    depth: usize,
    columns: usize,
}

impl Panels<'_> {
    /// Lines per row over all panels.
    fn width(&self) -> usize {
        self.columns.div_ceil(LANES)
    }

    /// The panel of the block of rows from `first`, `count` deep, that starts at `column`.
    fn at(&self, first: usize, count: usize, column: usize) -> *const f32 {
        self.lines[first * self.width() + column / LANES * count..].as_ptr().cast()
    }
}

/// Packs `b` with all threads, and hands it to `work`.
pub fn with_panels<R>(b: View<'_, f32>, work: impl FnOnce(Panels<'_>) -> R) -> R {
    let (depth, columns) = (b.rows, b.columns);
    let size = depth * columns.div_ceil(LANES);
    lend(&PACKED, size, Line([0.0; LANES]), |lines| {
        pack(b, lines);
        work(Panels { lines, depth, columns })
    })
}

fn pack(b: View<'_, f32>, lines: &mut [Line]) {
    let (depth, columns) = (b.rows, b.columns);
    let width = columns.div_ceil(LANES);
    let cut = Cut::rows(columns.div_ceil(PANEL), (depth * PANEL) as f64);
    let shared = Shared::new(lines);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        for column in (start * PANEL..end * PANEL).step_by(PANEL) {
            let count = (columns - column).min(PANEL);
            let vectors = count.div_ceil(LANES);
            for first in (0..depth).step_by(DEPTH) {
                let rows = (depth - first).min(DEPTH);
                // SAFETY: panels are disjoint, and so are their blocks.
                let panel = unsafe { shared.slice(first * width + column / LANES * rows, rows * vectors) };
                let corner = &b.data[first * b.row_stride + column * b.column_stride..];
                if b.column_stride == 1 {
                    copy_rows(corner, b.row_stride, count, vectors, panel);
                } else {
                    turn_columns(corner, b.row_stride, b.column_stride, count, vectors, panel);
                }
            }
        }
    });
}

/// Copies rows of `count` numbers, `stride` apart, to rows of `vectors` lines, the last filled up with zeros.
fn copy_rows(from: &[f32], stride: usize, count: usize, vectors: usize, panel: &mut [Line]) {
    for (row, lines) in panel.chunks_exact_mut(vectors).enumerate() {
        let values = &from[row * stride..row * stride + count];
        for (line, part) in lines.iter_mut().zip(values.chunks(LANES)) {
            line.0 = [0.0; LANES];
            line.0[..part.len()].copy_from_slice(part);
        }
    }
}

/// As [`copy_rows`], from a matrix whose columns are `column_stride` apart: sixteen rows at a time, so that what is read stays close by.
fn turn_columns(from: &[f32], row_stride: usize, column_stride: usize, count: usize, vectors: usize, panel: &mut [Line]) {
    for (block, rows) in panel.chunks_mut(LANES * vectors).enumerate() {
        for vector in 0..vectors {
            let first = vector * LANES;
            let columns = (count - first).min(LANES);
            if row_stride == 1 && columns == LANES && rows.len() == LANES * vectors {
                let mut square = [[0u32; LANES]; LANES];
                for (column, line) in square.iter_mut().enumerate() {
                    let values: &[f32; LANES] = from[block * LANES + (first + column) * column_stride..].first_chunk().expect("sixteen rows are there");
                    *line = values.map(f32::to_bits);
                }
                // SAFETY: only processors with AVX-512 come here; sixteen lines.
                unsafe { transpose_lines(square.as_mut_ptr()) };
                for (line, values) in rows[vector..].iter_mut().step_by(vectors).zip(square) {
                    line.0 = values.map(f32::from_bits);
                }
                continue;
            }
            for (row, lines) in rows.chunks_exact_mut(vectors).enumerate() {
                let values = from[(block * LANES + row) * row_stride + first * column_stride..].iter().step_by(column_stride);
                let line = &mut lines[vector].0;
                for (number, value) in line[..columns].iter_mut().zip(values) {
                    *number = *value;
                }
                line[columns..].fill(0.0);
            }
        }
    }
}

/// A tile: `C (+)= scale·A·B` of `R` rows and `V` vectors.
///
/// # Safety
/// The processor has AVX-512 F; A holds R rows of `depth` numbers at the given strides, B `depth` rows of V lines, and C R rows of
/// which the last vector has the lanes of `mask`.
#[target_feature(enable = "avx512f")]
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
unsafe fn tile<const R: usize, const V: usize>(a: *const f32, a_row: usize, a_step: usize, b: *const f32, c: *mut f32, c_row: usize, depth: usize, mask: __mmask16, scale: f32, accumulate: bool) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut sums = [[_mm512_setzero_ps(); V]; R];
        // The tile's place is asked for now: the sums are done when it arrives.
        for r in 0..R {
            for v in 0..V {
                _mm_prefetch::<_MM_HINT_T0>(c.wrapping_add(r * c_row + v * LANES).cast());
            }
        }
        for k in 0..depth {
            let mut line = [_mm512_setzero_ps(); V];
            for v in 0..V {
                line[v] = _mm512_load_ps(b.add((k * V + v) * LANES));
            }
            for r in 0..R {
                let factor = _mm512_set1_ps(*a.add(r * a_row + k * a_step));
                for v in 0..V {
                    sums[r][v] = _mm512_fmadd_ps(factor, line[v], sums[r][v]);
                }
            }
        }
        let scale = _mm512_set1_ps(scale);
        for r in 0..R {
            for v in 0..V {
                let lanes = if v + 1 == V { mask } else { !0 };
                let target = c.add(r * c_row + v * LANES);
                let sum = if accumulate {
                    _mm512_fmadd_ps(sums[r][v], scale, _mm512_maskz_loadu_ps(lanes, target))
                } else {
                    _mm512_mul_ps(sums[r][v], scale)
                };
                _mm512_mask_storeu_ps(target, lanes, sum);
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
    assert!(level() == Level::Avx512 && a.columns == b.depth && a.fits() && columns.start % PANEL == 0 && columns.end <= b.columns && b.columns <= stride);
    let mut packed = [0.0f32; ROWS * APART];
    for start in columns.clone().step_by(COLUMNS) {
        let end = (start + COLUMNS).min(columns.end);
        for first in (0..a.columns).step_by(DEPTH) {
            let depth = (a.columns - first).min(DEPTH);
            let strips = a.rows.div_ceil(ROWS);
            let mut row = 0;
            for strip in 0..strips {
                let count = (a.rows - row).div_ceil(strips - strip);
                let mut left = &a.data[row * a.row_stride + first * a.column_stride..];
                let (mut a_row, mut a_step) = (a.row_stride, a.column_stride);
                if a_step != 1 {
                    for k in 0..depth {
                        for r in 0..count {
                            packed[k * ROWS + r] = left[r * a_row + k * a_step];
                        }
                    }
                    (left, a_row, a_step) = (&packed, 1, ROWS);
                } else if a_row % CROWDED == 0 && end - start > 2 * PANEL {
                    for r in 0..count {
                        packed[r * APART..r * APART + depth].copy_from_slice(&left[r * a_row..r * a_row + depth]);
                    }
                    (left, a_row) = (&packed, APART);
                }
                for column in (start..end).step_by(PANEL) {
                    let (panel, width) = (b.at(first, depth, column), (end - column).min(PANEL));
                    let mask = !0 >> ((LANES - width % LANES) % LANES);
                    let add = accumulate || first > 0;
                    // SAFETY: the level and all sizes were checked above; the panel, the strip and the tile are within theirs.
                    unsafe {
                        let target = out.add(row * stride + column);
                        macro_rules! of {
                            ($($rows:literal)*) => {
                                match (count, width > LANES) {
                                    $(($rows, true) => tile::<$rows, VECTORS>(left.as_ptr(), a_row, a_step, panel, target, stride, depth, mask, scale, add),
                                    ($rows, false) => tile::<$rows, 1>(left.as_ptr(), a_row, a_step, panel, target, stride, depth, mask, scale, add),)*
                                    _ => unreachable!(),
                                }
                            };
                        }
                        of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
                    }
                }
                row += count;
            }
        }
    }
}
