//! freqtrade's protections, by its names: they look at the trades closed within a while.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::settings::Protection;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// Trades remembered: more than a busy week's.
pub const TRADES_MAX: usize = 5_000;

/// A position that was sold, in part or whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClosedTrade {
    /// When.
    pub at: Timestamp,
    /// Which instrument.
    pub symbol: Symbol,
    /// Earned after fees, in quote units.
    pub net: Decimal,
    /// What it had cost, in quote units.
    pub cost: Decimal,
    /// A stop ended it.
    pub stopped: bool,
}

impl ClosedTrade {
    /// Earned, as a fraction of what it had cost; zero where that is not known.
    fn profit(&self) -> Decimal {
        if self.cost.is_positive() { self.net.div(self.cost, Round::Down) } else { Decimal::ZERO }
    }
}

/// The trades of a while, oldest first, and the equity's peaks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Trades {
    closed: VecDeque<ClosedTrade>,
    /// Equity minute by minute, falling from the front: its front is the peak of the while.
    equity: VecDeque<(Timestamp, Decimal)>,
}

impl Trades {
    /// One more.
    pub fn push(&mut self, trade: ClosedTrade) {
        if self.closed.len() >= TRADES_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(trade);
    }

    /// Closed within the lookback of a protection.
    fn within<'a>(
        &'a self,
        protection: &Protection,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a ClosedTrade> {
        let lookback = protection.lookback_period_us;
        self.closed.iter().rev().take_while(move |trade| now.us_since(trade.at) <= lookback)
    }

    /// StoplossGuard: so many stops that earned less than required, in an instrument or in all.
    pub fn stops(&self, protection: &Protection, scope: Option<Symbol>, now: Timestamp) -> bool {
        let counts = |trade: &&ClosedTrade| {
            trade.stopped
                && trade.profit() < protection.required_profit
                && scope.is_none_or(|symbol| symbol == trade.symbol)
        };
        reaches(self.within(protection, now).filter(counts).count(), protection.trade_limit)
    }

    /// LowProfitPairs: an instrument's trades together earned less than required.
    pub fn earns_too_little(
        &self,
        protection: &Protection,
        symbol: Symbol,
        now: Timestamp,
    ) -> bool {
        let own = self.within(protection, now).filter(|trade| trade.symbol == symbol);
        let (count, profit) =
            own.fold((0, Decimal::ZERO), |(count, sum), trade| (count + 1, sum + trade.profit()));
        reaches(count, protection.trade_limit) && profit < protection.required_profit
    }

    /// Takes the equity of now in, for [`Trades::drawdown`].
    pub fn measure(&mut self, protection: &Protection, now: Timestamp, equity: Decimal) {
        let lookback = protection.lookback_period_us;
        while self.equity.front().is_some_and(|(at, _)| now.us_since(*at) > lookback) {
            self.equity.pop_front();
        }
        while self.equity.back().is_some_and(|(_, lower)| *lower <= equity) {
            self.equity.pop_back();
        }
        if self.equity.len() < TRADES_MAX {
            self.equity.push_back((now, equity));
        }
    }

    /// MaxDrawdown: what the account, open positions included, lost since its peak within the lookback,
    /// where enough trades were closed in it.
    pub fn drawdown(&self, protection: &Protection, now: Timestamp, equity: Decimal) -> bool {
        let Some((_, peak)) = self.equity.front().filter(|(_, peak)| peak.is_positive()) else {
            return false;
        };
        let lost = (*peak - equity).div(*peak, Round::Up);
        lost > protection.max_allowed_drawdown
            && reaches(self.within(protection, now).count(), protection.trade_limit)
    }
}

fn reaches(count: usize, limit: u32) -> bool {
    count >= usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_ms(second * 1_000)
    }

    fn trade(second: i64, symbol: &str, net: &str, stopped: bool) -> ClosedTrade {
        let symbol = Symbol::new(symbol).unwrap();
        ClosedTrade { at: at(second), symbol, net: d(net), cost: d("100"), stopped }
    }

    fn protection() -> Protection {
        Protection {
            lookback_period_us: 100_000_000,
            trade_limit: 2,
            stop_duration_us: 1,
            required_profit: Decimal::ZERO,
            max_allowed_drawdown: d("0.1"),
            only_per_pair: false,
        }
    }

    #[test]
    fn stops_count_within_the_lookback_and_by_pair() {
        let mut trades = Trades::default();
        trades.push(trade(0, "BTC-USDT", "-3", true));
        trades.push(trade(50, "ETH-USDT", "-3", true));
        trades.push(trade(60, "ETH-USDT", "-3", false));
        trades.push(trade(70, "ETH-USDT", "1", true));
        let guard = protection();
        assert!(trades.stops(&guard, None, at(100)));
        assert!(!trades.stops(&guard, None, at(101)), "the first is too old");
        assert!(
            !trades.stops(&guard, Symbol::new("ETH-USDT").ok(), at(100)),
            "one stop lost there"
        );
        trades.push(trade(80, "ETH-USDT", "0", true));
        let eth = Symbol::new("ETH-USDT").ok();
        assert!(!trades.stops(&guard, eth, at(100)), "no loss is no stop");
        trades.push(trade(90, "ETH-USDT", "-3", true));
        assert!(trades.stops(&guard, eth, at(100)));
        assert!(!trades.stops(&guard, Symbol::new("BTC-USDT").ok(), at(100)));
    }

    #[test]
    fn low_profit_is_the_sum_of_a_pair() {
        let mut trades = Trades::default();
        trades.push(trade(0, "ETH-USDT", "5", false));
        let eth = Symbol::new("ETH-USDT").unwrap();
        let guard = Protection { required_profit: d("0.02"), ..protection() };
        assert!(!trades.earns_too_little(&guard, eth, at(1)), "too few");
        trades.push(trade(1, "ETH-USDT", "-3", true));
        assert!(!trades.earns_too_little(&guard, eth, at(1)), "two percent is enough");
        trades.push(trade(2, "ETH-USDT", "-1", true));
        assert!(trades.earns_too_little(&guard, eth, at(2)));
    }

    #[test]
    fn drawdown_is_from_the_peak_within_the_lookback_and_needs_trades() {
        let mut trades = Trades::default();
        let guard = protection();
        for (second, equity) in [(0, "1000"), (10, "900"), (20, "950"), (30, "880")] {
            trades.measure(&guard, at(second), d(equity));
        }
        assert!(!trades.drawdown(&guard, at(30), d("880")), "nothing was traded");
        trades.push(trade(25, "ETH-USDT", "-3", true));
        trades.push(trade(26, "ETH-USDT", "-3", true));
        assert!(trades.drawdown(&guard, at(30), d("880")));
        assert!(!trades.drawdown(&guard, at(30), d("900")), "ten percent is allowed");
        trades.measure(&guard, at(100), d("880"));
        assert!(trades.drawdown(&guard, at(100), d("880")), "the peak is just young enough");
        trades.measure(&guard, at(101), d("880"));
        assert!(!trades.drawdown(&guard, at(101), d("880")), "the peak is too old");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut trades, guard) = (Trades::default(), protection());
        for step in 0..i64::try_from(TRADES_MAX).unwrap() + 3 {
            trades.measure(&guard, at(1), Decimal::from_int(1_000_000 - step));
            trades.push(trade(step, "BTC-USDT", "1", false));
        }
        assert_eq!((trades.equity.len(), trades.closed.len()), (TRADES_MAX, TRADES_MAX));
        assert_eq!(trades.closed[0].at, at(3), "the oldest went");
    }
}
