//! Doing what was decided, one step after the other.
//!
//! Before each step that changes something [`Interruption`] is asked: tests stop there to prove that
//! nothing is lost. A dry run takes the same decisions and leaves the steps out.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::Connection;

use super::Run;
use super::archive::{self, Entry};
use super::listing::{ARCHIVE_DIRECTORY, Archive, Listing, day_text};
use super::plan::{self, Cause};
use crate::domain::time::{DAY_US, Timestamp};
use crate::durable::atomic_file;
use crate::ops::hourly_kpi;
use crate::ops::trades::export;
use crate::recorder::{DIRECTORY, listing, pack};
use crate::store::{kpi, retention};

/// Free pages worth a rewrite of the ledger: 16 MiB.
const VACUUM_BYTES_MIN: u64 = 16 * 1024 * 1024;
/// Bytes of ledger rewritten in a second, on a slow disk.
const VACUUM_BYTES_PER_SECOND: u64 = 50 * 1024 * 1024;

/// Called with the name of each step before it is taken; an error stops the run there.
pub type Interruption<'a> = &'a mut dyn FnMut(&str) -> io::Result<()>;

/// What a run did, or would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Freed {
    /// Reports packed.
    pub reports: usize,
    /// Their days.
    pub report_days: usize,
    /// Samples packed.
    pub samples: usize,
    /// Their days.
    pub sample_days: usize,
    /// Archives deleted for their age.
    pub by_age: usize,
    /// Archives deleted for the size of all.
    pub by_size: usize,
    /// Segments of the recording deleted.
    pub recordings: usize,
    /// Runs of jobs deleted.
    pub job_runs: u64,
    /// Rows of vitals deleted.
    pub vitals: u64,
    /// What happened to `trade_history.json`.
    pub export: String,
    /// What happened to the ledger's free pages.
    pub vacuum: String,
    /// Bytes of files less than before; negative where archives are larger than what they replaced.
    pub bytes: i64,
    /// Archives that are not what their checksums say.
    pub damaged: Vec<String>,
    /// Each step, in order.
    pub actions: Vec<String>,
}

/// The state of one run.
struct Performer<'a, 'r> {
    run: &'a Run<'r>,
    connection: &'a Connection,
    interruption: Interruption<'a>,
    freed: &'a mut Freed,
}

/// Everything, in the module's order.
pub(super) fn perform(
    run: &Run<'_>,
    connection: &Connection,
    interruption: Interruption<'_>,
    freed: &mut Freed,
) -> io::Result<()> {
    let mut performer = Performer { run, connection, interruption, freed };
    let listing = Listing::of(run.state_dir)?;
    let mut archives = listing.archives.clone();
    for day in plan::days_to_pack(&listing, &run.limits, run.engine_now) {
        performer.pack_reports(&listing, day, &mut archives)?;
    }
    performer.pack_samples(&mut archives)?;
    performer.delete_archives(&listing, &archives)?;
    performer.delete_recordings()?;
    performer.trim_job_runs()?;
    performer.trim_vitals()?;
    performer.refresh_export()?;
    performer.give_back_pages()
}

impl Performer<'_, '_> {
    /// Announces a step; false where it must not be taken.
    fn step(&mut self, action: String) -> io::Result<bool> {
        if !self.run.dry_run {
            (self.interruption)(&action)?;
        }
        self.freed.actions.push(action);
        Ok(!self.run.dry_run)
    }

    fn pack_reports(
        &mut self,
        listing: &Listing,
        day: Timestamp,
        archives: &mut Vec<Archive>,
    ) -> io::Result<()> {
        let directory = self.run.state_dir.join(hourly_kpi::DIRECTORY);
        let names = listing.reports.get(&day).map(Vec::as_slice).unwrap_or_default();
        let mut entries = Vec::new();
        for (name, _) in names {
            entries.push(Entry { name: name.clone(), contents: fs::read(directory.join(name))? });
        }
        self.store(&format!("kpi-{}", day_text(day)), &entries, archives)?;
        for (name, bytes) in names {
            if self.step(format!("remove {}/{name}", hourly_kpi::DIRECTORY))? {
                fs::remove_file(directory.join(name))?;
            }
            self.freed.bytes += signed(*bytes);
        }
        self.freed.reports += names.len();
        self.freed.report_days += 1;
        if self.run.dry_run { Ok(()) } else { File::open(&directory)?.sync_all() }
    }

