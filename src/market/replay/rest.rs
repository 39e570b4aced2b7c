//! Recorded KuCoin REST answers: the symbol list gives instruments their increments, full books
//! synchronise level2 updates. Other answers are ignored and counted.

use std::collections::BTreeMap;

use super::fields::Lane;
use super::number::{Reason, integer};
use super::record::{BookKind, BookMessage, Pending, Record};
use super::recording::{Body, FullBook, Line, ListedSymbol, Request, parse, received_at};
use super::roster::Gathering;
use super::session::level;
use crate::domain::decimal::Decimal;
use crate::domain::instrument::{FeeClass, InstrumentSpec};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;

/// The parser's place in the recording.
#[derive(Debug)]
pub(super) struct Rest {
    lanes: BTreeMap<String, Lane>,
    last: Timestamp,
}

impl Rest {
    pub(super) fn new(lanes: BTreeMap<String, Lane>) -> Self {
        Self { lanes, last: Timestamp::from_us(i64::MIN) }
    }

    /// Takes an answer in, gives a snapshot out where it is one.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let at = received_at(row)?;
        let Some(symbol) = book_symbol(parse::<Request<'_>>(row)?.path) else {
            count.ignored += 1;
            return Ok(());
        };
        if at < self.last {
            count.time_backwards += 1;
            return Ok(());
        }
        self.last = at;
        let lane =
            *self.lanes.get(symbol).ok_or_else(|| format!("symbol {symbol:?} is not known"))?;
        let mut off_grid = false;
        let message = snapshot(row, &lane, &mut off_grid)?;
        count.off_grid += u64::from(off_grid);
        out.push_back(Record::Book(at, Box::new(message)));
        Ok(())
    }
}

fn snapshot(row: &[u8], lane: &Lane, off_grid: &mut bool) -> Result<BookMessage, Reason> {
    let book = parse::<Line<Body<FullBook<'_>>>>(row)?.msg.data;
    let sequence = integer(book.sequence.as_bytes()).ok_or("sequence is not a number")?;
    let mut levels = Vec::with_capacity(book.asks.len() + book.bids.len());
    for (side, rows) in [(Side::Buy, book.bids), (Side::Sell, book.asks)] {
        for fields in rows {
            levels.extend(level(side, &fields, sequence, lane, off_grid)?);
        }
    }
    Ok(BookMessage { instrument: lane.id, kind: BookKind::Snapshot { sequence }, levels })
}

/// The symbol of a full book's request path.
fn book_symbol(path: &str) -> Option<&str> {
    path.strip_prefix("/api/v3/market/orderbook/level2?symbol=")
}

/// Learns listed symbols, and the numbers of full books.
pub(super) fn gather(row: &[u8], gathering: &mut Gathering) -> Result<(), Reason> {
    let path = parse::<Request<'_>>(row)?.path;
    if let Some(symbol) = book_symbol(path) {
        let seen = gathering.seen(Symbol::new(symbol).map_err(|error| format!("symbol {error}"))?);
        let book = parse::<Line<Body<FullBook<'_>>>>(row)?.msg.data;
        for level in book.bids.iter().chain(&book.asks) {
            if let [price, size, ..] = level[..] {
                seen.price(price);
                seen.size(size);
            }
        }
    } else if matches!(path.split('?').next(), Some("/api/v1/symbols" | "/api/v2/symbols")) {
        for listed in parse::<Line<Body<Vec<ListedSymbol<'_>>>>>(row)?.msg.data {
            gathering
                .list(spec_of(&listed).map_err(|reason| format!("{}: {reason}", listed.symbol))?);
        }
    }
    Ok(())
}

/// The venue's increments and limits, the limits brought onto the lot: the venue lists some that
/// are not (`baseMinSize` up, `baseMaxSize` down). The largest quantity keeps 15 digits of lots.
fn spec_of(listed: &ListedSymbol<'_>) -> Result<InstrumentSpec, Reason> {
    let decimal = |text: &str| Decimal::parse(text).map_err(|error| format!("{text:?} is {error}"));
    let (tick, lot) = (decimal(listed.price_increment)?, decimal(listed.base_increment)?);
    if !tick.is_positive() || !lot.is_positive() {
        return Err("an increment is not above zero".to_owned());
    }
    let fee_class = match listed.fee_category {
        Some(2) => FeeClass::B,
        Some(3) => FeeClass::C,
        Some(_) | None => FeeClass::A,
    };
    Ok(InstrumentSpec {
        symbol: Symbol::new(listed.symbol).map_err(|error| error.to_string())?,
        tick,
        lot,
        quantity_min: decimal(listed.base_min_size)?.ceil_to(lot).max(lot),
        quantity_max: decimal(listed.base_max_size)?
            .floor_to(lot)
            .min(lot.times(1_000_000_000_000_000)),
        notional_min: decimal(listed.min_funds.unwrap_or(listed.quote_min_size))?,
        fee_class,
        maker_fee: fee_class.rate(),
        taker_fee: fee_class.rate(),
    })
}
