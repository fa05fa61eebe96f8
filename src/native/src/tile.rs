//! Small products that stay in registers: the shapes of attention heads and low-rank factors, where a general product's set-up costs more
//! than its arithmetic.

use crate::simd::multiply_add;

/// Columns of a register tile.
const WIDE: usize = 16;

/// Adds to (or writes) a tile of `R` rows and 16 columns: `c[r][j] (+)= scale·Σ_k a(k, r)·b[k][j]`.
///
/// `a(k, r)` is at `k·a_step + r·a_row`.
///
/// # Safety
/// All elements that the sizes imply are inside the arrays.
#[inline(always)]
unsafe fn tile<const FUSED: bool, const R: usize>(
    a: *const f32,
    a_row: usize,
    a_step: usize,
    b: *const f32,
    b_step: usize,
    c: *mut f32,
    c_row: usize,
    depth: usize,
    accumulate: bool,
) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut sums = [[0.0f32; WIDE]; R];
        for k in 0..depth {
            let line = &*(b.add(k * b_step) as *const [f32; WIDE]);
            for r in 0..R {
                let factor = *a.add(k * a_step + r * a_row);
                for j in 0..WIDE {
                    sums[r][j] = multiply_add::<FUSED>(factor, line[j], sums[r][j]);
                }
            }
        }
        for r in 0..R {
            let target = &mut *(c.add(r * c_row) as *mut [f32; WIDE]);
            if accumulate {
                for j in 0..WIDE {
                    target[j] += sums[r][j];
                }
            } else {
                *target = sums[r];
            }
        }
    }
}

/// The columns that are left over when the width is not a multiple of 16.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn narrow<const FUSED: bool>(
    a: *const f32,
    a_step: usize,
    b: *const f32,
    b_step: usize,
    c: *mut f32,
    columns: usize,
    depth: usize,
    accumulate: bool,
) {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut sums = [0.0f32; WIDE];
        for k in 0..depth {
            let factor = *a.add(k * a_step);
            for j in 0..columns {
                sums[j] = multiply_add::<FUSED>(factor, *b.add(k * b_step + j), sums[j]);
            }
        }
        for j in 0..columns {
            *c.add(j) = if accumulate { *c.add(j) + sums[j] } else { sums[j] };
        }
    }
}

/// A small product `C (+)= A·B`: element (r, k) of A at `r·a_row + k·a_step`; rows of B and C contiguous, `b_step` and `c_row` apart.
#[inline(always)]
pub fn small_product<const FUSED: bool>(
    a: &[f32],
    (a_row, a_step): (usize, usize),
    b: &[f32],
    b_step: usize,
    c: &mut [f32],
    c_row: usize,
    (rows, columns, depth): (usize, usize, usize),
    accumulate: bool,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!((rows - 1) * c_row + columns <= c.len());
    assert!(depth == 0 || ((rows - 1) * a_row + (depth - 1) * a_step < a.len() && (depth - 1) * b_step + columns <= b.len()));
    let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
    let mut column = 0;
    // SAFETY: the assertions above bound every access.
    unsafe {
        while column + WIDE <= columns {
            let mut row = 0;
            macro_rules! step {
                ($count:literal) => {
                    while row + $count <= rows {
                        tile::<FUSED, $count>(
                            a.add(row * a_row),
                            a_row,
                            a_step,
                            b.add(column),
                            b_step,
                            c.add(row * c_row + column),
                            c_row,
                            depth,
                            accumulate,
                        );
                        row += $count;
                    }
                };
            }
            step!(6);
            step!(4);
            step!(1);
            column += WIDE;
        }
        if column < columns {
            for row in 0..rows {
                narrow::<FUSED>(a.add(row * a_row), a_step, b.add(column), b_step, c.add(row * c_row + column), columns - column, depth, accumulate);
            }
        }
    }
}

multiversion! {
    /// `sum[r][:] += Σ_row low[row][r]·x[row][:]`, with `low` rows × rank and `x` rows × width.
    pub fn add_outer(low: &[f32], rank: usize, x: &[f32], width: usize, sum: &mut [f32], rows: usize) {
        small_product::<FUSED>(low, (1, rank), x, width, sum, width, (rank, width, rows), true);
    }
}
