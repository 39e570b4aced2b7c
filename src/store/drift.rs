//! Frozen figures: what somebody called good (`drift_baselines`), and what it was later
//! (`drift_snapshots`); and what else the ledger says about a while.

use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};

use super::run::{cause, meta};
use super::run_cause::RunCause;
use crate::domain::time::Timestamp;

/// Baselines that are kept: far more than a person tells apart.
pub const BASELINES_MAX: i64 = 64;
/// Snapshots that are kept, the newest: three years of one a day.
pub const SNAPSHOTS_MAX: i64 = 1_000;
/// Runs, states and the like that are listed one by one.
const LISTED_MAX: i64 = 20;

/// The columns of a [`Frozen`], in their order.
const FROZEN: &str = "taken_at_us, from_us, to_us, run, version, config_hash, profile, mode, market, \
                      host, boot_id, schema_version, signals";

/// A while, as it was, and what it was on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frozen {
    /// When it was frozen, by the wall.
    pub taken_at: Timestamp,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Which start of the agent.
    pub run: u32,
    /// Version of the program that ran.
    pub version: String,
    /// Hash of the configuration that was in force.
    pub config_hash: String,
    /// How much might be risked; `unknown` where the configuration is another one by now.
    pub profile: String,
    /// `paper` or `live`.
    pub mode: String,
    /// Where market data came from.
    pub market: String,
    /// The machine's name.
    pub host: String,
    /// Which boot of it; `unknown` where the kernel does not say.
    pub boot_id: String,
    /// Version of the ledger's schema.
    pub schema_version: u32,
    /// JSON: statistics by signal.
    pub signals: String,
}

impl Frozen {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let time = |column| row.get(column).map(Timestamp::from_us);
        Ok(Self {
            taken_at: time(0)?,
            from: time(1)?,
            to: time(2)?,
            run: row.get(3)?,
            version: row.get(4)?,
            config_hash: row.get(5)?,
            profile: row.get(6)?,
            mode: row.get(7)?,
            market: row.get(8)?,
            host: row.get(9)?,
            boot_id: row.get(10)?,
            schema_version: row.get(11)?,
            signals: row.get(12)?,
        })
    }

    /// Adds a row with the three columns that are not every frozen while's own, by their names.
    fn insert(
        &self,
        connection: &Connection,
        table: &str,
        own: [(&str, Option<&str>); 3],
    ) -> rusqlite::Result<()> {
        let [first, second, third] = own;
        let insert = format!(
            "INSERT INTO {table} ({FROZEN}, {}, {}, {})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            first.0, second.0, third.0
        );
        let values = params![
            self.taken_at,
            self.from,
            self.to,
            self.run,
            self.version,
            self.config_hash,
            self.profile,
            self.mode,
            self.market,
            self.host,
            self.boot_id,
            self.schema_version,
            self.signals,
            first.1,
            second.1,
            third.1,
        ];
        connection.execute(&insert, values).map(drop)
    }
}

/// What somebody called good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// What it was.
    pub frozen: Frozen,
    /// Who answers for what was deployed then.
    pub owner: Option<String>,
    /// Until when what was deployed can be rolled back.
    pub rollback_until: Option<Timestamp>,
}

/// A while that was compared with a baseline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The baseline's name.
    pub baseline: String,
    /// What it was.
    pub frozen: Frozen,
    /// The judgement.
    pub verdict: String,
    /// The whole comparison: JSON.
    pub comparison: String,
}

