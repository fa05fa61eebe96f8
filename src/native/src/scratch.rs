//! Memory that kernels work in: each thread keeps what one kernel leaves for the next.

use crate::simd::LANES;
use std::cell::RefCell;
use std::thread::LocalKey;

/// Memories of one kind that a thread has at hand. Those in use are out, so that a kernel inside another finds memory of its own.
pub type Spare<T> = RefCell<Vec<Vec<T>>>;

thread_local! {
    static NUMBERS: Spare<f32> = const { RefCell::new(Vec::new()) };
}

/// Lends so many elements of spare memory, with anything in them.
pub fn lend<T: Copy, R>(spare: &'static LocalKey<Spare<T>>, size: usize, filler: T, work: impl FnOnce(&mut [T]) -> R) -> R {
    let mut memory = spare.with_borrow_mut(Vec::pop).unwrap_or_default();
    memory.resize(memory.len().max(size), filler);
    let result = work(&mut memory[..size]);
    spare.with_borrow_mut(|memories| memories.push(memory));
    result
}

/// Lends parts of so many numbers, each starting on a cache line, with anything in them.
pub fn with_work<const PARTS: usize, R>(sizes: [usize; PARTS], work: impl FnOnce([&mut [f32]; PARTS]) -> R) -> R {
    let total: usize = sizes.iter().map(|size| size.next_multiple_of(LANES)).sum();
    lend(&NUMBERS, total + LANES, 0.0, |memory| {
        let aligned = memory.as_ptr().align_offset(64);
        let mut lines = parts(&mut memory[aligned..aligned + total], sizes.map(|size| size.next_multiple_of(LANES))).into_iter();
        work(sizes.map(|size| &mut lines.next().expect("a part a size")[..size]))
    })
}

/// Cuts an array into parts of these lengths.
pub fn parts<const PARTS: usize>(mut rest: &mut [f32], lengths: [usize; PARTS]) -> [&mut [f32]; PARTS] {
    lengths.map(|length| {
        let (part, others) = std::mem::take(&mut rest).split_at_mut(length);
        rest = others;
        part
    })
}