    fn pack_samples(&mut self, archives: &mut Vec<Archive>) -> io::Result<()> {
        let limit = self.run.engine_now.us().saturating_sub(self.run.limits.samples_age_us);
        let days = retention::covered_days(self.connection, Timestamp::from_us(limit))
            .map_err(io::Error::other)?;
        for day in days {
            let end = Timestamp::from_us(day.us() + DAY_US);
            let samples = kpi::samples(self.connection, day, end).map_err(io::Error::other)?;
            if samples.is_empty() {
                continue;
            }
            let name = format!("samples-{}", day_text(day));
            let contents = retention::samples_csv(&samples).into_bytes();
            self.store(&name, &[Entry { name: format!("{name}.csv"), contents }], archives)?;
            if self.step(format!("delete {} samples of {}", samples.len(), day_text(day)))? {
                retention::delete_samples(self.connection, day).map_err(io::Error::other)?;
            }
            self.freed.samples += samples.len();
            self.freed.sample_days += 1;
        }
        Ok(())
    }

    /// Makes sure that the entries are in an intact archive of that stem, with number 2, 3, ... where
    /// another one is in the way.
    fn store(
        &mut self,
        stem: &str,
        entries: &[Entry],
        archives: &mut Vec<Archive>,
    ) -> io::Result<()> {
        let directory = self.run.state_dir.join(ARCHIVE_DIRECTORY);
        let mut number = 1;
        let path = loop {
            let name = match number {
                1 => format!("{stem}.tar.gz"),
                number => format!("{stem}-{number}.tar.gz"),
            };
            let path = directory.join(name);
            match Existing::at(&path, entries) {
                Existing::Holds => return Ok(()),
                Existing::Absent | Existing::Unfinished => break path,
                Existing::Other => {}
                Existing::Damaged => self.freed.damaged.push(path.display().to_string()),
            }
            number += 1;
        };
        self.write_archive(&path, entries, archives)
    }

