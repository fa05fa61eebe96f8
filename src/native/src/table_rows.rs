//! Rows of a table by their numbers, and back.

use crate::simd::add_to;
use crate::weight::Weight;

/// Writes the rows that `ids` name, one after another; every id is a row.
pub fn gather(table: Weight, ids: &[i32], width: usize, out: &mut [f32]) {
    for (&id, out) in ids.iter().zip(out.chunks_exact_mut(width)) {
        let at = id as usize * width;
        match table {
            Weight::Float32(values) => out.copy_from_slice(&values[at..at + width]),
            Weight::Half(halves) => halves.part(at, width).widen(out),
        }
    }
}

/// The gradient of [`gather`]: adds every row to the row of the table that it came from, in order.
pub fn scatter(rows: &[f32], ids: &[i32], width: usize, table: &mut [f32]) {
    table.fill(0.0);
    for (row, &id) in rows.chunks_exact(width).zip(ids) {
        add_to(&mut table[id as usize * width..][..width], row);
    }
}
