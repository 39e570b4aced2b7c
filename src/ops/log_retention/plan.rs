//! What to keep: a pure function of what is there, the limits and the time.

use super::listing::{Archive, Listing};
use crate::domain::time::{DAY_US, Timestamp};

/// The limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Reports of days that ended longer ago are packed, microseconds.
    pub report_age_us: i64,
    /// Archives written longer ago are deleted, microseconds.
    pub archive_age_us: i64,
    /// Bytes of all archives.
    pub archive_bytes: u64,
    /// Samples of days that ended longer ago leave the ledger, microseconds.
    pub samples_age_us: i64,
    /// Runs of jobs that ended longer ago leave the ledger, microseconds.
    pub job_runs_age_us: i64,
    /// Vitals, which `drift` compares, leave the ledger at this age, microseconds.
    pub vitals_age_us: i64,
    /// Microseconds that giving pages back may take; 0 turns it off.
    pub vacuum_us: i64,
}

/// Why an archive goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// It is too old.
    Age,
    /// All of them are too large, and it is the oldest.
    Size,
}

/// The days whose reports are to be packed, oldest first.
pub fn days_to_pack(listing: &Listing, limits: &Limits, now: Timestamp) -> Vec<Timestamp> {
    let is_old = |day: &&Timestamp| now.us() - (day.us() + DAY_US) >= limits.report_age_us;
    listing.reports.keys().filter(is_old).copied().collect()
}

/// The archives to delete, oldest first.
pub fn archives_to_delete(
    archives: &[Archive],
    limits: &Limits,
    now: Timestamp,
) -> Vec<(Archive, Cause)> {
    let mut by_age = archives.to_vec();
    by_age.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    let mut total: u64 = by_age.iter().map(|archive| archive.bytes).sum();
    let mut deleted = Vec::new();
    for archive in by_age {
        let cause = if now.us_since(archive.at) > limits.archive_age_us {
            Cause::Age
        } else if total > limits.archive_bytes {
            Cause::Size
        } else {
            break;
        };
        total -= archive.bytes;
        deleted.push((archive, cause));
    }
    deleted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_until_the_rest_fits() {
        let archive = |name: &str, bytes, day| Archive {
            name: name.to_owned(),
            bytes,
            at: Timestamp::from_us(day * DAY_US),
        };
        let archives = [archive("c", 50, 9), archive("a", 10, 1), archive("b", 60, 8)];
        let mut limits = Limits {
            report_age_us: 0,
            archive_age_us: 5 * DAY_US,
            archive_bytes: 200,
            samples_age_us: 0,
            job_runs_age_us: 0,
            vitals_age_us: 0,
            vacuum_us: 0,
        };
        let names = |limits: &Limits| -> Vec<(String, Cause)> {
            archives_to_delete(&archives, limits, Timestamp::from_us(10 * DAY_US))
                .into_iter()
                .map(|(archive, cause)| (archive.name, cause))
                .collect()
        };
        assert_eq!(names(&limits), [("a".to_owned(), Cause::Age)]);
        limits.archive_bytes = 100;
        let both = [("a".to_owned(), Cause::Age), ("b".to_owned(), Cause::Size)];
        assert_eq!(names(&limits), both);
    }
}
