//! Matrix products over the crate `gemm`, or over `amx` or `panels` where those suit, cut into chunks that do not depend on the number of threads.

#[cfg(target_arch = "x86_64")]
use crate::{amx, panels};
use crate::parallel::{Cut, Shared, for_each_chunk};
use gemm::Parallelism;
use std::ops::Range;

/// A matrix inside a slice: element (row, column) is at `row·row_stride + column·column_stride`.
#[derive(Clone, Copy)]
pub struct View<'a, T> {
    pub data: &'a [T],
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

impl<'a, T> View<'a, T> {
    /// A matrix stored row by row.
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> View<'a, T> {
        assert!(data.len() == rows * columns);
        View { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same memory read as the transposed matrix.
    pub fn turned(self) -> View<'a, T> {
        View {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    pub fn fits(&self) -> bool {
        self.rows == 0
            || self.columns == 0
            || (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride < self.data.len()
    }
}

/// Numbers that `gemm` multiplies.
pub trait Number: Copy + Send + Sync + 'static {
    const ONE: Self;

    /// Does the product another way, if there is a better one for its sizes. Else returns false.
    fn better_product(_a: View<'_, Self>, _b: View<'_, Self>, _out: &mut [Self], _scale: Self, _accumulate: bool, _after: &(dyn Fn(&mut [Self]) + Sync)) -> bool {
        false
    }
}
impl Number for f32 {
    const ONE: f32 = 1.0;

    #[cfg(target_arch = "x86_64")]
    fn better_product(a: View<'_, f32>, b: View<'_, f32>, out: &mut [f32], scale: f32, accumulate: bool, after: &(dyn Fn(&mut [f32]) + Sync)) -> bool {
        let (rows, depth, columns) = (a.rows, a.columns, b.columns);
        assert!(a.fits() && b.fits());
        if amx::suits(rows, depth, columns) && amx::reads(a) && amx::reads(b) {
            // SAFETY: as `share` promises.
            let work = |packed: amx::Panels<'_>| share(a, columns, amx::PANEL, out, after, &|a, columns, out, stride| unsafe { amx::multiply(a, packed, columns, out, stride, scale, accumulate) });
            if amx::with_panels(b, work).is_some() {
                return true;
            }
        }
        if !panels::suits(rows, depth, columns) {
            return false;
        }
        // SAFETY: as `share` promises.
        panels::with_panels(b, |packed| share(a, columns, panels::PANEL, out, after, &|a, columns, out, stride| unsafe { panels::multiply(a, packed, columns, out, stride, scale, accumulate) }));
        true
    }
}
impl Number for f64 {
    const ONE: f64 = 1.0;
}

/// Multiplies the rows of a view with a range of columns of a packed matrix, into rows of a stride at a pointer that are nobody else's.
#[cfg(target_arch = "x86_64")]
type Part<'a> = &'a (dyn Fn(View<'_, f32>, Range<usize>, *mut f32, usize) + Sync);

/// Shares a product over the threads, by rows or by columns, whichever gives more parts; columns are cut at multiples of `panel`.
#[cfg(target_arch = "x86_64")]
fn share(a: View<'_, f32>, columns: usize, panel: usize, out: &mut [f32], after: &(dyn Fn(&mut [f32]) + Sync), part: Part<'_>) {
    let rows = a.rows;
    let by_rows = row_cut(rows, a.columns, columns, PACKED_ROWS).in_multiples_of(panel);
    let by_columns = row_cut(columns, a.columns, rows, PACKED_ROWS).in_multiples_of(panel);
    let shared = Shared::new(out);
    if by_rows.chunks >= by_columns.chunks {
        for_each_chunk(by_rows.chunks, |chunk| {
            let (start, end) = by_rows.bounds(chunk);
            // SAFETY: chunks own disjoint rows.
            let lines = unsafe { shared.slice(start * columns, (end - start) * columns) };
            part(rows_of(a, start, end), 0..columns, lines.as_mut_ptr(), columns);
            after(lines);
        });
    } else {
        for_each_chunk(by_columns.chunks, |chunk| {
            let (start, end) = by_columns.bounds(chunk);
            part(a, start..end, shared.pointer(0, rows * columns), columns);
        });
        after(out);
    }
}

/// The product itself, on one thread.
///
/// # Safety
/// The views lie inside their slices, and `out` points to a.rows rows of `stride`, whose first b.columns values nobody else touches.
unsafe fn multiply<T: Number>(a: View<'_, T>, b: View<'_, T>, out: *mut T, stride: usize, scale: T, accumulate: bool) {
    // SAFETY: as the caller promises.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out,
            1,
            stride as isize,
            accumulate,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            T::ONE,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// Writes `scale·a·b` into rows `first..` of an output stored row by row with `stride`, or adds it there. One thread.
///
/// `out` starts at the first row written.
pub fn product_into<T: Number>(a: View<'_, T>, b: View<'_, T>, out: &mut [T], stride: usize, scale: T, accumulate: bool) {
    assert!(a.columns == b.rows && a.fits() && b.fits());
    if a.rows == 0 || b.columns == 0 {
        return;
    }
    assert!(b.columns <= stride && (a.rows - 1) * stride + b.columns <= out.len());
    // SAFETY: the views and the output lie inside their slices, checked above; `out` is exclusively borrowed.
    unsafe {
        multiply(a, b, out.as_mut_ptr(), stride, scale, accumulate);
    }
}

/// The rows `start..end` of a view.
pub fn rows_of<T>(view: View<'_, T>, start: usize, end: usize) -> View<'_, T> {
    let offset = if start < end { start * view.row_stride } else { 0 };
    View { data: &view.data[offset..], rows: end - start, ..view }
}

/// The columns `start..end` of a view.
pub fn columns_of<T>(view: View<'_, T>, start: usize, end: usize) -> View<'_, T> {
    rows_of(view.turned(), start, end).turned()
}

/// Whether [`product`] packs its right matrix, whichever way round it lies.
pub fn packs(rows: usize, inner: usize, columns: usize) -> bool {
    #[cfg(target_arch = "x86_64")]
    return panels::suits(rows, inner, columns) || amx::suits(rows, inner, columns);
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (rows, inner, columns);
        false
    }
}

/// Rows of a chunk below which a packed right matrix is not at its best.
const PACKED_ROWS: usize = 64;
/// The same where every chunk packs the right matrix for itself.
const PLAIN_ROWS: usize = 128;

/// How the rows of a product are cut: into even chunks of about `least` rows or more and at least a million multiply-adds, up to 64.
///
/// With 256 rows at least, sixteen threads multiplied 1024³ at 341 GFLOP/s, with 64 at 856; two threads are as fast with either.
fn row_cut(rows: usize, inner: usize, columns: usize, least: usize) -> Cut {
    let work = (inner * columns).max(1);
    let least = (1usize << 20).div_ceil(work).max(least);
    let chunks = (rows / least).clamp(1, 64);
    Cut::of(rows, rows.div_ceil(chunks).next_multiple_of(8))
}

/// Writes `scale·a·b` to `out` (rows × columns, row by row) with all threads, or adds it there.
pub fn product<T: Number>(a: View<'_, T>, b: View<'_, T>, out: &mut [T], scale: T, accumulate: bool) {
    product_then(a, b, out, scale, accumulate, &|_| {});
}

/// As [`product`]; `after` is then given every finished part of whole rows, while it is in the cache.
pub fn product_then<T: Number>(a: View<'_, T>, b: View<'_, T>, out: &mut [T], scale: T, accumulate: bool, after: &(dyn Fn(&mut [T]) + Sync)) {
    let (rows, columns) = (a.rows, b.columns);
    assert!(a.columns == b.rows && out.len() == rows * columns);
    if rows == 0 || columns == 0 || T::better_product(a, b, out, scale, accumulate, after) {
        return;
    }
    let by_rows = row_cut(rows, a.columns, columns, PLAIN_ROWS);
    let by_columns = row_cut(columns, a.columns, rows, PLAIN_ROWS);
    let shared = Shared::new(out);
    if by_rows.chunks >= by_columns.chunks {
        for_each_chunk(by_rows.chunks, |chunk| {
            let (start, end) = by_rows.bounds(chunk);
            // SAFETY: chunks own disjoint rows.
            let part = unsafe { shared.slice(start * columns, (end - start) * columns) };
            product_into(rows_of(a, start, end), b, part, columns, scale, accumulate);
            after(part);
        });
    } else {
        for_each_chunk(by_columns.chunks, |chunk| {
            let (start, end) = by_columns.bounds(chunk);
            column_chunk(a, columns_of(b, start, end), shared, start, columns, scale, accumulate);
        });
        after(out);
    }
}

/// Writes the columns from `start` of a product whose rows are `stride` long.
fn column_chunk<T: Number>(a: View<'_, T>, b: View<'_, T>, out: Shared<T>, start: usize, stride: usize, scale: T, accumulate: bool) {
    assert!(a.columns == b.rows && a.fits() && b.fits() && start + b.columns <= stride);
    if a.rows == 0 || b.columns == 0 {
        return;
    }
    // SAFETY: the first element of this chunk; only columns start..start + b.columns are touched, which no other chunk does.
    unsafe {
        let first = out.pointer(start, (a.rows - 1) * stride + b.columns);
        multiply(a, b, first, stride, scale, accumulate);
    }
}

/// Writes `a·b` to the columns from `start` of rows of `stride`. One thread; no other touches these columns.
pub fn product_columns(a: View<'_, f32>, b: View<'_, f32>, out: Shared<f32>, start: usize, stride: usize) {
    #[cfg(target_arch = "x86_64")]
    if panels::suits(a.rows, a.columns, b.columns) {
        assert!(a.columns == b.rows && a.fits() && b.fits() && start + b.columns <= stride);
        let first = out.pointer(start, (a.rows - 1) * stride + b.columns);
        // SAFETY: only columns start..start + b.columns of the rows are touched, which nobody else does.
        return panels::with_panels(b, |packed| unsafe { panels::multiply(a, packed, 0..b.columns, first, stride, 1.0, false) });
    }
    column_chunk(a, b, out, start, stride, 1.0, false);
}

/// A right matrix ready to be multiplied by many left ones.
#[derive(Clone, Copy)]
pub enum Packed<'a> {
    #[cfg(target_arch = "x86_64")]
    Tiles(amx::Panels<'a>),
    #[cfg(target_arch = "x86_64")]
    Panels(panels::Panels<'a>),
    Plain(View<'a, f32>),
}

/// Packs `b` with all threads, in the way that suits left matrices of so many rows, and hands it to `work`, which runs once.
pub fn with_packed(b: View<'_, f32>, rows: usize, work: &mut dyn FnMut(Packed<'_>)) {
    assert!(b.fits());
    #[cfg(target_arch = "x86_64")]
    {
        if amx::suits(rows, b.rows, b.columns) && amx::reads(b) && amx::with_panels(b, |packed| work(Packed::Tiles(packed))).is_some() {
            return;
        }
        if panels::suits(rows, b.rows, b.columns) {
            return panels::with_panels(b, |packed| work(Packed::Panels(packed)));
        }
    }
    work(Packed::Plain(b));
}

impl Packed<'_> {
    /// Writes `a·b` of `columns` columns. One thread.
    pub fn multiply(&self, a: View<'_, f32>, columns: usize, out: &mut [f32]) {
        self.product(a, columns, out, false);
    }

    /// Adds `a·b` of `columns` columns. One thread.
    pub fn add_product(&self, a: View<'_, f32>, columns: usize, out: &mut [f32]) {
        self.product(a, columns, out, true);
    }

    fn product(&self, a: View<'_, f32>, columns: usize, out: &mut [f32], accumulate: bool) {
        assert!(out.len() == a.rows * columns);
        match *self {
            // SAFETY: `out` holds all rows, and is exclusively borrowed; the kernels check the rest.
            #[cfg(target_arch = "x86_64")]
            Packed::Tiles(b) => unsafe { amx::multiply(a, b, 0..columns, out.as_mut_ptr(), columns, 1.0, accumulate) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Packed::Panels(b) => unsafe { panels::multiply(a, b, 0..columns, out.as_mut_ptr(), columns, 1.0, accumulate) },
            Packed::Plain(b) => product_into(a, b, out, columns, 1.0, accumulate),
        }
    }
}

/// Rows of a block's chunk: fewer leave a packed weight below its best, more leave threads without work (with 256 on AMX, sixteen threads trained a
/// family of 48/96/192 two thirds as fast, one of 192/384/768 half as fast).
pub fn rows_worth_packing() -> usize {
    #[cfg(target_arch = "x86_64")]
    if amx::available() {
        return 2 * PACKED_ROWS;
    }
    PACKED_ROWS
}
