//! `hourly-kpi`: one report per closed UTC hour, in `kpi_hourly` and as files.
//!
//! Hours missed while the machine was off are filled, oldest first, at most [`BACKFILL_MAX`] a run.
//! A reported hour is never changed by a run: made again (`--hour`) and found different it is a
//! finding, unless it is asked for (`recompute`). Files come before the row, both atomically: a crash
//! in between makes the hour again, with the same bytes.
//!
//! **Clock**: the wall; for a ledger whose latest run was on a virtual clock, that clock.
//! **Cost**: the fills of one hour, the samples of 24, by index.

pub mod flow;
pub mod kpi;
pub mod markdown;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use super::report::{Check, Report, Severity};
use crate::domain::time::{HOUR_US, Timestamp};
use crate::durable::atomic_file;
use crate::store::imported_trade;
use crate::store::kpi as rows;
use flow::Flow;
use kpi::{Gathered, Kpi, Moment};

/// The job's name.
pub const JOB: &str = "hourly-kpi";
/// Hours reported in one run unless told otherwise: a week.
pub const BACKFILL_MAX: u32 = 168;
/// The directory of the reports in the state directory.
pub const DIRECTORY: &str = "kpi_reports";
/// Hours of a day before the reported one.
const EARLIER_HOURS: i64 = 23;

/// What to report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Only this hour, again if it was reported; otherwise all missing ones.
    pub hour: Option<Timestamp>,
    /// Replace a report that would be different now.
    pub recompute: bool,
    /// Count imported trades too. Such a report is shown, not stored: they are not ours.
    pub include_imported: bool,
    /// Hours at most.
    pub backfill_max: u32,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { hour: None, recompute: false, include_imported: false, backfill_max: BACKFILL_MAX }
    }
}

/// What a run did.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// For `job_runs` and the reader.
    pub report: Report,
    /// The last hour's record: JSON, and Markdown.
    pub last: Option<(String, String)>,
}

/// Why a run stopped.
#[derive(Debug)]
pub enum KpiError {
    /// The ledger refused.
    Ledger(rusqlite::Error),
    /// A report cannot be written.
    File(PathBuf, io::Error),
}

impl std::fmt::Display for KpiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ledger(error) => write!(f, "ledger: {error}"),
            Self::File(path, error) => {
                write!(f, "{}: {error}; free space or fix its owner", path.display())
            }
        }
    }
}

impl std::error::Error for KpiError {}

impl From<rusqlite::Error> for KpiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error)
    }
}

/// Reports what is missing, or the wanted hour.
pub fn run(
    state_dir: &Path,
    connection: &Connection,
    wanted: &Wanted,
    wall_now: Timestamp,
) -> Result<Outcome, KpiError> {
    let now = rows::virtual_now(connection)?.unwrap_or(wall_now);
    let mut outcome = Outcome { report: Report::new(JOB, wall_now, Vec::new()), last: None };
    let hours = match wanted.hour {
        Some(hour) => vec![hour.hour()],
        None => missing(connection, now)?,
    };
    let limit = usize::try_from(wanted.backfill_max).unwrap_or(usize::MAX);
    let left = hours.len().saturating_sub(limit);
    let mut reported: Vec<String> = Vec::new();
    for hour in hours.into_iter().take(limit) {
        if now.us() < hour.us() + HOUR_US {
            let check = Check::new("hour_closed", Severity::Insufficient, hour.to_string())
                .because("the hour is not over yet: ask for an earlier one");
            outcome.report.checks.push(check);
            continue;
        }
        report_hour(state_dir, connection, wanted, (hour, now), &mut outcome)?;
        reported.push(hour.to_string());
    }
    judge_hours(&mut outcome.report, &reported, left, wanted.hour.is_some());
    Ok(outcome)
}

