//! One step of a streamed QR factorisation in double precision, and what its factor solves.

use crate::matmul::{View, product_into};
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use faer::{Mat, MatMut, MatRef, Par};
use crate::parallel::{Cut, Shared, for_each_chunk};

/// Pivots whose reflections are gathered before they reach the columns behind them, as two matrix products.
const PANEL: usize = 32;
/// Columns that one thread takes at a time: with the fresh rows they stay in the second cache.
const COLUMNS: usize = 128;

/// Stacks `fresh` (rows × total) under the triangular `factor` (pivots × total) and makes the first `pivots` columns triangular again by
/// Householder reflections. Afterwards `fresh` holds what the reflections left, of no further use.
pub fn reflect(factor: &mut [f64], fresh: &mut [f64], pivots: usize, total: usize) {
    let rows = fresh.len() / total;
    let mut vectors = vec![0.0f64; rows * PANEL];
    let mut weights = [0.0f64; PANEL * PANEL];
    for first in (0..pivots).step_by(PANEL) {
        let count = PANEL.min(pivots - first);
        let vectors = &mut vectors[..rows * count];
        let weights = &mut weights[..count * count];
        for (line, vector) in fresh.chunks_exact(total).zip(vectors.chunks_exact_mut(count)) {
            vector.copy_from_slice(&line[first..first + count]);
        }
        reflect_panel(factor, first, count, total, vectors, weights);
        let behind = first + count;
        let cut = Cut::of(total - behind, COLUMNS);
        let (tops, rests) = (Shared::new(factor), Shared::new(fresh));
        let vectors = View::new(&*vectors, rows, count);
        let weights = View::new(&*weights, count, count);
        for_each_chunk(cut.chunks, |chunk| {
            let (start, end) = cut.bounds(chunk);
            let (from, width) = (behind + start, end - start);
            // The columns side by side, then QᵀC = C − U·(Tᵀ·(Uᵀ·C)) with U = [1; vectors].
            let mut own = vec![0.0f64; (rows + 2 * count) * width];
            let (below, products) = own.split_at_mut(rows * width);
            let (sums, weighed) = products.split_at_mut(count * width);
            // SAFETY: chunks own disjoint columns.
            let top = |row: usize| unsafe { tops.slice((first + row) * total + from, width) };
            // SAFETY: as above.
            let rest = |row: usize| unsafe { rests.slice(row * total + from, width) };
            for (row, target) in below.chunks_exact_mut(width).enumerate() {
                target.copy_from_slice(rest(row));
            }
            for (row, target) in sums.chunks_exact_mut(width).enumerate() {
                target.copy_from_slice(top(row));
            }
            product_into(vectors.turned(), View::new(below, rows, width), sums, width, 1.0, true);
            product_into(weights.turned(), View::new(sums, count, width), weighed, width, 1.0, false);
            for (row, products) in weighed.chunks_exact(width).enumerate() {
                for (value, product) in top(row).iter_mut().zip(products) {
                    *value -= product;
                }
            }
            product_into(vectors, View::new(weighed, count, width), below, width, -1.0, true);
            for (row, values) in below.chunks_exact(width).enumerate() {
                rest(row).copy_from_slice(values);
            }
        });
    }
}

