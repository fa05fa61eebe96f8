//! One pool of threads for everything. Work is cut into chunks whose bounds do not depend on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

struct Pool {
    threads: usize,
    /// The helpers beside the calling thread; none when one thread was asked for.
    helpers: Option<rayon::ThreadPool>,
}

static POOL: RwLock<Option<Arc<Pool>>> = RwLock::new(None);

fn pool() -> Arc<Pool> {
    if let Some(pool) = POOL.read().unwrap_or_else(|poisoned| poisoned.into_inner()).as_ref() {
        return pool.clone();
    }
    set_threads(std::thread::available_parallelism().map_or(1, |count| count.get()));
    pool()
}

/// Sets how many threads work, the calling one included. Where helpers cannot be started, the calling thread works alone.
pub fn set_threads(count: usize) {
    let threads = count.clamp(1, 256);
    let helpers = (threads > 1)
        .then(|| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads - 1)
                .thread_name(|index| format!("esta-{index}"))
                .build()
                .ok()
        })
        .flatten();
    let threads = if helpers.is_some() { threads } else { 1 };
    *POOL.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Arc::new(Pool { threads, helpers }));
}

/// The threads in use.
pub fn threads() -> usize {
    pool().threads
}

/// Runs `work(chunk)` for every chunk below `chunks`, each once, in any order and on any thread.
pub fn for_each_chunk(chunks: usize, work: impl Fn(usize) + Sync) {
    if chunks <= 1 {
        if chunks == 1 {
            work(0);
        }
        return;
    }
    let pool = pool();
    let Some(helpers) = &pool.helpers else {
        (0..chunks).for_each(work);
        return;
    };
    let next = AtomicUsize::new(0);
    let lane = || {
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                return;
            }
            work(chunk);
        }
    };
    helpers.in_place_scope(|scope| {
        for _ in 1..pool.threads.min(chunks) {
            scope.spawn(|_| lane());
        }
        lane();
    });
}

/// How `rows` rows of about `cost` nanoseconds each are cut: chunks of at least some ten microseconds, at most 64 of them.
#[derive(Clone, Copy)]
pub struct Cut {
    pub chunks: usize,
    rows: usize,
    per_chunk: usize,
}

impl Cut {
    /// Cuts rows; `cost` is the nanoseconds of one row on one thread, roughly.
    pub fn rows(rows: usize, cost: f64) -> Cut {
        let least = (12_000.0 / cost.max(0.01)).ceil() as usize;
        Cut::of(rows, rows.div_ceil(64).max(least).max(1))
    }

    /// Cuts rows into chunks of `per_chunk`, the last one shorter.
    pub fn of(rows: usize, per_chunk: usize) -> Cut {
        Cut { chunks: rows.div_ceil(per_chunk), rows, per_chunk }
    }

    /// First row and row after the last of a chunk.
    pub fn bounds(&self, chunk: usize) -> (usize, usize) {
        let start = (chunk * self.per_chunk).min(self.rows);
        (start, (start + self.per_chunk).min(self.rows))
    }
}

/// A pointer into an output that chunks write at disjoint places.
#[derive(Clone, Copy)]
pub struct Shared<T>(*mut T, usize);

// SAFETY: every user writes disjoint ranges per chunk, see `slice`.
unsafe impl<T: Send> Send for Shared<T> {}
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(values: &mut [T]) -> Shared<T> {
        Shared(values.as_mut_ptr(), values.len())
    }

    /// The part from `start`, `length` long.
    ///
    /// # Safety
    /// No two threads may hold overlapping parts at the same time.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn slice(&self, start: usize, length: usize) -> &mut [T] {
        assert!(start <= self.1 && length <= self.1 - start);
        // SAFETY: in bounds by the assertion, disjoint by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(start), length) }
    }

    /// A pointer to `start`, from which `length` numbers lie inside.
    pub fn pointer(&self, start: usize, length: usize) -> *mut T {
        assert!(start <= self.1 && length <= self.1 - start);
        self.0.wrapping_add(start)
    }
}
