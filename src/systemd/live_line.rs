//! The one line that stays at the bottom of a person's terminal while log lines pass above it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stands there now; empty for nothing.
static LINE: Mutex<String> = Mutex::new(String::new());

fn line() -> MutexGuard<'static, String> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the live line.
pub fn set(text: &str) {
    let mut line = line();
    text.clone_into(&mut line);
    write_raw(&format!("\r\x1b[2K{text}"));
}

/// Leaves the live line where it stands, for good.
pub fn end() {
    let mut line = line();
    if !line.is_empty() {
        line.clear();
        write_raw("\n");
    }
}

/// Writes a line above the live one.
pub(super) fn write_above(text: &str) {
    let line = line();
    write_raw(&format!("\r\x1b[2K{text}\n{line}"));
}

/// Writes text in one call, as it is. With stderr closed there is nobody to tell.
pub(super) fn write_raw(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}
