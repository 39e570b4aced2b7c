//! Runs: one row per start of the agent, and what the earlier ones say about this one.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::row::put_meta;
use super::run_cause::RunCause;
use crate::domain::time::Timestamp;

/// A run that worked this long after READY counts as stable: it ends a streak of crashes.
pub const STABLE_US: i64 = 15 * 60 * 1_000_000;
/// Runs looked back at for the streak; beyond it the answer is the same.
const STREAK_MAX: i64 = 64;

/// More unclean runs in a row than this stop trading until an operator resumes (seed 001).
pub const CRASH_STREAK_MAX: u32 = 10;

/// What a start of the agent is about.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// `paper` or `live`.
    pub mode: &'a str,
    /// Name of this agent: the prefix of its client order ids.
    pub instance: &'a str,
    /// `wall` or `virtual`.
    pub clock: &'a str,
    /// Where market data comes from.
    pub market: &'a str,
    /// Hash of the effective configuration.
    pub config_hash: &'a str,
    /// Where the fees come from: `api:...`, `project:...` or `manual:...`.
    pub fee_source: &'a str,
    /// When, by the wall.
    pub started_at: Timestamp,
}

impl<'a> NewRun<'a> {
    /// What a ledger belongs to, by the keys of `meta`.
    fn identity(&self) -> [(&'static str, &'a str); 2] {
        [("mode", self.mode), ("instance", self.instance)]
    }
}

/// A begun run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// 1 for the first start on this ledger.
    pub number: u32,
    /// How many runs before this one, in a row, ended uncleanly and were not stable.
    pub unclean_streak: u32,
    /// How the newest of those ended, where somebody knows.
    pub unclean_cause: Option<RunCause>,
    /// The engine's clock at the last sign of life of the run before.
    pub last_engine_at: Option<Timestamp>,
    /// The stamp of the run before.
    last_stamp: u64,
}

impl Run {
    /// The stamp of this run, which starts at `now` by the engine's clock: the second of it, or one more
    /// than the last where that is not later. It is in every client order id: with it a ledger that was
    /// lost, or restored from an old backup, gives no id again.
    pub fn stamp(&self, now: Timestamp) -> u64 {
        u64::try_from(now.us() / 1_000_000).unwrap_or(0).max(self.last_stamp + 1)
    }
}

/// A change of the agent's own row in `runs`. Wall-clock times, outside the hash chain.
#[derive(Clone, Debug)]
pub struct RunUpdate {
    /// Which start of the agent.
    pub run: u32,
    /// Reconciled and trading since.
    pub ready_at: Option<Timestamp>,
    /// The loop turned, with fresh data and a writable ledger.
    pub progress: Option<Progress>,
    /// Over, and why.
    pub ended: Option<RunEnd>,
}

/// How a run ended, as it says itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunEnd {
    /// When, by the wall.
    pub at: Timestamp,
    /// In one word.
    pub cause: RunCause,
    /// In its own words.
    pub words: String,
}

impl RunUpdate {
    /// This change, then a later one of the same run.
    pub fn then(self, later: Self) -> Self {
        Self {
            run: later.run,
            ready_at: later.ready_at.or(self.ready_at),
            progress: later.progress.or(self.progress),
            ended: later.ended.or(self.ended),
        }
    }
}

/// Proof of work: when, by the wall, the engine's clock and the market.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Wall clock.
    pub wall_at: Timestamp,
    /// The engine's clock.
    pub engine_at: Timestamp,
    /// Newest market data, by the engine's clock.
    pub data_at: Timestamp,
}

