//! The whole history as `trade_history.json`, in the shape of the Python IBIS, so that its users'
//! tools go on working.
//!
//! One record an order, oldest first, the symbol as base asset only; an imported row that was repaired
//! is written as it came, so that importing the file again finds duplicates only. `matched_trades`
//! holds one record a sell (imported: order; own: fill) that could be matched; `order_id_buy` is the
//! oldest buy it consumed and prices are averages. Numbers are exact decimals, with `.0` where Python
//! wrote floats.
//!
//! The file is replaced whole or not at all; memory does not grow with the history.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;

use super::matching::{self, Match};
use crate::domain::decimal::{Decimal, Round};
use crate::domain::position::Realized;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::durable::atomic_file;
use crate::store::imported_trade::{self, ImportedTrade};
use crate::store::own_trade::{self, RealizedFill};
use crate::store::trade_history::{self, ExportRecord, HistoryOrder, Order};

/// The file's name in the state directory.
pub const FILE_NAME: &str = "trade_history.json";
/// Bytes written at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Exported {
    /// Where.
    pub path: PathBuf,
    /// Orders.
    pub records: u64,
    /// Matched sells.
    pub matched: u64,
    /// Size of the file.
    pub bytes: u64,
}

/// Writes the history to `path`. Recording it ([`record`]) is the caller's.
pub fn export(connection: &Connection, path: &Path, now: Timestamp) -> io::Result<Exported> {
    let (mut records, mut matched, mut bytes) = (0, 0, 0);
    // One snapshot for all queries, though the agent may be writing.
    let snapshot = connection.unchecked_transaction().map_err(io::Error::other)?;
    atomic_file::replace_with(path, |file| {
        let mut out = Counted { inner: BufWriter::with_capacity(BUFFER_BYTES, file), bytes: 0 };
        out.write_all(b"{\n  \"trades\": [")?;
        records = write_orders(&snapshot, &mut out)?;
        out.write_all(b"\n  ],\n  \"matched_trades\": [")?;
        matched = write_matched(&snapshot, &mut out)?;
        write!(out, "\n  ],\n  \"last_updated\": \"{now}\"\n}}\n")?;
        out.flush()?;
        bytes = out.bytes;
        Ok(())
    })?;
    Ok(Exported { path: path.to_owned(), records, matched, bytes })
}

/// Records an export to the state directory, so that its size is known without reading it.
pub fn record(
    connection: &Connection,
    exported: &Exported,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let record = ExportRecord { records: exported.records, bytes: exported.bytes, at: now };
    trade_history::record_export(connection, &record)
}

fn write_orders(connection: &Connection, out: &mut impl Write) -> io::Result<u64> {
    let mut records = 0;
    trade_history::for_each(connection, |order| -> Result<(), Failed> {
        out.write_all(if records == 0 { b"\n    " } else { b",\n    " })?;
        match &order {
            HistoryOrder::Raw(raw) => out.write_all(raw.as_bytes())?,
            HistoryOrder::Order(order) => write_order(out, order)?,
        }
        records += 1;
        Ok(())
    })
    .map_err(|failed| failed.0)?;
    Ok(records)
}

fn write_order(out: &mut impl Write, order: &Order) -> io::Result<()> {
    let (ms, base) = (order.at.ms(), order.symbol.base());
    // The id and the fee's asset are texts from outside: they are escaped.
    write!(
        out,
        "{{\"order_id\": {}, \"symbol\": \"{base}\", \"side\": \"{}\", \"price\": {}, \"size\": {}, \
         \"funds\": {}, \"fee\": {}, \"fee_currency\": {}, \"timestamp\": {ms}, \"executed_at\": \"{ms}\"}}",
        json!(order.id),
        order.side,
        float(order.price),
        float(order.quantity),
        float(order.funds),
        float(order.fee),
        json!(order.fee_asset),
    )
}

