//! Queries that anybody may make: pairs, tickers, books, trades, candles, the exchange's own state.

use std::collections::BTreeMap;

use crate::domain::decimal::Decimal;
use crate::domain::instrument::FeeClass;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::book::Book;
use crate::exchange::kucoin::protocol::candle::{CANDLES_MAX, CandleRow, CandleType};
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::page::Page;
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::kucoin::protocol::status::{Announcement, ServiceStatus};
use crate::exchange::kucoin::protocol::ticker::{AllTickers, Level1, Stats, Ticker};
use crate::exchange::kucoin::protocol::trade::Trade;
use crate::exchange::server::answer::Call;
use crate::market::Market;

use super::Core;
use super::denial::Denial;
use super::order_answers::numbered;
use super::pair::Pair;
use super::public_push::{best, levels};
use super::query::{field, page, required};
use super::record::quote;

/// Nanoseconds in a microsecond.
const US_NS: i64 = 1_000;
/// Items of a page of announcements: usual and most.
const ANNOUNCEMENTS_PAGE: (usize, usize) = (15, 100);
/// What the caller's address looks like: the exchange is on loopback.
const LOOPBACK: &str = "127.0.0.1";

impl Core {
    /// `GET timestamp`: the transport's.
    pub(super) fn server_time(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        Ok(success(&call.transport_ms))
    }

    /// `GET status`.
    pub(super) fn service_status(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let msg = Some(self.service.note.as_str().into());
        Ok(success(&ServiceStatus { status: self.service.state, msg }))
    }

    /// `GET announcements`: there are none.
    pub(super) fn announcements(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let (number, size) = page(call, "currentPage", ANNOUNCEMENTS_PAGE)?;
        let none: Page<Announcement<'_>> = numbered(number, size, 0, Vec::new());
        Ok(success(&none))
    }

    /// `GET my-ip`.
    pub(super) fn own_address(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        Ok(success(LOOPBACK))
    }

    /// `GET symbols`.
    pub(super) fn symbols(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let group = call.query.get("market");
        let of_group = |pair: &&Pair| group.is_none_or(|group| pair.listing.group() == group);
        let rows: Vec<_> =
            self.listed_pairs().filter(of_group).map(|pair| pair.listing.row()).collect();
        Ok(success(&rows))
    }

    /// `GET symbols/{symbol}`.
    pub(super) fn symbol(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.find(call.path_parameter)?;
        Ok(success(&self.pair(id).listing.row()))
    }

    /// `GET markets`.
    pub(super) fn groups(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let mut groups: Vec<_> = self.listed_pairs().map(|pair| pair.listing.group()).collect();
        groups.sort_unstable();
        groups.dedup();
        Ok(success(&groups))
    }

    /// `GET prices`: of what trades against dollars, and of dollars.
    pub(super) fn fiat_prices(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let wanted = call.query.get("currencies");
        let is_wanted = |name: &str| wanted.is_none_or(|list| list.split(',').any(|it| it == name));
        let mut prices: BTreeMap<String, String> = BTreeMap::new();
        for pair in self.listed_pairs().filter(|pair| pair.listing.group() == "USDS") {
            let quote = quote(&pair.instrument);
            let last = pair.tape.last().map(|print| pair.instrument.price_of(print.price));
            let base = pair.instrument.base();
            for (name, price) in [(base.as_str(), last), (quote, Some(Decimal::ONE))] {
                if let Some(price) = price.filter(|_| is_wanted(name)) {
                    prices.insert(name.to_owned(), price.to_fixed(16));
                }
            }
        }
        Ok(success(&prices))
    }

    /// `GET market/allTickers`.
    pub(super) fn all_tickers(&mut self, _: &Call<'_>) -> Result<String, Denial> {
        let Self { pairs, tide, .. } = self;
        let listed = pairs.iter_mut().filter(|pair| pair.listing.listed);
        let ticker = listed.map(|pair| ticker(pair, &tide.market, tide.now)).collect();
        Ok(success(&AllTickers { time: tide.now.ms(), ticker }))
    }

    /// `GET market/stats`.
    pub(super) fn stats(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let Self { pairs, tide, .. } = self;
        let Some(pair) = pairs.get_mut(id.index()) else {
            return Err(refusal::SYMBOL_NOT_FOUND.into());
        };
        let it = ticker(pair, &tide.market, tide.now);
        Ok(success(&Stats {
            time: tide.now.ms(),
            symbol: it.symbol,
            buy: it.buy,
            sell: it.sell,
            change_rate: it.change_rate,
            change_price: it.change_price,
            high: it.high,
            low: it.low,
            vol: it.vol,
            vol_value: it.vol_value,
            last: it.last,
            average_price: it.average_price,
            taker_fee_rate: it.taker_fee_rate,
            maker_fee_rate: it.maker_fee_rate,
            taker_coefficient: it.taker_coefficient,
            maker_coefficient: it.maker_coefficient,
        }))
    }