/// Why a run cannot begin on this ledger.
#[derive(Debug)]
pub enum BeginError {
    /// The ledger belongs to the other mode, or another instance.
    Other {
        /// `mode` or `instance`.
        what: &'static str,
        /// The ledger's.
        ledger: String,
        /// The configured one.
        configured: String,
    },
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for BeginError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// What [`begin`] will answer, without a change: a start that is refused for another reason leaves
/// no run behind that would look like a crash.
pub fn foresee(connection: &Connection, new: &NewRun<'_>) -> Result<Run, BeginError> {
    for (what, configured) in new.identity() {
        if let Some(ledger) = meta(connection, what)?.filter(|ledger| ledger != configured) {
            return Err(BeginError::Other { what, ledger, configured: configured.to_owned() });
        }
    }
    let query = "SELECT coalesce(max(run), 0) + 1 FROM runs";
    let number = connection.query_row(query, [], |row| row.get(0))?;
    let query = "SELECT coalesce(max(stamp), 0) FROM runs";
    let last_stamp: i64 = connection.query_row(query, [], |row| row.get(0))?;
    let LookBack { unclean_streak, unclean_cause, last_engine_at } = look_back(connection, 0)?;
    let last_stamp = u64::try_from(last_stamp).unwrap_or(0);
    Ok(Run { number, unclean_streak, unclean_cause, last_engine_at, last_stamp })
}

/// Adds the row of a new run, with its stamp.
pub fn begin(connection: &mut Connection, new: &NewRun<'_>, stamp: u64) -> Result<Run, BeginError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let run = foresee(&transaction, new)?;
    for (what, configured) in new.identity() {
        put_meta(&transaction, what, configured)?;
    }
    // Nobody knows more of them, nor will.
    explain_in(&transaction, Unexplained::All, RunCause::Crash)?;
    transaction.execute(
        "INSERT INTO runs (run, version, clock, market, config_hash, pid, started_at_us, stamp,
            fee_source)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            run.number,
            env!("CARGO_PKG_VERSION"),
            new.clock,
            new.market,
            new.config_hash,
            std::process::id(),
            new.started_at,
            i64::try_from(stamp).unwrap_or(i64::MAX),
            new.fee_source,
        ],
    )?;
    transaction.commit()?;
    Ok(run)
}

/// Runs that ended without a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unexplained {
    /// Of all runs.
    All,
    /// Only the newest run, if it is one.
    Newest,
}

/// Writes down how runs ended of which it is not known. Returns the newest that was one of them.
pub fn explain(
    connection: &mut Connection,
    which: Unexplained,
    cause: RunCause,
) -> rusqlite::Result<Option<u32>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let explained = explain_in(&transaction, which, cause)?;
    transaction.commit()?;
    Ok(explained)
}

fn explain_in(
    transaction: &Connection,
    which: Unexplained,
    cause: RunCause,
) -> rusqlite::Result<Option<u32>> {
    let since = match which {
        Unexplained::All => "0",
        Unexplained::Newest => "(SELECT max(run) FROM runs)",
    };
    let wanted = format!("ended_at_us IS NULL AND cause IS NULL AND run >= {since}");
    let newest = format!("SELECT max(run) FROM runs WHERE {wanted}");
    let newest = transaction.query_row(&newest, [], |row| row.get(0))?;
    let update = format!("UPDATE runs SET cause = ?1 WHERE {wanted}");
    transaction.execute(&update, [cause.as_str()])?;
    Ok(newest)
}