fn write_matched(connection: &Connection, out: &mut impl Write) -> io::Result<u64> {
    let mut records = 0;
    let mut write = |matched: &Matched<'_>| -> io::Result<()> {
        out.write_all(if records == 0 { b"\n    " } else { b",\n    " })?;
        records += 1;
        matched.write(out)
    };
    matching::replay(connection, |step| -> Result<(), Failed> {
        if let Match::Sold(trade, realized) = step
            && let Some(matched) = Matched::imported(connection, trade, &realized)?
        {
            write(&matched)?;
        }
        Ok(())
    })
    .map_err(|failed| failed.0)?;
    own_trade::for_each_realized(connection, |fill| -> Result<(), Failed> {
        if let Some(matched) = Matched::own(connection, &fill)? {
            write(&matched)?;
        }
        Ok(())
    })
    .map_err(|failed| failed.0)?;
    Ok(records)
}

/// A sell and what it earned.
struct Matched<'a> {
    symbol: Symbol,
    order_id_buy: Option<String>,
    order_id_sell: &'a str,
    quantity: Decimal,
    cost: Decimal,
    proceeds: Decimal,
    fees: Decimal,
    opened_at: Timestamp,
    closed_at: Timestamp,
}

impl<'a> Matched<'a> {
    fn imported(
        connection: &Connection,
        trade: &'a ImportedTrade,
        realized: &Realized,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(opened_at) = realized.opened_at else { return Ok(None) };
        Ok(Some(Self {
            symbol: trade.symbol,
            order_id_buy: imported_trade::buy_at(connection, &trade.symbol, opened_at)?,
            order_id_sell: trade.id.as_str(),
            quantity: realized.matched,
            cost: realized.cost,
            proceeds: realized.proceeds,
            fees: realized.fees(),
            opened_at,
            closed_at: trade.at,
        }))
    }

    fn own(connection: &Connection, fill: &'a RealizedFill) -> rusqlite::Result<Option<Self>> {
        let Some(opened_at) = fill.opened_at.filter(|_| fill.is_matched()) else {
            return Ok(None);
        };
        let proceeds = fill.notional.mul_div(fill.matched, fill.quantity, Round::Down);
        Ok(Some(Self {
            symbol: fill.symbol,
            order_id_buy: own_trade::buy_at(connection, &fill.symbol, opened_at)?,
            order_id_sell: &fill.venue_order_id,
            quantity: fill.matched,
            cost: proceeds - fill.gross,
            proceeds,
            fees: fill.fees,
            opened_at,
            closed_at: fill.at,
        }))
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let gross = self.proceeds - self.cost;
        let net = gross - self.fees;
        let percent = if self.cost.is_positive() {
            net.mul_div(Decimal::from_int(100), self.cost, Round::Down)
        } else {
            Decimal::ZERO
        };
        let seconds = Decimal::from_parts(self.closed_at.us_since(self.opened_at).into(), 6);
        write!(
            out,
            "{{\"symbol\": \"{}\", \"order_id_buy\": {}, \"order_id_sell\": {}, \"quantity\": {}, \
             \"entry_price\": {}, \"exit_price\": {}, \"gross_pnl\": {}, \"fees\": {}, \"net_pnl\": {}, \
             \"pnl_pct\": {}, \"duration_seconds\": {}, \"opened_at\": \"{}\", \"closed_at\": \"{}\"}}",
            self.symbol.base(),
            json!(self.order_id_buy),
            json!(self.order_id_sell),
            float(self.quantity),
            float(self.cost.div(self.quantity, Round::Down)),
            float(self.proceeds.div(self.quantity, Round::Down)),
            float(gross),
            float(self.fees),
            float(net),
            percent.to_fixed(4),
            float(seconds.unwrap_or_default()),
            self.opened_at,
            self.closed_at,
        )
    }
}

/// As Python writes a float, but exact: `539178.0`, `0.00002042`.
fn float(value: Decimal) -> String {
    let text = value.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// Either kind of failure, as the one that a file's writer returns.
struct Failed(io::Error);

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self(io::Error::other(error))
    }
}

/// A writer that knows how much went through it.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