/// Why a baseline was not frozen.
#[derive(Debug)]
pub enum KeepError {
    /// One of this name is there, taken then.
    Taken(Timestamp),
    /// There are [`BASELINES_MAX`].
    Full,
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for KeepError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Freezes a baseline. One of the same name is replaced only where that is asked for.
pub fn keep_baseline(
    ledger: &mut Connection,
    baseline: &Baseline,
    replace: bool,
) -> Result<(), KeepError> {
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let query = "SELECT taken_at_us FROM drift_baselines WHERE name = ?1";
    let taken: Option<i64> =
        transaction.query_row(query, [&baseline.name], |row| row.get(0)).optional()?;
    match taken {
        Some(at) if !replace => return Err(KeepError::Taken(Timestamp::from_us(at))),
        Some(_) => {
            let delete = "DELETE FROM drift_baselines WHERE name = ?1";
            transaction.execute(delete, [&baseline.name])?;
        }
        None => {
            let query = "SELECT count(*) FROM drift_baselines";
            let count: i64 = transaction.query_row(query, [], |row| row.get(0))?;
            if count >= BASELINES_MAX {
                return Err(KeepError::Full);
            }
        }
    }
    let own = [("name", Some(baseline.name.as_str())), ("owner", baseline.owner.as_deref())];
    let [name, owner] = own;
    let until = baseline.rollback_until.map(|until| until.us().to_string());
    let until = ("rollback_until_us", until.as_deref());
    baseline.frozen.insert(&transaction, "drift_baselines", [name, owner, until])?;
    Ok(transaction.commit()?)
}

/// Freezes a snapshot; the oldest beyond [`SNAPSHOTS_MAX`] go.
pub fn keep_snapshot(ledger: &mut Connection, snapshot: &Snapshot) -> rusqlite::Result<()> {
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let own = [
        ("baseline", Some(snapshot.baseline.as_str())),
        ("verdict", Some(snapshot.verdict.as_str())),
        ("comparison", Some(snapshot.comparison.as_str())),
    ];
    snapshot.frozen.insert(&transaction, "drift_snapshots", own)?;
    let delete = "DELETE FROM drift_snapshots WHERE snapshot <=
                    (SELECT max(snapshot) FROM drift_snapshots) - ?1";
    transaction.execute(delete, [SNAPSHOTS_MAX])?;
    transaction.commit()
}

/// The baseline of a name, or the one that was frozen last.
pub fn baseline(ledger: &Connection, name: Option<&str>) -> rusqlite::Result<Option<Baseline>> {
    let query = format!(
        "SELECT {FROZEN}, name, owner, rollback_until_us FROM drift_baselines
         WHERE ?1 IS NULL OR name = ?1 ORDER BY taken_at_us DESC LIMIT 1"
    );
    ledger
        .query_row(&query, [name], |row| {
            Ok(Baseline {
                frozen: Frozen::read(row)?,
                name: row.get(13)?,
                owner: row.get(14)?,
                rollback_until: row.get::<_, Option<i64>>(15)?.map(Timestamp::from_us),
            })
        })
        .optional()
}

/// The names of all baselines.
pub fn names(ledger: &Connection) -> rusqlite::Result<Vec<String>> {
    let query = "SELECT name FROM drift_baselines ORDER BY name";
    ledger.prepare(query)?.query_map([], |row| row.get(0))?.collect()
}

/// When snapshots against a baseline were frozen, and what they were judged to be, oldest first.
pub fn snapshots(
    ledger: &Connection,
    baseline: &Baseline,
) -> rusqlite::Result<Vec<(Timestamp, String)>> {
    let query = "SELECT taken_at_us, verdict FROM drift_snapshots
                 WHERE baseline = ?1 AND from_us >= ?2 ORDER BY snapshot";
    ledger
        .prepare(query)?
        .query_map(params![baseline.name, baseline.frozen.to], |row| {
            Ok((Timestamp::from_us(row.get(0)?), row.get(1)?))
        })?
        .collect()
}

/// A start of the agent, as `runs` has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunFacts {
    /// Which.
    pub run: u32,
    /// Version of the program.
    pub version: String,
    /// Where market data comes from.
    pub market: String,
    /// Hash of the effective configuration.
    pub config_hash: String,
    /// When it was ready, by the wall.
    pub ready_at: Option<Timestamp>,
    /// The engine's clock is the wall's.
    pub is_wall: bool,
}

/// A run.
pub fn run(ledger: &Connection, run: u32) -> rusqlite::Result<Option<RunFacts>> {
    let query = "SELECT run, version, market, config_hash, ready_at_us, clock = 'wall' FROM runs
                 WHERE run = ?1";
    ledger
        .query_row(query, [run], |row| {
            Ok(RunFacts {
                run: row.get(0)?,
                version: row.get(1)?,
                market: row.get(2)?,
                config_hash: row.get(3)?,
                ready_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_us),
                is_wall: row.get(5)?,
            })
        })
        .optional()
}

/// The ledger's mode, and the version of its schema.
pub fn identity(ledger: &Connection) -> rusqlite::Result<(String, u32)> {
    let mode = meta(ledger, "mode")?.unwrap_or_else(|| "unknown".to_owned());
    Ok((mode, ledger.pragma_query_value(None, "user_version", |row| row.get(0))?))
}

/// When a run began, and how the one before it ended, as far as anybody knows.
pub type Start = (Timestamp, Option<RunCause>);

