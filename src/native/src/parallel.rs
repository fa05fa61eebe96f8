//! One pool of threads for everything. Work is cut into chunks whose bounds do not depend on the number of threads.
//!
//! The calling thread works too, and at the end waits only for helpers that have begun: on a busy machine a helper that the system
//! has not woken in time costs nothing.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

/// Rounds that a helper looks for the next job before it sleeps: some tenths of a millisecond, longer than the pauses between the kernels of a
/// step, because the system takes long to wake a thread (with a tenth of the rounds, training was a tenth slower).
const ROUNDS_BEFORE_SLEEP: u32 = 10000;

/// Work in progress; it lives on the caller's stack until no helper is in it.
struct Job<'a> {
    work: &'a (dyn Fn(usize) + Sync),
    chunks: usize,
    next: AtomicUsize,
    failed: AtomicBool,
}

impl Job<'_> {
    /// Takes chunks until none is left.
    fn run(&self) {
        loop {
            let chunk = self.next.fetch_add(1, Ordering::Relaxed);
            if chunk >= self.chunks {
                return;
            }
            (self.work)(chunk);
        }
    }
}

/// What the helpers look at, under a lock.
struct State {
    /// The job that may be joined. The pointer is good while it stands here, and for a helper in it until `active` is counted down.
    job: Option<*const Job<'static>>,
    /// Helpers in the job.
    active: usize,
    stop: bool,
}

// SAFETY: the pointer is only followed as described above; the job's parts are shared by design.
unsafe impl Send for State {}

struct Pool {
    threads: usize,
    /// Whether some thread has its job here now; another one works alone meanwhile.
    busy: AtomicBool,
    /// Counts jobs; helpers watch it before they sleep.
    posted: AtomicU64,
    sleeping: AtomicUsize,
    state: Mutex<State>,
    wake: Condvar,
    done: Condvar,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a helper.
    fn help(&self) {
        let mut seen = 0;
        loop {
            for _ in 0..ROUNDS_BEFORE_SLEEP {
                if self.posted.load(Ordering::Acquire) != seen {
                    break;
                }
                std::hint::spin_loop();
            }
            let mut state = self.lock();
            while self.posted.load(Ordering::Acquire) == seen && !state.stop {
                self.sleeping.fetch_add(1, Ordering::SeqCst);
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                self.sleeping.fetch_sub(1, Ordering::SeqCst);
            }
            if state.stop {
                return;
            }
            seen = self.posted.load(Ordering::Acquire);
            let Some(job) = state.job else { continue };
            state.active += 1;
            drop(state);
            // SAFETY: counted as active before the job was withdrawn, so its owner waits.
            let job = unsafe { &*job };
            if catch_unwind(AssertUnwindSafe(|| job.run())).is_err() {
                job.failed.store(true, Ordering::SeqCst);
            }
            let mut state = self.lock();
            state.active -= 1;
            if state.active == 0 {
                self.done.notify_all();
            }
        }
    }

    /// Runs a job with the helpers.
    fn run(&self, job: &Job<'_>) {
        // SAFETY: only the lifetime is hidden; `withdraw` below ends all use before the job goes away.
        let hidden: *const Job<'static> = unsafe { std::mem::transmute::<&Job<'_>, *const Job<'static>>(job) };
        {
            let mut state = self.lock();
            state.job = Some(hidden);
            self.posted.fetch_add(1, Ordering::Release);
            if self.sleeping.load(Ordering::SeqCst) > 0 {
                self.wake.notify_all();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| job.run()));
        let mut state = self.lock();
        state.job = None;
        while state.active > 0 {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!job.failed.load(Ordering::SeqCst), "a helper thread failed");
    }
}

static POOL: RwLock<Option<Arc<Pool>>> = RwLock::new(None);

fn pool() -> Arc<Pool> {
    if let Some(pool) = POOL.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
        return pool.clone();
    }
    set_threads(std::thread::available_parallelism().map_or(1, |count| count.get()));
    pool()
}

/// Sets how many threads work, the calling one included. Helpers that cannot be started are done without.
pub fn set_threads(count: usize) {
    let wanted = count.clamp(1, 256);
    let mut current = POOL.write().unwrap_or_else(PoisonError::into_inner);
    if current.as_ref().is_some_and(|pool| pool.threads == wanted) {
        return;
    }
    if let Some(old) = current.take() {
        old.lock().stop = true;
        old.wake.notify_all();
    }
    let pool = Arc::new(Pool {
        threads: wanted,
        busy: AtomicBool::new(false),
        posted: AtomicU64::new(0),
        sleeping: AtomicUsize::new(0),
        state: Mutex::new(State { job: None, active: 0, stop: false }),
        wake: Condvar::new(),
        done: Condvar::new(),
    });
    for index in 1..wanted {
        let helper = pool.clone();
        // A helper that the system refuses is missed by nobody: every job can be done by its caller alone.
        let _ = std::thread::Builder::new().name(format!("esta-{index}")).spawn(move || helper.help());
    }
    *current = Some(pool);
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
    if pool.threads == 1 || pool.busy.swap(true, Ordering::Acquire) {
        (0..chunks).for_each(work);
        return;
    }
    let job = Job { work: &work, chunks, next: AtomicUsize::new(0), failed: AtomicBool::new(false) };
    let result = catch_unwind(AssertUnwindSafe(|| pool.run(&job)));
    pool.busy.store(false, Ordering::Release);
    if let Err(panic) = result {
        resume_unwind(panic);
    }
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

    /// The same cut with bounds at multiples of `step`.
    pub fn in_multiples_of(&self, step: usize) -> Cut {
        Cut::of(self.rows, self.per_chunk.next_multiple_of(step))
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
