//! The `vitals` table: what the agent's process cost and what went wrong in it, one row an interval.
//!
//! The agent's shell writes them through [`super::writer`]; they are no part of the engine's actions or of
//! the hash chain. What was not measured is `NULL`, never 0. A clock that was set back replaces the rows
//! of an instant it meets again: nothing fails for that.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, params, params_from_iter};

use crate::domain::time::Timestamp;

/// Columns before the measured ones.
const FIXED: [&str; 3] = ["at_us", "run", "interval_us"];

/// Declares the row: each measured field is the column of its name.
macro_rules! vitals {
    ($($(#[$doc:meta])* $field:ident),* $(,)?) => {
        /// One interval of a run. A figure is none where it was not measured.
        #[derive(Clone, PartialEq, Eq, Debug, Default)]
        pub struct VitalsRow {
            /// The end of the interval, by the wall.
            pub at: Timestamp,
            /// Which start of the agent.
            pub run: u32,
            /// What the interval took, in microseconds, by a clock that never steps.
            pub interval_us: u64,
            $($(#[$doc])* pub $field: Option<u64>,)*
        }

        /// The measured columns.
        const MEASURED: &[&str] = &[$(stringify!($field)),*];

        impl VitalsRow {
            fn measured(&self) -> Vec<Option<u64>> {
                vec![$(self.$field),*]
            }

            fn with_measured(mut self, row: &Row<'_>) -> rusqlite::Result<Self> {
                let mut column = FIXED.len();
                $(
                    self.$field = row.get::<_, Option<i64>>(column)?.map(unsigned);
                    column += 1;
                )*
                debug_assert_eq!(column, FIXED.len() + MEASURED.len());
                Ok(self)
            }
        }
    };
}

vitals! {
    /// Memory in use.
    rss_bytes,
    /// Processor time in the interval.
    cpu_us,
    /// Threads.
    threads,
    /// Open descriptors.
    descriptors,
    /// Size of the ledger and its log.
    ledger_bytes,
    /// Turns of the loop in the interval.
    turns,
    /// The median turn.
    turn_p50_us,
    /// Of twenty turns the slowest.
    turn_p95_us,
    /// Of a hundred turns the slowest.
    turn_p99_us,
    /// Market events taken in.
    market_events,
    /// Age of the newest market data, looked at once a second.
    market_age_p95_us,
    /// From the venue's stamp on a push to its arrival.
    lag_p95_us,
    /// The same, of a hundred.
    lag_p99_us,
    /// Calls of the venue that were answered, or not.
    calls,
    /// Of those, the failed ones.
    call_errors,
    /// Calls refused for their rate.
    rate_limited,
    /// Connections of the feed that ended or did not come up.
    reconnects,
    /// Orders sent.
    orders,
    /// Orders whose answer did not come.
    order_failures,
    /// Orders that the venue refused.
    order_rejects,
    /// From an order's intent to the venue's first answer.
    ack_p99_us,
    /// What counts against the agent's health.
    errors,
    /// Log records of the level error.
    logged_errors,
    /// Log records of the level warn.
    logged_warnings,
    /// Events of the hash chain.
    ledger_events,
    /// Changes of the agent's state.
    transitions,
    /// Time in the state running.
    running_us,
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn columns() -> String {
    let all: Vec<&str> = FIXED.iter().chain(MEASURED).copied().collect();
    all.join(", ")
}

/// Writes a row.
pub(super) fn put(transaction: &Transaction<'_>, row: &VitalsRow) -> rusqlite::Result<()> {
    let count = FIXED.len() + MEASURED.len();
    let places: Vec<String> = (1..=count).map(|place| format!("?{place}")).collect();
    let insert =
        format!("INSERT OR REPLACE INTO vitals ({}) VALUES ({})", columns(), places.join(", "));
    let fixed = [row.at.us(), i64::from(row.run), signed(row.interval_us)].map(Value::Integer);
    let measured = row.measured().into_iter();
    let measured = measured.map(|value| value.map_or(Value::Null, |it| Value::Integer(signed(it))));
    transaction
        .prepare_cached(&insert)?
        .execute(params_from_iter(fixed.into_iter().chain(measured)))
        .map(drop)
}

/// The rows after `from`, up to `to`, oldest first.
pub fn between(
    ledger: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<VitalsRow>> {
    let columns = columns();
    let query =
        format!("SELECT {columns} FROM vitals WHERE at_us > ?1 AND at_us <= ?2 ORDER BY at_us");
    ledger
        .prepare_cached(&query)?
        .query_map(params![from, to], |row| {
            let fixed = VitalsRow {
                at: Timestamp::from_us(row.get(0)?),
                run: row.get(1)?,
                interval_us: unsigned(row.get(2)?),
                ..VitalsRow::default()
            };
            fixed.with_measured(row)
        })?
        .collect()
}

/// The run of the newest row up to an instant.
pub fn newest_run(ledger: &Connection, to: Timestamp) -> rusqlite::Result<Option<u32>> {
    let query = "SELECT run FROM vitals WHERE at_us <= ?1 ORDER BY at_us DESC LIMIT 1";
    let mut statement = ledger.prepare_cached(query)?;
    let mut rows = statement.query([to])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    #[test]
    fn rows_are_read_back_as_they_were_and_the_columns_are_the_tables() {
        let mut ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        let query = "SELECT group_concat(name, ', ') FROM pragma_table_info('vitals')";
        let table: String = ledger.query_row(query, [], |row| row.get(0)).unwrap();
        assert_eq!(table, columns());
        let at = Timestamp::from_us;
        let row = |minute: i64| VitalsRow {
            at: at(minute),
            run: 3,
            interval_us: 60_000_000,
            rss_bytes: Some(31_000_000),
            running_us: Some(0),
            ..VitalsRow::default()
        };
        let transaction = ledger.transaction().unwrap();
        for minute in [3, 1, 2, 2] {
            put(&transaction, &row(minute)).unwrap();
        }
        transaction.commit().unwrap();
        assert_eq!(between(&ledger, at(1), at(3)).unwrap(), [row(2), row(3)]);
        assert_eq!(newest_run(&ledger, at(0)).unwrap(), None);
        assert_eq!(newest_run(&ledger, at(9)).unwrap(), Some(3));
    }
}
