//! What a panic does: it is logged with its place and ends the process at once.
//!
//! Unwinding past half-done work would leave an agent that runs and does not trade; systemd restarts a
//! dead one, which reconciles first. **Limits**: at most a second is spent on telling the journal.

use std::panic::PanicHookInfo;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use super::journal::{flush, write_stderr};
use super::message_id;

/// Time for each of the two attempts to be heard.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(500);

/// Makes every panic of every thread log and abort. Call it once, right after logging is installed.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        tell(&describe(info));
        std::process::abort();
    }));
}

/// `panic at src/x.rs:1:2 in thread main: message`, on one line.
fn describe(info: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("no message").replace('\n', " ");
    let place = match info.location() {
        Some(location) => location.to_string(),
        None => "an unknown place".to_owned(),
    };
    format!("panic at {place} in thread {}: {message}", thread.name().unwrap_or("unnamed"))
}

/// Logs through the queue; where that is not written in time, straight to stderr. The latter may
/// block as well, so a thread does it that the abort takes along.
fn tell(text: &str) {
    log::error!(MESSAGE_ID = message_id::PANICKED; "{text}");
    if flush(ATTEMPT_TIMEOUT) {
        return;
    }
    let (done, wait) = sync_channel(1);
    let line = text.to_owned();
    let spawned = std::thread::Builder::new().spawn(move || {
        write_stderr(&line);
        let _ = done.send(());
    });
    if spawned.is_ok() {
        // Timed out or written: the process ends either way.
        let _ = wait.recv_timeout(ATTEMPT_TIMEOUT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    /// Signal number of SIGABRT on Linux.
    const SIGABRT: i32 = 6;

    /// Runs one of the ignored tests below in a process of its own.
    fn child(test: &str) -> (Option<i32>, String) {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", &format!("systemd::panic::tests::{test}")])
            .env_remove("JOURNAL_STREAM")
            .output()
            .unwrap();
        (output.status.signal(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn a_panic_is_told_and_aborts() {
        for test in ["panics_with_a_logger", "panics_without_a_logger"] {
            let (signal, stderr) = child(test);
            assert_eq!(signal, Some(SIGABRT), "{stderr}");
            assert!(stderr.contains("panic at src/systemd/panic.rs:"), "{stderr}");
            assert!(stderr.contains("lots 3 of 2"), "{stderr}");
        }
    }

    #[test]
    #[ignore = "ends its process; run by a_panic_is_told_and_aborts"]
    fn panics_with_a_logger() {
        super::super::journal::install(log::LevelFilter::Info).unwrap();
        install_panic_hook();
        panic!("lots {} of 2", 3);
    }

    #[test]
    #[ignore = "ends its process; run by a_panic_is_told_and_aborts"]
    fn panics_without_a_logger() {
        install_panic_hook();
        panic!("lots {} of 2", 3);
    }
}