multiversion! {
    /// Makes `count` columns from `first` triangular, of which `panel` (rows × count) has the fresh rows. They become the reflections' vectors below
    /// their leading 1, and `weights` the upper triangle T with which all of them together are `1 − U·T·Uᵀ`.
    fn reflect_panel(factor: &mut [f64], first: usize, count: usize, total: usize, panel: &mut [f64], weights: &mut [f64]) {
        weights.fill(0.0);
        let mut products = [0.0f64; PANEL];
        for pivot in 0..count {
            let top = &mut factor[(first + pivot) * total + first + pivot..(first + pivot) * total + first + count];
            let square: f64 = panel.chunks_exact(count).map(|line| line[pivot] * line[pivot]).sum();
            if square == 0.0 {
                continue;
            }
            let head = top[0];
            let length = (head * head + square).sqrt();
            let target = if head > 0.0 { -length } else { length };
            let reflector = head - target;
            let weight = 2.0 * reflector * reflector / (reflector * reflector + square);
            top[0] = target;
            // Of the columns before, for T; of those behind, to reflect them.
            products[..count].fill(0.0);
            for line in panel.chunks_exact_mut(count) {
                line[pivot] /= reflector;
                let part = line[pivot];
                for (product, &value) in products.iter_mut().zip(line.iter()) {
                    *product += part * value;
                }
            }
            for (later, value) in top.iter_mut().enumerate().skip(1) {
                let product = &mut products[pivot + later];
                *product = weight * (*value + *product);
                *value -= *product;
            }
            for line in panel.chunks_exact_mut(count) {
                let part = line[pivot];
                for (value, &product) in line[pivot + 1..].iter_mut().zip(&products[pivot + 1..]) {
                    *value -= part * product;
                }
            }
            // −weight·T·(Uᵀ·u); the leading ones of two vectors stand in different rows.
            for row in 0..pivot {
                let sum: f64 = (row..pivot).map(|inner| weights[row * count + inner] * products[inner]).sum();
                weights[row * count + pivot] = -weight * sum;
            }
            weights[pivot * count + pivot] = weight;
        }
    }
}

/// Solves `R·solution = Z` for the factor `[R | Z]`, pivots × total: directly where R is well conditioned, else with the singular values above
/// `cut_off` of the largest, which gives the solution of smallest norm. Returns false where the singular values do not converge.
pub fn solve(factor: &[f64], pivots: usize, total: usize, cut_off: f64, solution: &mut [f64]) -> bool {
    let outputs = total - pivots;
    let both = MatRef::from_row_major_slice(factor, pivots, total);
    let (triangle, right) = both.split_at_col(pivots);
    if (0..pivots).all(|pivot| triangle[(pivot, pivot)] != 0.0) {
        let inverse = solved(triangle, Mat::identity(pivots, pivots));
        // Both norms bound the condition number from above.
        if triangle_norm(triangle) * inverse.norm_l2() < 1.0 / cut_off {
            let answer = solved(triangle, right.to_owned());
            MatMut::from_row_major_slice_mut(solution, pivots, outputs).copy_from(&answer);
            return true;
        }
    }
    let upper = Mat::from_fn(pivots, pivots, |row, column| if row <= column { triangle[(row, column)] } else { 0.0 });
    let Ok(parts) = upper.thin_svd() else { return false };
    let values = parts.S().column_vector();
    let least = cut_off * (0..pivots).map(|place| values[place]).fold(0.0, f64::max);
    let mut turned = parts.U().transpose() * right;
    for place in 0..pivots {
        let factor = if values[place] > least { 1.0 / values[place] } else { 0.0 };
        turned.row_mut(place).iter_mut().for_each(|value| *value *= factor);
    }
    MatMut::from_row_major_slice_mut(solution, pivots, outputs).copy_from(parts.V() * turned);
    true
}

fn triangle_norm(triangle: MatRef<'_, f64>) -> f64 {
    (0..triangle.ncols()).map(|column| (0..=column).map(|row| triangle[(row, column)].powi(2)).sum::<f64>()).sum::<f64>().sqrt()
}

/// `R⁻¹·right`, some columns a thread.
fn solved(triangle: MatRef<'_, f64>, mut right: Mat<f64>) -> Mat<f64> {
    let (rows, columns, stride) = (right.nrows(), right.ncols(), right.col_stride() as usize);
    let cut = Cut::of(columns, COLUMNS);
    let length = if columns == 0 { 0 } else { (columns - 1) * stride + rows };
    // SAFETY: columns are contiguous and `stride` apart; the last ends where the slice does.
    let all = Shared::new(unsafe { std::slice::from_raw_parts_mut(right.as_ptr_mut(), length) });
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint columns.
        let own = unsafe { all.slice(start * stride, (end - start - 1) * stride + rows) };
        solve_upper_triangular_in_place(triangle, MatMut::from_column_major_slice_with_stride_mut(own, rows, end - start, stride), Par::Seq);
    });
    right
}