    fn write_archive(
        &mut self,
        path: &Path,
        entries: &[Entry],
        archives: &mut Vec<Archive>,
    ) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let packed = archive::pack(entries)?;
        if self.step(format!("write {ARCHIVE_DIRECTORY}/{name}"))? {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            atomic_file::replace(path, &packed)?;
        }
        if self.step(format!("write {ARCHIVE_DIRECTORY}/{name}.sha256"))? {
            archive::write_checksum(path, &packed)?;
            let written_at = u64::try_from(self.run.wall_now.us()).unwrap_or(0);
            let modified = UNIX_EPOCH + Duration::from_micros(written_at);
            File::options().write(true).open(path)?.set_modified(modified)?;
            if archive::verified(path).as_deref() != Some(entries) {
                return Err(io::Error::other(format!("{name} does not read back as written")));
            }
        }
        let bytes = packed.len() as u64 + archive::checksum(&packed, &name).len() as u64;
        self.freed.bytes -= signed(bytes);
        archives.retain(|archive| archive.name != name);
        archives.push(Archive { name, bytes, at: self.run.wall_now });
        Ok(())
    }

    fn delete_archives(&mut self, listing: &Listing, archives: &[Archive]) -> io::Result<()> {
        let directory = self.run.state_dir.join(ARCHIVE_DIRECTORY);
        let doomed = plan::archives_to_delete(archives, &self.run.limits, self.run.wall_now);
        for (archive, cause) in doomed {
            let path = directory.join(&archive.name);
            if self.step(format!("delete {ARCHIVE_DIRECTORY}/{}", archive.name))? {
                fs::remove_file(&path)?;
                atomic_file::remove_if_there(&archive::checksum_path(&path))?;
            }
            self.freed.bytes += signed(archive.bytes);
            match cause {
                Cause::Age => self.freed.by_age += 1,
                Cause::Size => self.freed.by_size += 1,
            }
        }
        for stray in &listing.stray_checksums {
            let path = directory.join(stray);
            // Packing may have made its archive anew in the meantime.
            let archive = path.with_extension("");
            if !archive.exists() && self.step(format!("delete {ARCHIVE_DIRECTORY}/{stray}"))? {
                atomic_file::remove_if_there(&path)?;
            }
        }
        Ok(())
    }

    /// A running agent compresses its own segments; those of one that is gone are done here.
    fn delete_recordings(&mut self) -> io::Result<()> {
        let Run { state_dir, recordings, wall_now, is_idle, .. } = *self.run;
        let plain = listing::files(state_dir)?.iter().filter(|file| !file.is_packed).count();
        if is_idle && plain > 0 && self.step(format!("compress {plain} segments of {DIRECTORY}"))? {
            pack::pack_all(state_dir, None)?;
        }
        let found = pack::delete(state_dir, &recordings, wall_now, true)?;
        let step = format!("delete {} segments of {DIRECTORY}", found.segments);
        if found.segments > 0 && self.step(step)? {
            pack::delete(state_dir, &recordings, wall_now, false)?;
        }
        self.freed.recordings = found.segments;
        self.freed.bytes += signed(found.bytes);
        Ok(())
    }

    fn trim_job_runs(&mut self) -> io::Result<()> {
        let limit = self.run.wall_now.us().saturating_sub(self.run.limits.job_runs_age_us);
        let before = Timestamp::from_us(limit);
        let old = retention::old_job_runs(self.connection, before).map_err(io::Error::other)?;
        if old > 0 && self.step(format!("delete {old} runs of jobs"))? {
            retention::delete_job_runs(self.connection, before).map_err(io::Error::other)?;
        }
        self.freed.job_runs = old;
        Ok(())
    }

    fn trim_vitals(&mut self) -> io::Result<()> {
        let limit = self.run.wall_now.us().saturating_sub(self.run.limits.vitals_age_us);
        let before = Timestamp::from_us(limit);
        let old = retention::old_vitals(self.connection, before).map_err(io::Error::other)?;
        let Some((before, count)) = old else { return Ok(()) };
        if self.step(format!("delete {count} rows of vitals"))? {
            retention::delete_vitals(self.connection, before).map_err(io::Error::other)?;
        }
        self.freed.vitals = count;
        Ok(())
    }

    fn refresh_export(&mut self) -> io::Result<()> {
        let path = self.run.state_dir.join(export::FILE_NAME);
        if !self.step(format!("write {}", export::FILE_NAME))? {
            "would be written".clone_into(&mut self.freed.export);
            return Ok(());
        }
        let exported = export::export(self.connection, &path, self.run.wall_now)?;
        export::record(self.connection, &exported, self.run.wall_now).map_err(io::Error::other)?;
        self.freed.export = format!("{} orders, {} bytes", exported.records, exported.bytes);
        Ok(())
    }

    fn give_back_pages(&mut self) -> io::Result<()> {
        let space = retention::free_space(self.connection).map_err(io::Error::other)?;
        let needed_us = space.total.saturating_mul(1_000_000) / VACUUM_BYTES_PER_SECOND;
        let budget = u64::try_from(self.run.limits.vacuum_us).unwrap_or(0);
        let why_not = if !self.run.is_idle {
            Some("the agent is running")
        } else if space.free < VACUUM_BYTES_MIN || space.free < space.total / 10 {
            Some("not worth a rewrite")
        } else if needed_us > budget {
            Some("a rewrite would take longer than retention.vacuum_budget")
        } else if free_on_disk(self.run.state_dir)? < 2 * space.total {
            Some("a rewrite needs more free disk")
        } else {
            None
        };
        let free = space.free;
        if let Some(why) = why_not {
            self.freed.vacuum = format!("{free} bytes free inside, kept: {why}");
        } else if self.step(format!("give back {free} bytes of the ledger"))? {
            retention::vacuum(self.connection).map_err(io::Error::other)?;
            self.freed.bytes += signed(free);
            self.freed.vacuum = format!("{free} bytes given back");
        } else {
            self.freed.bytes += signed(free);
            self.freed.vacuum = format!("{free} bytes would be given back");
        }
        Ok(())
    }
}

/// What is where an archive shall be.
enum Existing {
    Absent,
    /// An archive without checksum: a run was interrupted before its reports were removed.
    Unfinished,
    /// Intact, with all the entries.
    Holds,
    /// Intact, without one of them or with other contents.
    Other,
    Damaged,
}

impl Existing {
    fn at(path: &Path, entries: &[Entry]) -> Self {
        if !path.exists() {
            return Self::Absent;
        }
        if !archive::checksum_path(path).exists() {
            // Its reports are only removed after the checksum: if they are all in the new one,
            // nothing in it is the last copy.
            let is_ours = fs::read(path).ok().and_then(|bytes| archive::unpack(&bytes).ok());
            return match is_ours {
                Some(old) if !old.iter().all(|entry| entries.contains(entry)) => Self::Other,
                _ => Self::Unfinished,
            };
        }
        match archive::verified(path) {
            None => Self::Damaged,
            Some(old) if entries.iter().all(|entry| old.contains(entry)) => Self::Holds,
            Some(_) => Self::Other,
        }
    }
}

fn free_on_disk(directory: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(directory)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
