//! Fills added up per symbol, from where the last run stopped.
//!
//! The totals are kept in `audit_totals`, so that a run costs what is new and the history is never
//! scanned twice. They are this job's own notes: every run may write them.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::domain::decimal::Decimal;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::store::load::text;

/// All fills of a symbol in sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Total {
    /// Bought, in base units.
    pub bought: Decimal,
    /// Sold, in base units.
    pub sold: Decimal,
    /// Proceeds less cost and fees, in quote units. Fees in another asset are not in it.
    pub flow: Decimal,
}

/// The totals and how far they reach.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Audit {
    /// By symbol.
    pub totals: BTreeMap<Symbol, Total>,
    /// The last fill in them.
    pub fill: i64,
    /// The ledger's last fill when they were read.
    pub last_fill: i64,
    /// True where they reached beyond the ledger's last fill: they are of another ledger.
    pub foreign: bool,
}

/// Reads the stored totals and adds what is new. Foreign totals are left alone and told.
pub fn read(connection: &Connection) -> rusqlite::Result<Audit> {
    let last_fill: i64 =
        connection.query_row("SELECT coalesce(max(fill), 0) FROM fills", [], |row| row.get(0))?;
    let mut audit = Audit { last_fill, ..Audit::default() };
    let mut statement =
        connection.prepare("SELECT symbol, fill, bought, sold, flow FROM audit_totals")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        audit.fill = audit.fill.max(row.get(1)?);
        let total = Total { bought: text(row, 2)?, sold: text(row, 3)?, flow: text(row, 4)? };
        audit.totals.insert(text(row, 0)?, total);
    }
    audit.foreign = audit.fill > last_fill;
    if !audit.foreign {
        extend(connection, &mut audit)?;
    }
    Ok(audit)
}

/// The totals from the first fill on.
pub fn from_scratch(connection: &Connection) -> rusqlite::Result<Audit> {
    let last_fill: i64 =
        connection.query_row("SELECT coalesce(max(fill), 0) FROM fills", [], |row| row.get(0))?;
    let mut audit = Audit { last_fill, ..Audit::default() };
    extend(connection, &mut audit)?;
    Ok(audit)
}

fn extend(connection: &Connection, audit: &mut Audit) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT symbol, side, quantity, notional, fee, fee_asset, fill FROM fills
         WHERE fill > ?1 ORDER BY fill",
    )?;
    let mut rows = statement.query([audit.fill])?;
    while let Some(row) = rows.next()? {
        let symbol: Symbol = text(row, 0)?;
        let (quantity, notional): (Decimal, Decimal) = (text(row, 2)?, text(row, 3)?);
        let total = audit.totals.entry(symbol).or_default();
        match text::<Side>(row, 1)? {
            Side::Buy => {
                total.bought += quantity;
                total.flow -= notional;
            }
            Side::Sell => {
                total.sold += quantity;
                total.flow += notional;
            }
        }
        if row.get_ref(5)?.as_str()? == symbol.quote().as_str() {
            total.flow -= text(row, 4)?;
        }
        audit.fill = row.get(6)?;
    }
    Ok(())
}

/// Replaces the stored totals.
pub fn store(connection: &mut Connection, audit: &Audit) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM audit_totals", [])?;
    for (symbol, total) in &audit.totals {
        transaction
            .prepare_cached(
                "INSERT INTO audit_totals (symbol, fill, bought, sold, flow)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![symbol.as_str(), audit.fill, total.bought, total.sold, total.flow])?;
    }
    transaction.commit()
}