/// Starts since a run, and how the run before each ended, as far as anybody knows; the first few.
pub fn restarts(ledger: &Connection, since: u32) -> rusqlite::Result<(u64, Vec<Start>)> {
    let query = "SELECT count(*) FROM runs WHERE run > ?1";
    let count: i64 = ledger.query_row(query, [since], |row| row.get(0))?;
    let query =
        "SELECT started_at_us, (SELECT cause FROM runs AS before WHERE before.run = runs.run - 1)
                 FROM runs WHERE run > ?1 ORDER BY run LIMIT ?2";
    let listed = ledger
        .prepare(query)?
        .query_map(params![since, LISTED_MAX], |row| {
            Ok((Timestamp::from_us(row.get(0)?), cause(row, 1)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok((u64::try_from(count).unwrap_or(0), listed))
}

/// Deliveries of notifications that ended in a while: delivered, and given up.
pub fn deliveries(
    ledger: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<(u64, u64)> {
    let query = "SELECT coalesce(sum(status = 'delivered'), 0), coalesce(sum(status = 'dead'), 0)
                 FROM notification_deliveries WHERE settled_at_us > ?1 AND settled_at_us <= ?2";
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    ledger.query_row(query, params![from, to], |row| Ok((count(row.get(0)?), count(row.get(1)?))))
}

/// The runs of one job in a while.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct JobFacts {
    /// Its name.
    pub job: String,
    /// How often it ran.
    pub runs: u64,
    /// Of those, the critical ones.
    pub critical: u64,
    /// What all of them took, in microseconds.
    pub took_us: u64,
}

/// The jobs that ran in a while.
pub fn jobs(
    ledger: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<JobFacts>> {
    let query = "SELECT job, count(*), sum(severity = 'CRITICAL'), sum(ended_at_us - started_at_us)
                 FROM job_runs WHERE ended_at_us > ?1 AND ended_at_us <= ?2 GROUP BY job ORDER BY job";
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    ledger
        .prepare(query)?
        .query_map(params![from, to], |row| {
            Ok(JobFacts {
                job: row.get(0)?,
                runs: count(row.get(1)?),
                critical: count(row.get(2)?),
                took_us: count(row.get(3)?),
            })
        })?
        .collect()
}

/// Changes of the state into a latched one, by the engine's clock, newest first: when, into which, for
/// which hold.
pub fn stops(
    ledger: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<(Timestamp, String, String)>> {
    let query = "SELECT at_us, to_state, code FROM transitions
                 WHERE to_state IN ('hard_stop', 'kill_switch') AND at_us > ?1 AND at_us <= ?2
                 ORDER BY transition DESC LIMIT ?3";
    ledger
        .prepare(query)?
        .query_map(params![from, to, LISTED_MAX], |row| {
            Ok((Timestamp::from_us(row.get(0)?), row.get(1)?, row.get(2)?))
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    fn baseline_of(name: &str, at: i64) -> Baseline {
        let word = |text: &str| text.to_owned();
        Baseline {
            name: word(name),
            frozen: Frozen {
                taken_at: Timestamp::from_us(at),
                from: Timestamp::from_us(at - 10),
                to: Timestamp::from_us(at - 1),
                run: 2,
                version: word("0.1.0"),
                config_hash: word("abc"),
                profile: word("dev"),
                mode: word("paper"),
                market: word("synthetic"),
                host: word("here"),
                boot_id: word("unknown"),
                schema_version: 7,
                signals: word("{}"),
            },
            owner: Some(word("me")),
            rollback_until: Some(Timestamp::from_us(99)),
        }
    }

    #[test]
    fn a_name_is_frozen_once_unless_it_is_to_be_replaced_and_the_newest_is_found() {
        let mut ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        assert_eq!(baseline(&ledger, None).unwrap(), None);
        let (first, other) = (baseline_of("t0", 100), baseline_of("t1", 200));
        keep_baseline(&mut ledger, &first, false).unwrap();
        keep_baseline(&mut ledger, &other, false).unwrap();
        let again = keep_baseline(&mut ledger, &baseline_of("t0", 300), false);
        assert!(matches!(again, Err(KeepError::Taken(at)) if at.us() == 100), "{again:?}");
        assert_eq!(baseline(&ledger, Some("t0")).unwrap(), Some(first));
        assert_eq!(baseline(&ledger, None).unwrap(), Some(other));
        keep_baseline(&mut ledger, &baseline_of("t0", 300), true).unwrap();
        assert_eq!(baseline(&ledger, None).unwrap(), Some(baseline_of("t0", 300)));
        assert_eq!(baseline(&ledger, Some("t2")).unwrap(), None);
        assert_eq!(names(&ledger).unwrap(), ["t0", "t1"]);
        for number in 2..BASELINES_MAX {
            keep_baseline(&mut ledger, &baseline_of(&format!("b{number}"), number), false).unwrap();
        }
        let full = keep_baseline(&mut ledger, &baseline_of("more", 1), false);
        assert!(matches!(full, Err(KeepError::Full)), "{full:?}");
    }

    #[test]
    fn the_newest_snapshots_are_kept() {
        let mut ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        let baseline = baseline_of("t0", 100);
        let of = |at: i64| Snapshot {
            baseline: "t0".to_owned(),
            frozen: Frozen { from: Timestamp::from_us(99), ..baseline_of("", at).frozen },
            verdict: "PASS".to_owned(),
            comparison: "{}".to_owned(),
        };
        for at in 0..SNAPSHOTS_MAX + 5 {
            keep_snapshot(&mut ledger, &of(at)).unwrap();
        }
        let kept = snapshots(&ledger, &baseline).unwrap();
        assert_eq!(kept.len(), 1_000);
        assert_eq!(kept.first().unwrap(), &(Timestamp::from_us(5), "PASS".to_owned()));
    }
}
