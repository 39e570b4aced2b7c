//! Whether this machine's clock follows the network's, as the kernel was told.
//!
//! systemd-timesyncd leaves a file; for any other time keeper, timedated reads the kernel's own flag.
//! **Failure**: where neither says anything the answer is unknown, never a guess.

use std::path::Path;
use std::time::Duration;

use super::bus::{Call, SYSTEM_BUS, call_all};

/// systemd-timesyncd touches it once the clock was set from the network.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// True where the clock is set from the network, false where it is not; none where nobody says, or not
/// within `timeout`.
pub fn is_synchronized(timeout: Duration) -> Option<bool> {
    if Path::new(SYNCHRONIZED).exists() {
        return Some(true);
    }
    let question = Call {
        destination: "org.freedesktop.timedate1",
        path: "/org/freedesktop/timedate1",
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        arguments: &["org.freedesktop.timedate1", "NTPSynchronized"],
    };
    let answers = call_all(Path::new(SYSTEM_BUS), &[question], timeout).ok()?;
    answers.into_iter().next()??.parse().ok()
}
