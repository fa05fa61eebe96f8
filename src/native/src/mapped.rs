//! Files mapped into memory: read where they lie, page by page as they are touched.

use napi::bindgen_prelude::ArrayBuffer;
use napi::{Env, Error, Result, Status};
use napi_derive::napi;

/// Maps a whole file, for reading alone: writing to the memory ends the process, and the file must keep its length while it is in use.
#[napi(catch_unwind)]
pub fn map_file(env: &Env, path: String) -> Result<ArrayBuffer<'_>> {
    let failed = |error: std::io::Error| Error::new(Status::GenericFailure, format!("mapFile {path}: {error}."));
    let file = std::fs::File::open(&path).map_err(failed)?;
    // SAFETY: mapped for reading; the caller keeps the file as it is.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(failed)?;
    let (start, length) = (map.as_ptr().cast_mut(), map.len());
    // SAFETY: the memory lives until the array is collected, and the map with it.
    unsafe { ArrayBuffer::from_external(env, start, length, map, |_, map| drop(map)) }
}
