//! `[recorder]`, `[retention]`, `[backup]`: what is kept on disk, and for how long.

use super::{Key, Kind};

/// Their keys.
pub(super) const KEYS: &[Key] = &[
    Key::new("recorder.record", Kind::Word(&["auto", "always", "never"]), "auto")
        .origin("what runs for hours is worth a black box; what can be run again is its own")
        .doc("Whether the engine's inputs are recorded; auto means always, except with --speed max and --replay."),
    Key::new("recorder.segment_age_max", Kind::Duration, "1h")
        .range("1m", "1d")
        .origin("what an incident takes to replay stays short")
        .doc("A segment of the recording is closed and compressed at this age."),
    Key::new("recorder.segment_bytes_max", Kind::Bytes, "64MiB")
        .range("64KiB", "1GiB")
        .origin("a second of work for the compressor")
        .doc("A segment of the recording is closed and compressed at this size."),
    Key::new("recorder.age_max", Kind::Duration, "14d")
        .range("1h", "3650d")
        .origin("incidents are looked into within two weeks")
        .doc("Segments of the recording older than this are deleted."),
    Key::new("recorder.bytes_max", Kind::Bytes, "2GiB")
        .range("1MiB", "1000GiB")
        .origin("days of fifty busy symbols, compressed")
        .doc("Disk budget of the recording; the oldest segments are deleted first."),
    Key::new("recorder.disk_free_min", Kind::Bytes, "512MiB")
        .range("0B", "1000GiB")
        .origin("twice health.disk_free_critical: the ledger needs the disk more")
        .doc("Nothing is recorded while the disk has less free space than this."),
    Key::new("retention.archive_age_max", Kind::Duration, "21d")
        .range("1d", "3650d")
        .origin("Python IBIS: archives older than 21 days were deleted")
        .doc("Archives older than this are deleted.")
        .reloadable(),
    Key::new("retention.archive_bytes_max", Kind::Bytes, "200MB")
        .range("1MB", "1000GB")
        .origin("the size one log of the Python IBIS reached unnoticed")
        .doc("Disk budget of all archives; the oldest are deleted first.")
        .reloadable(),
    Key::new("retention.report_age_max", Kind::Duration, "90d")
        .range("1d", "3650d")
        .origin("a quarter of hourly reports")
        .doc("KPI reports older than this are archived and deleted.")
        .reloadable(),
    Key::new("retention.samples_age_max", Kind::Duration, "90d")
        .range("1d", "3650d")
        .origin("a quarter of samples")
        .doc("Samples in the ledger older than this are archived and deleted.")
        .reloadable(),
    Key::new("retention.vacuum_budget", Kind::Duration, "5s")
        .range("0s", "5m")
        .origin("half of what the agent waits for a busy ledger")
        .doc("Time a run may spend on giving free pages back to the disk; 0s turns it off.")
        .reloadable(),
    Key::new("backup.keep_newest", Kind::Integer, "7")
        .range("1", "1000")
        .unit("backups")
        .origin("a week of its timer")
        .doc("So many of the newest backups stay, however old they are.")
        .reloadable(),
    Key::new("backup.keep_age", Kind::Duration, "14d")
        .range("1h", "3650d")
        .origin("twice the week that KuCoin lists fills of: an older one is seldom worth restoring")
        .doc("Backups younger than this stay, however many they are.")
        .reloadable(),
    Key::new("backup.bytes_max", Kind::Bytes, "20GB")
        .range("1MB", "1000GB")
        .origin("a fortnight of backups of a ledger of 1 GB")
        .doc("Disk budget of all backups; the oldest are deleted first, the newest never.")
        .reloadable(),
];