/// The cause in a column; none where it is none that this version knows.
pub fn cause(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<RunCause>> {
    let word: Option<String> = row.get(column)?;
    Ok(word.and_then(|word| word.parse().ok()))
}

/// Reads a row of `meta`.
pub fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

/// The hash of the configuration of the newest run.
pub fn newest_config_hash(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let query = "SELECT config_hash FROM runs ORDER BY run DESC LIMIT 1";
    connection.query_row(query, [], |row| row.get(0)).optional()
}

/// How many runs in a row ended uncleanly and were not stable, up to the newest, or with `running` up to
/// the one before it.
pub fn unclean_streak(connection: &Connection, running: bool) -> rusqlite::Result<u32> {
    Ok(look_back(connection, u8::from(running))?.unclean_streak)
}

/// What the earlier runs say.
struct LookBack {
    unclean_streak: u32,
    unclean_cause: Option<RunCause>,
    last_engine_at: Option<Timestamp>,
}

/// The streak of unclean runs up to the newest but `newer`, how that one ended, and its engine's clock.
fn look_back(connection: &Connection, newer: u8) -> rusqlite::Result<LookBack> {
    let mut statement = connection.prepare(
        "SELECT ended_at_us, ready_at_us, progress_at_us, engine_at_us, cause FROM runs
         ORDER BY run DESC LIMIT ?1 OFFSET ?2",
    )?;
    let runs: Vec<(bool, Option<i64>, Option<RunCause>)> = statement
        .query_map(params![STREAK_MAX, newer], |row| {
            Ok((is_unclean(row)?, row.get(3)?, cause(row, 4)?))
        })?
        .collect::<Result<_, _>>()?;
    let streak = runs.iter().take_while(|(unclean, ..)| *unclean).count();
    let engine_at = runs.iter().find_map(|(_, engine_at, _)| *engine_at);
    Ok(LookBack {
        unclean_streak: u32::try_from(streak).unwrap_or(u32::MAX),
        unclean_cause: runs.first().filter(|(unclean, ..)| *unclean).and_then(|(.., it)| *it),
        last_engine_at: engine_at.map(Timestamp::from_us),
    })
}

fn is_unclean(row: &Row<'_>) -> rusqlite::Result<bool> {
    let ended: Option<i64> = row.get(0)?;
    let (ready, progress): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
    let stable =
        matches!((ready, progress), (Some(ready), Some(progress)) if progress - ready >= STABLE_US);
    Ok(ended.is_none() && !stable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    fn new_run() -> NewRun<'static> {
        NewRun {
            mode: "paper",
            instance: "ibis",
            clock: "virtual",
            market: "synthetic",
            config_hash: "",
            fee_source: "project:fee_classes",
            started_at: Timestamp::from_us(1),
        }
    }

    #[test]
    fn a_stamp_is_the_second_of_the_start_and_never_given_twice() {
        let run = |last_stamp| Run {
            number: 2,
            unclean_streak: 0,
            unclean_cause: None,
            last_engine_at: None,
            last_stamp,
        };
        let now = Timestamp::from_ms(1_767_225_600_999);
        assert_eq!(run(0).stamp(now), 1_767_225_600);
        assert_eq!(run(1_767_225_600).stamp(now), 1_767_225_601);
        assert_eq!(run(1_800_000_000).stamp(now), 1_800_000_001, "a clock that was set back");
    }

    #[test]
    fn counts_crashes_in_a_row_and_refuses_the_other_mode() {
        let directory = std::env::temp_dir().join(format!("ibis-run-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("ibis.db");
        drop(std::fs::remove_file(&path));
        let mut connection = LEDGER.open_writer(&path).unwrap();
        let streak =
            |connection: &mut Connection| begin(connection, &new_run(), 1).unwrap().unclean_streak;
        assert_eq!(streak(&mut connection), 0);
        assert_eq!(streak(&mut connection), 1);
        assert_eq!(streak(&mut connection), 2);
        let looked = [false, true].map(|running| unclean_streak(&connection, running).unwrap());
        assert_eq!(looked, [3, 2]);
        let causes = "SELECT group_concat(coalesce(cause, '-')) FROM runs";
        let causes: String = connection.query_row(causes, [], |row| row.get(0)).unwrap();
        assert_eq!(causes, "crash,crash,-", "the newest may still run");
        connection.execute("UPDATE runs SET ended_at_us = 5 WHERE run = 3", []).unwrap();
        assert_eq!(streak(&mut connection), 0);
        assert_eq!(streak(&mut connection), 1);
        let stable = "UPDATE runs SET ready_at_us = 0, progress_at_us = ?1 WHERE run = 5";
        connection.execute(stable, [15 * 60 * 1_000_000 - 1]).unwrap();
        assert_eq!(unclean_streak(&connection, false).unwrap(), 2, "not for long enough");
        connection.execute(stable, [15 * 60 * 1_000_000]).unwrap();
        assert_eq!(streak(&mut connection), 0);
        let live = NewRun { mode: "live", ..new_run() };
        assert!(matches!(
            begin(&mut connection, &live, 1),
            Err(BeginError::Other { what: "mode", .. })
        ));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
