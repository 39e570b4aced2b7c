//! Retention with a clock of its own, interrupted at every step.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::archive;
use super::plan::Limits;
use super::{Run, run};
use crate::domain::time::{DAY_US, HOUR_US, Timestamp};
use crate::ops::report::{Report, Severity};
use crate::store::{LEDGER, ledger_path};

const NOW: &str = "2026-03-20T12:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct Place {
    directory: PathBuf,
    ledger: Connection,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

impl Place {
    /// Reports of two old days and today, files of others, two days of samples of which the second is
    /// not covered, and an archive that is too old.
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("ibis-retention-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        for part in ["kpi_reports", "archive"] {
            fs::create_dir_all(directory.join(part)).unwrap();
        }
        let write = |name: &str, text: &str| fs::write(directory.join(name), text).unwrap();
        for hour in ["20260301T10", "20260301T11", "20260302T00", "20260320T11"] {
            write(&format!("kpi_reports/kpi-{hour}.json"), &format!("{{\"hour\":\"{hour}\"}}\n"));
            write(&format!("kpi_reports/kpi-{hour}.md"), &format!("# {hour}\n"));
        }
        write("kpi_reports/notes.txt", "mine");
        write("archive/backup.tar.gz", "mine too");
        let old = directory.join("archive/kpi-20260101.tar.gz");
        let packed = archive::pack(&[]).unwrap();
        fs::write(&old, &packed).unwrap();
        archive::write_checksum(&old, &packed).unwrap();
        let modified = std::time::UNIX_EPOCH
            + std::time::Duration::from_secs(
                u64::try_from(time("2026-01-08T00:00:00Z").ms() / 1000).unwrap(),
            );
        fs::File::options().write(true).open(&old).unwrap().set_modified(modified).unwrap();
        let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        ledger.pragma_update(None, "synchronous", "OFF").unwrap();
        let place = Self { directory, ledger };
        place.sample("2026-03-01T10:00:00Z");
        place.sample("2026-03-02T10:00:00Z");
        let hour = time("2026-03-01T10:00:00Z").us();
        place.ledger.execute("INSERT INTO kpi_hourly VALUES (?1, '{}', 0)", [hour]).unwrap();
        for (job, day) in [("healthcheck", 1), ("healthcheck", 2), ("hourly-kpi", 1)] {
            place
                .ledger
                .execute(
                    "INSERT INTO job_runs (job, started_at_us, ended_at_us, severity, exit_code, report)
                     VALUES (?1, ?2, ?2, 'OK', 0, '{}')",
                    params![job, day * DAY_US],
                )
                .unwrap();
        }
        place
    }

    fn sample(&self, at: &str) {
        let at = time(at).us();
        for minute in 0..3 {
            self.ledger
                .execute(
                    "INSERT INTO samples VALUES (?1, '1', '1', '1', '0', '0', 0, 0, 0, 'running', 1)",
                    [at + minute * HOUR_US / 60],
                )
                .unwrap();
        }
    }

    fn run(&self, dry_run: bool, interruption: super::Interruption<'_>) -> Report {
        let limits = Limits {
            report_age_us: 7 * DAY_US,
            archive_age_us: 21 * DAY_US,
            archive_bytes: 1_000_000,
            samples_age_us: 10 * DAY_US,
            job_runs_age_us: 30 * DAY_US,
            vitals_age_us: 3 * DAY_US,
            vacuum_us: 0,
        };
        let (wall_now, engine_now) = (time(NOW), time(NOW));
        let state_dir = &self.directory;
        let age_max = std::time::Duration::from_secs(14 * 86_400);
        let recordings = crate::recorder::pack::Limits { age_max, bytes_max: 1_000_000 };
        let order =
            Run { state_dir, limits, recordings, dry_run, wall_now, engine_now, is_idle: true };
        run(&order, &self.ledger, interruption)
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for part in ["kpi_reports", "archive"] {
            for entry in fs::read_dir(self.directory.join(part)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&self.directory).unwrap().display().to_string();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
        files
    }

    fn count(&self, table: &str) -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        self.ledger.query_row(&query, [], |row| row.get(0)).unwrap()
    }

    /// Every report that is on disk or in an archive that is proven intact.
    fn reports(&self) -> BTreeMap<String, Vec<u8>> {
        let mut reports = BTreeMap::new();
        for (name, contents) in self.files() {
            if let Some(name) = name.strip_prefix("kpi_reports/kpi-") {
                reports.insert(format!("kpi-{name}"), contents);
            } else if name.ends_with(".tar.gz") {
                let path = self.directory.join(&name);
                for entry in archive::verified(&path).unwrap_or_default() {
                    reports.insert(entry.name, entry.contents);
                }
            }
        }
        reports.retain(|name, _| name.starts_with("kpi-"));
        reports
    }
}

