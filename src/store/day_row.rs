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

/// Exits that sold something since an instant, oldest first.
pub fn closed_trades(ledger: &Connection, since: Timestamp) -> rusqlite::Result<Vec<ClosedTrade>> {
    let mut statement = ledger.prepare(
        "SELECT symbol, at_us, net, notional, gross, purpose, client_order_id FROM fills
         WHERE side = 'sell' AND at_us >= ?1 ORDER BY fill DESC LIMIT ?2",
    )?;
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
