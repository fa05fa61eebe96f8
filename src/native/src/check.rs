//! Sizes are checked before memory is touched; a wrong one becomes a JavaScript error.

use napi::{Error, Result, Status};

/// Multiplies sizes, refusing what does not fit.
pub fn product(where_: &str, sizes: &[u32]) -> Result<usize> {
    sizes
        .iter()
        .try_fold(1usize, |total, &size| total.checked_mul(size as usize))
        .filter(|&total| total <= isize::MAX as usize / 8)
        .ok_or_else(|| Error::new(Status::InvalidArg, format!("{where_}: the sizes {sizes:?} are too large.")))
}

/// Refuses an array whose length is not the product of the sizes.
pub fn length(where_: &str, what: &str, found: usize, sizes: &[u32]) -> Result<()> {
    let expected = product(where_, sizes)?;
    if found == expected {
        return Ok(());
    }
    Err(Error::new(Status::InvalidArg, format!("{where_}: {what} has {found} numbers, expected {expected} ({sizes:?}).")))
}

/// Refuses a call for another reason.
pub fn that(condition: bool, message: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::new(Status::InvalidArg, message())) }
}
