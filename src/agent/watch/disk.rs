//! The disk of the state directory.
//!
//! A full disk does not latch: entries pause before it is full, what cannot be written then is its own
//! hold, and space that somebody makes is all that it takes to go on.

use std::io;
use std::path::Path;

use super::lasting::Finding;
use crate::config::settings::HealthSettings;

/// A mebibyte.
const MIB: u64 = 1 << 20;

/// Bytes that are free for the agent's user where `directory` is.
pub(super) fn free(directory: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(directory)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Judges them.
pub(super) fn judge(free: &io::Result<u64>, limits: &HealthSettings) -> Option<Finding> {
    let free = match free {
        Ok(free) => *free,
        Err(error) => return Some(Finding::degraded(format!("the disk cannot be asked: {error}"))),
    };
    let reason = |limit: u64| format!("{} MiB free, below {} MiB", free / MIB, limit / MIB);
    if free < limits.disk_free_critical {
        Some(Finding::paused(reason(limits.disk_free_critical)))
    } else if free < limits.disk_free_warn {
        Some(Finding::degraded(reason(limits.disk_free_warn)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::domain::hold::Level;

    #[test]
    fn a_gibibyte_and_a_quarter_of_one_are_the_limits() {
        let limits = Settings::defaults().health;
        let level = |free| judge(&Ok(free), &limits).map(|found| found.level);
        assert_eq!(level(1024 * MIB), None);
        assert_eq!(level(1024 * MIB - 1), Some(Level::Degraded));
        assert_eq!(level(256 * MIB), Some(Level::Degraded));
        assert_eq!(level(256 * MIB - 1), Some(Level::SoftPause));
        let unknown = judge(&Err(io::ErrorKind::NotFound.into()), &limits);
        assert_eq!(unknown.map(|found| found.level), Some(Level::Degraded));
    }

    #[test]
    fn a_directory_has_free_space_and_a_missing_one_is_an_error() {
        assert!(free(Path::new("/tmp")).unwrap() > 0);
        assert!(free(Path::new("/no/such/directory")).is_err());
    }
}
