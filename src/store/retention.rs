//! What leaves the ledger with age, and pages given back to the disk.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::kpi::SampleRow;
use crate::domain::time::{DAY_US, HOUR_US, Timestamp};

/// Rows deleted in one transaction: a few milliseconds, so that the agent never waits long.
const ROWS_PER_TRANSACTION: i64 = 2_000;
/// Rows of vitals that are kept, whatever their age: two months of one a minute, some 20 MB.
pub const VITALS_MAX: i64 = 90_000;

/// Days of samples that are wholly before `before`, oldest first, and covered: each of their hours
/// with samples has a report.
pub fn covered_days(
    connection: &Connection,
    before: Timestamp,
) -> rusqlite::Result<Vec<Timestamp>> {
    let oldest: Option<i64> =
        connection.query_row("SELECT min(at_us) FROM samples", [], |row| row.get(0))?;
    let Some(oldest) = oldest else { return Ok(Vec::new()) };
    let mut uncovered = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM samples WHERE at_us >= ?1 AND at_us < ?1 + ?2)
            AND NOT EXISTS (SELECT 1 FROM kpi_hourly WHERE hour_us = ?1)",
    )?;
    let mut days = Vec::new();
    let mut day = Timestamp::from_us(oldest).day().us();
    while day + DAY_US <= before.us() {
        for hour in (0..24).map(|hour| day + hour * HOUR_US) {
            let is_uncovered: bool = uncovered.query_row([hour, HOUR_US], |row| row.get(0))?;
            if is_uncovered {
                return Ok(days);
            }
        }
        days.push(Timestamp::from_us(day));
        day += DAY_US;
    }
    Ok(days)
}

/// Samples as they go into an archive: CSV with a header.
pub fn samples_csv(samples: &[SampleRow]) -> String {
    let header = "at,equity,cash_available,exposure,unrealized,positions,open_buy_orders,\
                  open_sell_orders,complete\n";
    let lines = samples.iter().map(|sample| {
        format!(
            "{},{},{},{},{},{},{},{},{}\n",
            sample.at,
            sample.equity,
            sample.cash_available,
            sample.exposure,
            sample.unrealized,
            sample.positions,
            sample.open_buy_orders,
            sample.open_sell_orders,
            u8::from(sample.is_complete),
        )
    });
    std::iter::once(header.to_owned()).chain(lines).collect()
}

/// Deletes the samples of a day in short transactions.
pub fn delete_samples(connection: &Connection, day: Timestamp) -> rusqlite::Result<u64> {
    in_portions(
        connection,
        "DELETE FROM samples WHERE at_us IN
           (SELECT at_us FROM samples WHERE at_us >= ?1 AND at_us < ?2 LIMIT ?3)",
        (day.us(), day.us() + DAY_US),
    )
}

/// Runs of jobs that ended before `before`; each job's newest run is not among them.
pub fn old_job_runs(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row(
        "SELECT count(*) FROM job_runs WHERE ended_at_us < ?1
            AND job_run NOT IN (SELECT max(job_run) FROM job_runs GROUP BY job)",
        [before.us()],
        |row| row.get(0),
    )?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Deletes what [`old_job_runs`] counts.
pub fn delete_job_runs(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    in_portions(
        connection,
        "DELETE FROM job_runs WHERE job_run IN
           (SELECT job_run FROM job_runs WHERE ended_at_us >= ?1 AND ended_at_us < ?2
              AND job_run NOT IN (SELECT max(job_run) FROM job_runs GROUP BY job) LIMIT ?3)",
        (i64::MIN, before.us()),
    )
}

/// The rows of vitals from before an instant, and the oldest beyond [`VITALS_MAX`]: before when all of them
/// are, and how many; none where there is none.
pub fn old_vitals(
    connection: &Connection,
    before: Timestamp,
) -> rusqlite::Result<Option<(Timestamp, u64)>> {
    let beyond = "SELECT at_us FROM vitals ORDER BY at_us DESC LIMIT 1 OFFSET ?1";
    let beyond: Option<i64> =
        connection.query_row(beyond, [VITALS_MAX], |row| row.get(0)).optional()?;
    let end = before.us().max(beyond.map_or(i64::MIN, |at| at.saturating_add(1)));
    let query = "SELECT count(*) FROM vitals WHERE at_us < ?1";
    let count: i64 = connection.query_row(query, [end], |row| row.get(0))?;
    let count = u64::try_from(count).unwrap_or(0);
    Ok((count > 0).then_some((Timestamp::from_us(end), count)))
}

/// Deletes the rows of vitals before an instant.
pub fn delete_vitals(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    in_portions(
        connection,
        "DELETE FROM vitals WHERE at_us IN
           (SELECT at_us FROM vitals WHERE at_us >= ?1 AND at_us < ?2 LIMIT ?3)",
        (i64::MIN, before.us()),
    )
}

fn in_portions(
    connection: &Connection,
    query: &str,
    (from, to): (i64, i64),
) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(query)?;
    let mut total = 0;
    loop {
        let deleted = statement.execute(params![from, to, ROWS_PER_TRANSACTION])?;
        if deleted == 0 {
            return Ok(total);
        }
        total += deleted as u64;
    }
}

/// How much of the file holds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FreeSpace {
    /// Size of the database in bytes.
    pub total: u64,
    /// Bytes in free pages.
    pub free: u64,
}

/// Looks at the free pages.
pub fn free_space(connection: &Connection) -> rusqlite::Result<FreeSpace> {
    let read = |pragma: &str| -> rusqlite::Result<u64> {
        let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
        Ok(u64::try_from(value).unwrap_or(0))
    };
    let page = read("page_size")?;
    Ok(FreeSpace { total: read("page_count")? * page, free: read("freelist_count")? * page })
}

/// Rewrites the file without its free pages and empties the WAL. Needs the file for itself.
pub fn vacuum(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("VACUUM")?;
    truncate_wal(connection)
}

/// Writes the WAL back and truncates it. Without effect beside a busy reader.
pub fn truncate_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    #[test]
    fn vitals_are_bounded_by_age_and_by_number() {
        let ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        let at = Timestamp::from_us;
        assert_eq!(old_vitals(&ledger, at(100)).unwrap(), None);
        let fill =
            "WITH RECURSIVE row (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM row WHERE at < ?1)
                    INSERT INTO vitals (at_us, run, interval_us) SELECT at, 1, 1 FROM row";
        ledger.execute(fill, [VITALS_MAX + 5]).unwrap();
        assert_eq!(old_vitals(&ledger, at(1)).unwrap(), Some((at(6), 5)), "five too many");
        assert_eq!(old_vitals(&ledger, at(100)).unwrap(), Some((at(100), 99)), "too old");
        assert_eq!(delete_vitals(&ledger, at(6)).unwrap(), 5);
        assert_eq!(old_vitals(&ledger, at(6)).unwrap(), None);
        assert_eq!(delete_vitals(&ledger, at(5_000)).unwrap(), 4_994, "in portions");
    }
}
