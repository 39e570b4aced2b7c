//! Recorded KuCoin REST answers: the symbol list gives instruments their increments, full books
//! synchronise level2 updates. Other answers are ignored and counted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::record::{BookKind, BookMessage, Pending, Record};
use super::recording::{Answered, line, received_at, text};
use super::roster::Gathering;
use crate::domain::decimal::Decimal;
use crate::domain::instrument::{FeeClass, InstrumentSpec};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::kucoin::Snapshot;
use crate::market::kucoin::shape::{BookAnswer, parse};
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// Largest quantity in lots: 15 digits, so that sums stay far from an i64's end.
const QUANTITY_LOTS_MAX: i64 = 1_000_000_000_000_000;

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
        let row = text(row)?;
        let (at, answered) = (received_at(row)?, line::<Answered<'_>>(row)?);
        let Some(symbol) = book_symbol(answered.path) else {
            count.ignored += 1;
            return Ok(());
        };
        if at < self.last {
            count.time_backwards += 1;
            return Ok(());
        }
        self.last = at;
        let lane = self.lanes.get(symbol).ok_or_else(|| format!("symbol {symbol:?} is unknown"))?;
        let Snapshot { sequence, levels, off_grid } = Snapshot::parse(answered.data()?, lane)?;
        count.off_grid += u64::from(off_grid);
        let kind = BookKind::Snapshot { sequence };
        let message = BookMessage { instrument: lane.id, kind, levels };
        out.push_back(Record::Book(at, Box::new(message)));
        Ok(())
    }
}

/// The symbol of a full book's request path.
fn book_symbol(path: &str) -> Option<&str> {
    path.strip_prefix("/api/v3/market/orderbook/level2?symbol=")
}

/// Learns listed symbols, and the numbers of full books.
pub(super) fn gather(row: &[u8], gathering: &mut Gathering) -> Result<(), Reason> {
    let answered = line::<Answered<'_>>(text(row)?)?;
    if let Some(symbol) = book_symbol(answered.path) {
        let seen = gathering.seen(Symbol::new(symbol).map_err(|error| format!("symbol {error}"))?);
        let book: BookAnswer<'_> = parse(answered.data()?)?;
        seen.levels(book.bids.iter().chain(&book.asks));
    } else if matches!(answered.path.split('?').next(), Some("/api/v1/symbols" | "/api/v2/symbols"))
    {
        for listed in parse::<Vec<ListedSymbol<'_>>>(answered.data()?)? {
            gathering.list(listed.spec().map_err(|reason| format!("{}: {reason}", listed.symbol))?);
        }
    }
    Ok(())
}

/// One entry of the symbol list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedSymbol<'a> {
    symbol: &'a str,
    base_min_size: &'a str,
    base_max_size: &'a str,
    base_increment: &'a str,
    price_increment: &'a str,
    /// Absent or null before 2022; `quoteMinSize` says it then.
    min_funds: Option<&'a str>,
    quote_min_size: &'a str,
    /// Absent before 2022.
    fee_category: Option<i64>,
}

impl ListedSymbol<'_> {
    /// The venue's increments and limits, the limits brought onto the lot: the venue lists some that
    /// are not (`baseMinSize` up, `baseMaxSize` down).
    fn spec(&self) -> Result<InstrumentSpec, Reason> {
        let decimal =
            |text: &str| Decimal::parse(text).map_err(|error| format!("{text:?} is {error}"));
        let (tick, lot) = (decimal(self.price_increment)?, decimal(self.base_increment)?);
        if !tick.is_positive() || !lot.is_positive() {
            return Err("an increment is not above zero".to_owned());
        }
        let fee_class = match self.fee_category {
            Some(2) => FeeClass::B,
            Some(3) => FeeClass::C,
            Some(_) | None => FeeClass::A,
        };
        Ok(InstrumentSpec {
            symbol: Symbol::new(self.symbol).map_err(|error| error.to_string())?,
            tick,
            lot,
            quantity_min: decimal(self.base_min_size)?.ceil_to(lot).max(lot),
            quantity_max: decimal(self.base_max_size)?
                .floor_to(lot)
                .min(lot.times(QUANTITY_LOTS_MAX)),
            notional_min: decimal(self.min_funds.unwrap_or(self.quote_min_size))?,
            fee_class,
            maker_fee: fee_class.rate(),
            taker_fee: fee_class.rate(),
        })
    }
}
