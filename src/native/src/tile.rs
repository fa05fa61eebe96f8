//! Small products that stay in registers: the shapes of attention heads and low-rank factors, where a general product's set-up costs more
//! than its arithmetic.

use crate::simd::multiply_add;

/// Columns of a register tile.
const COLUMNS: usize = 16;

/// Sizes of a small product `C (+)= A·B` and where its elements are.
#[derive(Clone, Copy)]
pub struct Small {
    /// Element (r, k) of A is at `r·a_row + k·a_step`.
    pub a_row: usize,
    pub a_step: usize,
    /// Rows of B are contiguous and so far apart.
    pub b_step: usize,
    /// Rows of C are contiguous and so far apart.
    pub c_row: usize,
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    /// Whether C is added to, or written.
    pub accumulate: bool,
}

/// A tile of `R` rows and `V` times 16 columns at the start of the arrays.
///
/// # Safety
/// All elements that the sizes imply are inside the arrays.
#[inline(always)]
unsafe fn tile<const FUSED: bool, const R: usize, const V: usize>(a: *const f32, b: *const f32, c: *mut f32, s: Small) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut sums = [[[0.0f32; COLUMNS]; V]; R];
        for k in 0..s.depth {
            let line = &*(b.add(k * s.b_step) as *const [[f32; COLUMNS]; V]);
            for r in 0..R {
                let factor = *a.add(k * s.a_step + r * s.a_row);
                for v in 0..V {
                    for j in 0..COLUMNS {
                        sums[r][v][j] = multiply_add::<FUSED>(factor, line[v][j], sums[r][v][j]);
                    }
                }
            }
        }
        for r in 0..R {
            let target = &mut *(c.add(r * s.c_row) as *mut [[f32; COLUMNS]; V]);
            if s.accumulate {
                for v in 0..V {
                    for j in 0..COLUMNS {
                        target[v][j] += sums[r][v][j];
                    }
                }
            } else {
                *target = sums[r];
            }
        }
    }
}

/// The columns that are left over when the width is not a multiple of 16: one row of fewer than 16.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn narrow<const FUSED: bool>(a: *const f32, b: *const f32, c: *mut f32, columns: usize, s: Small) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut sums = [0.0f32; COLUMNS];
        for k in 0..s.depth {
            let factor = *a.add(k * s.a_step);
            for j in 0..columns {
                sums[j] = multiply_add::<FUSED>(factor, *b.add(k * s.b_step + j), sums[j]);
            }
        }
        for j in 0..columns {
            *c.add(j) = if s.accumulate { *c.add(j) + sums[j] } else { sums[j] };
        }
    }
}

multiversion! {
    /// A small product. The rows are shared out evenly over tiles of as many as there are registers for.
    pub fn small_product(a: &[f32], b: &[f32], c: &mut [f32], s: Small) {
        if s.rows == 0 || s.columns == 0 {
            return;
        }
        assert!((s.rows - 1) * s.c_row + s.columns <= c.len());
        assert!(s.depth == 0 || ((s.rows - 1) * s.a_row + (s.depth - 1) * s.a_step < a.len() && (s.depth - 1) * s.b_step + s.columns <= b.len()));
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        let mut column = 0;
        while column < s.columns {
            let vectors = (s.columns - column) / COLUMNS;
            // Wider tiles load less for each multiplication; 24 sums leave registers for what is loaded.
            let (wide, most) = match (WIDE, vectors) {
                (_, 0) => (0, 1),
                (true, 2 | 4) => (2, 12),
                (true, 3..) => (3, 8),
                (true, _) => (1, 12),
                (false, _) => (1, 6),
            };
            let tiles = s.rows.div_ceil(most);
            let mut row = 0;
            for index in 0..tiles {
                let count = (s.rows - row).div_ceil(tiles - index);
                // SAFETY: the assertions above bound every access.
                unsafe {
                    let (a, b, c) = (a.add(row * s.a_row), b.add(column), c.add(row * s.c_row + column));
                    macro_rules! of {
                        ($vectors:literal: $($rows:literal)*) => {
                            match count {
                                $($rows => tile::<FUSED, $rows, $vectors>(a, b, c, s),)*
                                _ => unreachable!(),
                            }
                        };
                    }
                    if wide == 0 {
                        narrow::<FUSED>(a, b, c, s.columns - column, s);
                    } else if !WIDE {
                        of!(1: 1 2 3 4 5 6);
                    } else if wide == 1 {
                        of!(1: 1 2 3 4 5 6 7 8 9 10 11 12);
                    } else if wide == 2 {
                        of!(2: 1 2 3 4 5 6 7 8 9 10 11 12);
                    } else {
                        of!(3: 1 2 3 4 5 6 7 8);
                    }
                }
                row += count;
            }
            column += if wide == 0 { COLUMNS } else { wide * COLUMNS };
        }
    }
}
