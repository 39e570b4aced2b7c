//! The `day_ledger` table: what losses and turnover of a UTC day are measured from; and the trades closed
//! of late, which the protections look at.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::load::{optional, text};
use crate::domain::decimal::Decimal;
use crate::domain::record::DayRow;
use crate::domain::time::Timestamp;
use crate::risk::guard::protection::{ClosedTrade, TRADES_MAX};

/// Writes a day's figures.
pub(super) fn put(transaction: &Transaction<'_>, row: &DayRow) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO day_ledger (day_us, equity_open, equity_peak, turnover, updated_at_us)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![row.day, row.open, row.peak, row.turnover, row.at])?;
    Ok(())
}

/// The newest day, its turnover as the fills say.
pub fn newest(ledger: &Connection) -> rusqlite::Result<Option<DayRow>> {
    let query = "SELECT day_us, equity_open, equity_peak, turnover, updated_at_us FROM day_ledger
                 ORDER BY day_us DESC LIMIT 1";
    let row = ledger.query_row(query, [], |row| {
        Ok(DayRow {
            day: Timestamp::from_us(row.get(0)?),
            open: text(row, 1)?,
            peak: text(row, 2)?,
            turnover: text(row, 3)?,
            at: Timestamp::from_us(row.get(4)?),
        })
    });
    let Some(row) = row.optional()? else { return Ok(None) };
    let mut later =
        ledger.prepare("SELECT notional FROM fills WHERE at_us > ?1 AND at_us >= ?2")?;
    let notionals = later.query_map(params![row.at, row.day], |row| text::<Decimal>(row, 0))?;
    let mut turnover = row.turnover;
    for notional in notionals {
        turnover += notional?;
    }
    Ok(Some(DayRow { turnover, ..row }))
}

/// The newest sells since an instant: by their time, so that the index finds them. By their number alone
/// the whole history would be read where they are fewer than wanted.
const SELLS: &str =
    "SELECT symbol, at_us, net, notional, gross, purpose, client_order_id FROM fills
     WHERE side = 'sell' AND at_us >= ?1 ORDER BY at_us DESC, fill DESC LIMIT ?2";

/// Exits that sold something since an instant, oldest first.
pub fn closed_trades(ledger: &Connection, since: Timestamp) -> rusqlite::Result<Vec<ClosedTrade>> {
    let mut statement = ledger.prepare(SELLS)?;
    let mut rows =
        statement.query(params![since, i64::try_from(TRADES_MAX).unwrap_or(i64::MAX)])?;
    let mut trades: Vec<(String, ClosedTrade)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (net, gross) = (optional::<Decimal>(row, 2)?, optional::<Decimal>(row, 4)?);
        let purpose = row.get_ref(5)?.as_str()?;
        let trade = ClosedTrade {
            at: Timestamp::from_us(row.get(1)?),
            symbol: text(row, 0)?,
            net: net.unwrap_or_default(),
            cost: text::<Decimal>(row, 3)? - gross.unwrap_or_default(),
            stopped: matches!(purpose, "stop_loss" | "trailing_stop"),
        };
        let order: String = row.get(6)?;
        match trades.last_mut().filter(|(last, _)| *last == order) {
            // The parts of one exit are one trade, closed with the last.
            Some((_, whole)) => {
                whole.net += trade.net;
                whole.cost += trade.cost;
            }
            None => trades.push((order, trade)),
        }
    }
    Ok(trades.into_iter().rev().map(|(_, trade)| trade).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    /// A found defect: a start read every fill there ever was.
    #[test]
    fn closed_trades_are_found_by_their_time_whatever_the_history() {
        let ledger = Connection::open_in_memory().unwrap();
        LEDGER.migrations.iter().for_each(|sql| ledger.execute_batch(sql).unwrap());
        let mut plan = ledger.prepare(&format!("EXPLAIN QUERY PLAN {SELLS}")).unwrap();
        let steps = plan.query_map(params![0, 1], |row| row.get::<_, String>("detail")).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert_eq!(steps, ["SEARCH fills USING INDEX fills_at (at_us>?)"]);
    }
}