    /// `GET market/orderbook/level1`.
    pub(super) fn level1(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let pair = self.pair(self.asked_pair(call)?);
        let (bid, ask, last) = (best(pair, Side::Buy), best(pair, Side::Sell), pair.tape.last());
        Ok(success(&Level1 {
            time: self.tide.now.ms(),
            sequence: pair.ladder.sequence(),
            price: last.map(|print| pair.instrument.price_of(print.price)),
            size: last.map(|print| pair.instrument.quantity_of(print.size)),
            best_bid: bid.map(|(price, _)| price),
            best_bid_size: bid.map(|(_, size)| size),
            best_ask: ask.map(|(price, _)| price),
            best_ask_size: ask.map(|(_, size)| size),
        }))
    }

    /// `GET market/orderbook/level2_{size}`.
    pub(super) fn book_part(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        match call.path_parameter {
            "20" => self.book(call, 20),
            "100" => self.book(call, 100),
            _ => Err(refusal::ROUTE.into()),
        }
    }

    /// `GET v3/market/orderbook/level2`.
    pub(super) fn book_full(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.book(call, usize::MAX)
    }

    fn book(&self, call: &Call<'_>, count: usize) -> Result<String, Denial> {
        let pair = self.pair(self.asked_pair(call)?);
        Ok(success(&Book {
            time: self.tide.now.ms(),
            sequence: pair.ladder.sequence(),
            bids: levels(pair, Side::Buy, count),
            asks: levels(pair, Side::Sell, count),
        }))
    }

    /// `GET market/orderbook/callauction/level2_{size}` and `market/callauctionData`: no auction runs.
    pub(super) fn auction(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.asked_pair(call)?;
        Err(Denial::parameter("The symbol is not in call auction."))
    }

    /// `GET market/histories`: oldest first.
    pub(super) fn trades(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let pair = self.pair(self.asked_pair(call)?);
        let rows = pair.tape.rows().map(|print| Trade {
            sequence: print.trade_id,
            price: pair.instrument.price_of(print.price),
            size: pair.instrument.quantity_of(print.size),
            side: print.side,
            time: print.at.us().saturating_mul(US_NS),
        });
        Ok(success(&Vec::from_iter(rows)))
    }

    /// `GET market/candles`: newest first, those that start from `startAt` to before `endAt`.
    pub(super) fn candles(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let id = self.asked_pair(call)?;
        let length = CandleType::of(required(call, "type")?);
        if length == CandleType::Unknown {
            return Err(refusal::PARAMETER.into());
        }
        let bound =
            |name: &str| field::<i64>(call, name).map(|bound| bound.filter(|seconds| *seconds > 0));
        let now_s = self.tide.now.us().div_euclid(1_000_000);
        let end_s = bound("endAt")?.unwrap_or(i64::MAX).min(now_s + 1);
        let start_s = bound("startAt")?.unwrap_or(0);
        let Self { pairs, tide, .. } = self;
        let Some(pair) = pairs.get_mut(id.index()) else {
            return Err(refusal::SYMBOL_NOT_FOUND.into());
        };
        let bars = pair.bars(&tide.market, length, (start_s, end_s), CANDLES_MAX);
        let rows: Vec<CandleRow> = bars.iter().map(|bar| bar.row(&pair.instrument)).collect();
        Ok(success(&rows))
    }

    pub(super) fn listed_pairs(&self) -> impl Iterator<Item = &Pair> + '_ {
        self.pairs.iter().filter(|pair| pair.listing.listed)
    }
}

/// A pair's ticker.
fn ticker<'a>(pair: &'a mut Pair, market: &Market, now: Timestamp) -> Ticker<'a> {
    let day = pair.day(market, now);
    let pair = &*pair;
    let (bid, ask) = (best(pair, Side::Buy), best(pair, Side::Sell));
    let symbol = pair.instrument.spec().symbol.as_str();
    let (maker, taker) = pair.listing.coefficients();
    let last = pair.tape.last().map(|print| pair.instrument.price_of(print.price));
    Ticker {
        symbol: symbol.into(),
        symbol_name: Some(symbol.into()),
        buy: bid.map(|(price, _)| price),
        best_bid_size: bid.map(|(_, size)| size),
        sell: ask.map(|(price, _)| price),
        best_ask_size: ask.map(|(_, size)| size),
        change_rate: day.change_rate(),
        change_price: day.change(),
        high: day.high,
        low: day.low,
        vol: Some(day.volume),
        vol_value: Some(day.turnover),
        last: last.or(day.last),
        average_price: day.average(),
        taker_fee_rate: Some(FeeClass::A.rate()),
        maker_fee_rate: Some(FeeClass::A.rate()),
        taker_coefficient: Some(taker),
        maker_coefficient: Some(maker),
    }
}
