//! Values that are made once, by work that may fail.

use crate::Result;
use std::sync::OnceLock;

/// What `cell` holds, made now if it is empty. Where two threads make it at once the first to be ready counts.
pub fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