/// The closed hours that were not reported, oldest first; none on a ledger where nothing happened.
fn missing(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Timestamp>> {
    let next = match rows::last_hour(connection)? {
        Some(last) => last.us() + HOUR_US,
        None => match rows::first_activity(connection)? {
            Some(first) => first.hour().us(),
            None => return Ok(Vec::new()),
        },
    };
    let hours = (next..now.hour().us()).step_by(usize::try_from(HOUR_US).unwrap_or(usize::MAX));
    Ok(hours.map(Timestamp::from_us).collect())
}

fn judge_hours(report: &mut Report, reported: &[String], left: usize, is_single: bool) {
    report.facts.insert("hours".to_owned(), json!(reported));
    report.facts.insert("hours_left".to_owned(), json!(left));
    if left > 0 {
        let check = Check::new("hours_left", Severity::Degraded, left.to_string())
            .against("0")
            .because("more hours were missed than one run fills: the next runs go on");
        report.checks.push(check);
    }
    if !is_single {
        let value = match reported {
            [] => "none missing".to_owned(),
            [only] => only.clone(),
            [first, .., last] => format!("{} from {first} to {last}", reported.len()),
        };
        report.checks.push(Check::new("hours_reported", Severity::Ok, value));
    }
}

fn report_hour(
    state_dir: &Path,
    connection: &Connection,
    wanted: &Wanted,
    (hour, now): (Timestamp, Timestamp),
    outcome: &mut Outcome,
) -> Result<(), KpiError> {
    let stored = rows::body(connection, hour)?;
    let moment = match &stored {
        Some(body) => Stored::read(body).map(|stored| stored.moment).unwrap_or_default(),
        None => moment_of(connection, hour, now)?,
    };
    let gathered = gather(connection, hour, moment, wanted.include_imported)?;
    let kpi = Kpi::of(&gathered);
    let fresh = serde_json::to_string(&kpi).unwrap_or_default();
    let markdown = markdown::render(&kpi);
    let is_new = stored.is_none();
    let differs = stored.is_some_and(|body| body != fresh);
    if wanted.include_imported {
        let value = format!("{hour}, shown, not stored");
        outcome.report.checks.push(Check::new("imported_included", Severity::Ok, value));
    } else if differs && !wanted.recompute {
        let check = Check::new("hour_unchanged", Severity::Degraded, hour.to_string())
            .because("the ledger gives another report now; --recompute replaces the stored one");
        outcome.report.checks.push(check);
    } else {
        write_files(state_dir, hour, &fresh, &markdown)?;
        if is_new || differs {
            rows::put(connection, hour, &fresh, now)?;
        }
        if wanted.hour.is_some() {
            let verdict = if is_new {
                "new"
            } else if differs {
                "replaced"
            } else {
                "unchanged"
            };
            let value = format!("{hour} {verdict}");
            outcome.report.checks.push(Check::new("hour_reported", Severity::Ok, value));
        }
    }
    outcome.last = Some((fresh, markdown));
    Ok(())
}

/// What only now shows, where the hour ended within the last one.
fn moment_of(connection: &Connection, hour: Timestamp, now: Timestamp) -> rusqlite::Result<Moment> {
    let end = Timestamp::from_us(hour.us() + HOUR_US);
    if now.us_since(end) >= HOUR_US {
        return Ok(Moment::default());
    }
    Ok(Moment::of(&rows::open_positions(connection)?, rows::refusals(connection, hour)?, end))
}

fn gather(
    connection: &Connection,
    hour: Timestamp,
    moment: Moment,
    with_imported: bool,
) -> rusqlite::Result<Gathered> {
    let end = Timestamp::from_us(hour.us() + HOUR_US);
    let fills = fills_of(connection, hour, with_imported)?;
    let hour_flow = flow_of(connection, hour, &fills)?;
    let mut day_flow = hour_flow;
    for earlier in (1..=EARLIER_HOURS).map(|hours| Timestamp::from_us(hour.us() - hours * HOUR_US))
    {
        let known = if with_imported { None } else { rows::body(connection, earlier)? };
        day_flow += match known.and_then(|body| Stored::read(&body)) {
            Some(stored) => stored.exact,
            None => {
                let fills = fills_of(connection, earlier, with_imported)?;
                flow_of(connection, earlier, &fills)?
            }
        };
    }
    let by_symbol = flow::by_symbol(&fills, hour, end);
    let samples = rows::samples(connection, Kpi::day_start(hour), end)?;
    Ok(Gathered { hour, hour_flow, day_flow, by_symbol, samples, moment })
}

fn fills_of(
    connection: &Connection,
    hour: Timestamp,
    with_imported: bool,
) -> rusqlite::Result<Vec<rows::FillRow>> {
    let end = Timestamp::from_us(hour.us() + HOUR_US);
    let mut fills = rows::fills(connection, hour, end)?;
    if with_imported {
        let imported = imported_trade::between(connection, hour, end)?;
        fills.extend(imported.iter().map(flow::of_imported));
    }
    Ok(fills)
}

fn flow_of(
    connection: &Connection,
    hour: Timestamp,
    fills: &[rows::FillRow],
) -> rusqlite::Result<Flow> {
    let end = Timestamp::from_us(hour.us() + HOUR_US);
    let mut flow = Flow::over(fills, hour, end);
    (flow.canceled, flow.stale_buys) = rows::canceled(connection, hour, end)?;
    Ok(flow)
}

/// What is read back of a stored record.
#[derive(Deserialize)]
struct Stored {
    exact: Flow,
    moment: Moment,
}

impl Stored {
    /// `None` for the record of another version: the hour is then added up from its fills.
    fn read(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }
}

/// A report's path without its extension.
pub fn report_path(state_dir: &Path, hour: Timestamp) -> PathBuf {
    // 2026-02-19T20:00:00Z -> kpi-20260219T20
    let text = hour.to_string();
    let digits: String = text.chars().take(13).filter(|character| *character != '-').collect();
    state_dir.join(DIRECTORY).join(format!("kpi-{digits}"))
}

fn write_files(
    state_dir: &Path,
    hour: Timestamp,
    body: &str,
    markdown: &str,
) -> Result<(), KpiError> {
    let path = report_path(state_dir, hour);
    let write = |extension: &str, text: &str| {
        let path = path.with_extension(extension);
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        atomic_file::replace(&path, text.as_bytes()).map_err(|error| KpiError::File(path, error))
    };
    let directory = state_dir.join(DIRECTORY);
    fs::create_dir_all(&directory).map_err(|error| KpiError::File(directory, error))?;
    write("json", &format!("{body}\n"))?;
    write("md", markdown)
}

#[cfg(test)]
mod tests;
