//! Matrix products on processors with AVX-512: the right matrix is packed once into panels that stay in the cache, and tiles of fourteen
//! rows and 32 columns are summed in registers. The crate `gemm` does all others; here it reaches about two thirds of this rate.
use crate::matmul::View;
use crate::parallel::{Shared, for_each_chunk};
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

/// Panels that are packed together: of a row that lies row by row, as much as the processor fetches well at once.
const TOGETHER: usize = 8;

/// Packs block of depth by block of depth, a few panels together.
fn pack(b: View<'_, f32>, lines: &mut [Line]) {
    let (depth, columns) = (b.rows, b.columns);
    let width = columns.div_ceil(LANES);
    let groups = columns.div_ceil(TOGETHER * PANEL);
    let shared = Shared::new(lines);
    for_each_chunk(depth.div_ceil(DEPTH) * groups, |part| {
        let (first, group) = (part / groups * DEPTH, part % groups * TOGETHER * PANEL);
        let rows = (depth - first).min(DEPTH);
        let count = (columns - group).min(TOGETHER * PANEL);
        // SAFETY: blocks are disjoint, and so are the panels of each.
        let panels = unsafe { shared.slice(first * width + group / LANES * rows, rows * count.div_ceil(LANES)) };
        let corner = &b.data[first * b.row_stride + group * b.column_stride..];
        if b.column_stride == 1 {
            copy_rows(corner, b.row_stride, rows, count, panels);
        } else {
            for (panel, column) in panels.chunks_mut(rows * VECTORS).zip((0..count).step_by(PANEL)) {
                let count = (count - column).min(PANEL);
                turn_columns(&corner[column * b.column_stride..], b.row_stride, b.column_stride, count, count.div_ceil(LANES), panel);
            }
        }
    });
}

/// Copies `rows` rows of `count` numbers, `stride` apart, to panels, the last line of a row filled up with zeros.
fn copy_rows(from: &[f32], stride: usize, rows: usize, count: usize, panels: &mut [Line]) {
    for row in 0..rows {
        let values = &from[row * stride..row * stride + count];
        for (panel, values) in panels.chunks_mut(rows * VECTORS).zip(values.chunks(PANEL)) {
            let vectors = values.len().div_ceil(LANES);
            let (whole, rest) = values.as_chunks::<LANES>();
            let lines = &mut panel[row * vectors..(row + 1) * vectors];
            for (line, values) in lines.iter_mut().zip(whole) {
                line.0 = *values;
            }
            if !rest.is_empty() {
                let line = &mut lines[vectors - 1].0;
                line[..rest.len()].copy_from_slice(rest);
                line[rest.len()..].fill(0.0);
            }
        }
    }
}

/// Copies a matrix whose columns are `column_stride` apart to the rows of a panel, sixteen rows at a time, so that what is read stays close by.
fn turn_columns(from: &[f32], row_stride: usize, column_stride: usize, count: usize, vectors: usize, panel: &mut [Line]) {
    for (block, rows) in panel.chunks_mut(LANES * vectors).enumerate() {
        for vector in 0..vectors {
            let first = vector * LANES;
            let columns = (count - first).min(LANES);
            let corner = &from[block * LANES * row_stride + first * column_stride..];
            if row_stride == 1 && columns == LANES && rows.len() == LANES * vectors {
                assert!((LANES - 1) * column_stride + LANES <= corner.len());
                // SAFETY: only processors with AVX-512 come here; sixteen lines on both sides, by the assertion and the length of the rows.
                unsafe { transpose_lines(corner.as_ptr().cast(), column_stride, rows[vector..].as_mut_ptr().cast(), vectors * LANES) };
                continue;
            }
            for (row, lines) in rows.chunks_exact_mut(vectors).enumerate() {
                let line = &mut lines[vector].0;
                for (number, value) in line[..columns].iter_mut().zip(corner[row * row_stride..].iter().step_by(column_stride)) {
                    *number = *value;
                }
                line[columns..].fill(0.0);
            }
        }
    }
}

/// A tile: `C (+)= scale·A·B` of `R` rows and `V` vectors. `next` is the panel that follows: it is asked for meanwhile.
///
/// # Safety
/// The processor has AVX-512 F; A holds R rows of `depth` numbers at the given strides, B `depth` rows of V lines, and C R rows of
/// which the last vector has the lanes of `mask`.
#[target_feature(enable = "avx512f")]
#[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
unsafe fn tile<const R: usize, const V: usize>(a: *const f32, a_row: usize, a_step: usize, b: *const f32, next: *const f32, c: *mut f32, c_row: usize, depth: usize, mask: __mmask16, scale: f32, accumulate: bool) {
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
                _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add((k * V + v) * LANES).cast());
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
                    let next = b.at(first, depth, if column + PANEL < end { column + PANEL } else { start });
                    let mask = !0 >> ((LANES - width % LANES) % LANES);
                    let add = accumulate || first > 0;
                    // SAFETY: the level and all sizes were checked above; the panel, the strip and the tile are within theirs.
                    unsafe {
                        let target = out.add(row * stride + column);
                        macro_rules! of {
                            ($($rows:literal)*) => {
                                match (count, width > LANES) {
                                    $(($rows, true) => tile::<$rows, VECTORS>(left.as_ptr(), a_row, a_step, panel, next, target, stride, depth, mask, scale, add),
                                    ($rows, false) => tile::<$rows, 1>(left.as_ptr(), a_row, a_step, panel, next, target, stride, depth, mask, scale, add),)*
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
