//! What everybody is told: trades, book changes, and at their pace tickers, depth and snapshots.

use std::rc::Rc;

use serde::Serialize;

use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Lots;
use crate::domain::market_data::{MarketEvent, Trade};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::frame;
use crate::exchange::server::topic::Feed;

use super::figures::Figures;
use super::journal::stranger_id;
use super::pair::Pair;
use super::public_push;
use super::tape::Print;
use super::{Core, Push};

/// Feeds that follow the book.
const BOOK_FEEDS: [Feed; 4] = [Feed::Ticker, Feed::Level1, Feed::Depth5, Feed::Depth50];

impl Core {
    /// Notes that a pair's published book may be behind.
    pub(super) fn mark_stale(&mut self, id: InstrumentId) {
        if !self.stale.contains(&id) {
            self.stale.push(id);
        }
    }

    /// Prints what a market's trade has left beside the own orders it filled.
    pub(super) fn print_rest(&mut self, event: &MarketEvent, trade: Trade, filled: Lots) {
        let size = trade.size - filled;
        if size <= Lots::ZERO {
            return;
        }
        let pair = self.pair_mut(event.instrument);
        // A source that does not say who took says nothing here: a trade at the ask was a buyer's.
        let side = trade.aggressor.unwrap_or_else(|| {
            let ask = pair.ladder.best(Side::Sell);
            if ask.is_some_and(|(ask, _)| trade.price >= ask) { Side::Buy } else { Side::Sell }
        });
        let (price, at) = (trade.price, event.at);
        let print = Print { trade_id: pair.tape.name(), price, size, side, at };
        let seconds = u32::try_from(at.us().div_euclid(1_000_000)).unwrap_or(0);
        let [taker, maker] = [0, 1].map(|which| stranger_id(seconds, print.trade_id, which));
        self.print(event.instrument, print, (taker.as_str(), maker.as_str()));
    }

    /// Prints a trade. `orders` are the taker's and the maker's.
    pub(super) fn print(&mut self, id: InstrumentId, print: Print, orders: (&str, &str)) {
        let Self { pairs, pushes, tide, .. } = self;
        let Some(pair) = pairs.get_mut(id.index()) else { return };
        pair.print(print);
        if pair.watchers(Feed::Match) > 0 {
            let data = public_push::trade(pair, &print, orders);
            pushes.push(push(pair.topic(Feed::Match), "trade.l3match", &data));
        }
        for (topic, bar) in pair.watched_candles(&tide.market) {
            let data = public_push::candle(pair, &bar, print.at);
            pushes.push(push(topic, "trade.candles.update", &data));
        }
        if !self.traded.contains(&id) {
            self.traded.push(id);
        }
        self.want(id, Feed::Ticker);
    }

    /// Takes the venue's books over where they may have changed, and tells.
    pub(super) fn publish_books(&mut self) {
        while let Some(id) = self.stale.pop() {
            self.touched.clear();
            self.venue.take_touched(id, &mut self.touched);
            self.changes.clear();
            let Self { pairs, venue, touched, changes, pushes, tide, .. } = self;
            let Some(pair) = pairs.get_mut(id.index()) else { continue };
            if touched.is_empty() {
                continue;
            }
            pair.ladder.follow(venue, id, touched, changes);
            if changes.is_empty() || !pair.listing.listed {
                continue;
            }
            if pair.watchers(Feed::Level2) > 0
                && let Some(data) = public_push::level2(pair, changes, tide.now)
            {
                pushes.push(push(pair.topic(Feed::Level2), "trade.l2update", &data));
            }
            for feed in BOOK_FEEDS {
                self.want(id, feed);
            }
        }
    }

    /// Makes a push of a throttled feed due, as soon as its pace allows, where somebody watches.
    pub(super) fn want(&mut self, id: InstrumentId, feed: Feed) {
        let now = self.tide.now;
        let Some(period) = feed.period_us() else { return };
        if !self.is_wanted(id, feed) {
            return;
        }
        let state = self.pair_mut(id).feed(feed);
        if !std::mem::replace(&mut state.is_due, true) {
            let next = Timestamp::from_us(state.pushed_at.us().saturating_add(period));
            self.due.insert((next.max(now), id, feed));
        }
    }

    fn is_wanted(&self, id: InstrumentId, feed: Feed) -> bool {
        let pair = self.pair(id);
        let of_all = feed == Feed::Ticker && self.watch.all_tickers > 0;
        let of_group = feed == Feed::Snapshot && self.watch.group(pair.listing.group()) > 0;
        pair.listing.listed && (pair.watchers(feed) > 0 || of_all || of_group)
    }

    /// Pushes what is due by now.
    pub(super) fn push_due(&mut self) {
        while let Some(&(at, id, feed)) = self.due.first()
            && at <= self.tide.now
        {
            self.due.pop_first();
            self.push_feed(id, feed);
        }
    }

    fn push_feed(&mut self, id: InstrumentId, feed: Feed) {
        let now = self.tide.now;
        let state = self.pair_mut(id).feed(feed);
        (state.is_due, state.pushed_at) = (false, now);
        if !self.pair(id).listing.listed {
            return;
        }
        let Self { pairs, pushes, tide, watch, .. } = self;
        let Some(pair) = pairs.get_mut(id.index()) else { return };
        let figures = match feed == Feed::Snapshot {
            true => pair.windows(&tide.market, now, [1, 4, 24]),
            false => [Figures::default(); 3],
        };
        let topic = (pair.watchers(feed) > 0).then(|| pair.topic(feed));
        match feed {
            Feed::Ticker => {
                let data = public_push::ticker(pair, now);
                pushes.extend(topic.map(|topic| push(topic, "trade.ticker", &data)));
                if watch.all_tickers > 0 {
                    let symbol = pair.listing.symbol.as_str();
                    pushes.push(push(watch.all_tickers_topic.clone(), symbol, &data));
                }
            }
            Feed::Level1 => {
                let data = public_push::level1(pair, now);
                pushes.extend(topic.map(|topic| push(topic, "level1", &data)));
            }
            Feed::Depth5 | Feed::Depth50 => {
                let count = if feed == Feed::Depth5 { 5 } else { 50 };
                let data = public_push::depth(pair, count, now);
                pushes.extend(topic.map(|topic| push(topic, "level2", &data)));
            }
            Feed::Snapshot => {
                push_snapshot(pair, &figures, (topic, watch.group_topic(pair)), now, pushes)
            }
            Feed::Level2 | Feed::Match | Feed::AuctionBook | Feed::AuctionData => {}
        }
        if feed == Feed::Snapshot {
            // It comes at its pace whether anything changed or not.
            self.want(id, feed);
        }
    }
}

fn push_snapshot(
    pair: &Pair,
    figures: &[Figures; 3],
    (own, group): (Option<Rc<str>>, Option<Rc<str>>),
    now: Timestamp,
    pushes: &mut Vec<Push>,
) {
    let data = public_push::snapshot(pair, figures, now);
    for topic in own.into_iter().chain(group) {
        pushes.push(push(topic, "trade.snapshot", &data));
    }
}

/// A public push.
fn push<T: Serialize>(topic: Rc<str>, subject: &str, data: &T) -> Push {
    let text = frame::Push::public(&topic, subject, data).to_json().into();
    Push { topic, private: false, text }
}