#[test]
fn old_reports_are_packed_and_nothing_else_is_touched() {
    let place = Place::new("packs");
    let before = place.reports();
    let report = place.run(false, &mut |_| Ok(()));
    assert_eq!(report.overall(), Severity::Ok, "{}", report.to_text());
    assert_eq!(place.reports(), before);
    let names: Vec<String> = place.files().into_keys().collect();
    assert_eq!(
        names,
        [
            "archive/backup.tar.gz",
            "archive/kpi-20260301.tar.gz",
            "archive/kpi-20260301.tar.gz.sha256",
            "archive/kpi-20260302.tar.gz",
            "archive/kpi-20260302.tar.gz.sha256",
            "archive/samples-20260301.tar.gz",
            "archive/samples-20260301.tar.gz.sha256",
            "kpi_reports/kpi-20260320T11.json",
            "kpi_reports/kpi-20260320T11.md",
            "kpi_reports/notes.txt",
        ]
    );
    assert_eq!(place.count("samples"), 3, "the uncovered day stays");
    assert_eq!(place.count("job_runs"), 2, "each job's newest stays");
    assert!(report.to_text().contains("archive/backup.tar.gz"));
    assert!(place.directory.join("trade_history.json").exists());
    let samples =
        archive::verified(&place.directory.join("archive/samples-20260301.tar.gz")).unwrap();
    assert_eq!(String::from_utf8(samples[0].contents.clone()).unwrap().lines().count(), 4);
    let files = place.files();
    let again = place.run(false, &mut |_| Ok(()));
    assert_eq!(again.facts["actions"], serde_json::json!(["write trade_history.json"]));
    assert_eq!(place.files(), files);
}

#[test]
fn a_dry_run_says_the_same_and_touches_nothing() {
    let place = Place::new("dry");
    let files = place.files();
    let dry = place.run(true, &mut |step| panic!("{step}"));
    assert_eq!(place.files(), files);
    assert_eq!((place.count("samples"), place.count("job_runs")), (6, 3));
    assert!(!place.directory.join("trade_history.json").exists());
    let wet = place.run(false, &mut |_| Ok(()));
    assert_eq!(dry.facts["actions"], wet.facts["actions"]);
    assert_eq!(dry.facts["freed_bytes"], wet.facts["freed_bytes"]);
}

#[test]
fn a_crash_before_any_step_loses_nothing_and_the_next_run_ends_the_same() {
    let whole = Place::new("whole");
    let steps = whole.run(false, &mut |_| Ok(())).facts["actions"].as_array().unwrap().len();
    assert!(steps > 12, "{steps}");
    for stop in 0..steps {
        let place = Place::new("crash");
        let before = place.reports();
        let mut taken = 0;
        let crashed = place.run(false, &mut |_| {
            taken += 1;
            if taken > stop { Err(io::Error::other("power cut")) } else { Ok(()) }
        });
        assert_eq!(crashed.overall(), Severity::Degraded);
        assert_eq!(place.reports(), before, "after {stop} steps");
        let covered = place.directory.join("archive/samples-20260301.tar.gz");
        assert!(place.count("samples") == 6 || archive::verified(&covered).is_some());
        let next = place.run(false, &mut |_| Ok(()));
        assert_eq!(next.overall(), Severity::Ok, "{}", next.to_text());
        assert_eq!(place.files(), whole.files(), "after {stop} steps");
    }
}

#[test]
fn a_damaged_archive_is_left_and_named_and_the_reports_go_elsewhere() {
    let place = Place::new("damaged");
    let before = place.reports();
    let damaged: &Path = &place.directory.join("archive/kpi-20260301.tar.gz");
    fs::write(damaged, b"torn").unwrap();
    fs::write(archive::checksum_path(damaged), b"0000  kpi-20260301.tar.gz\n").unwrap();
    let report = place.run(false, &mut |_| Ok(()));
    assert_eq!(report.overall(), Severity::Degraded);
    assert_eq!(fs::read(damaged).unwrap(), b"torn");
    assert!(archive::verified(&place.directory.join("archive/kpi-20260301-2.tar.gz")).is_some());
    assert_eq!(place.reports(), before);
}
