//! The engine's state as other parts store or show it.

use super::Engine;
use crate::domain::decimal::Decimal;
use crate::domain::record::Sample;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

impl Engine {
    /// The figures of a minute, in the account's quote asset.
    pub(super) fn sample_at(&self, minute: Timestamp) -> Sample {
        let worth = self.account_asset().map(|asset| self.worth(asset)).unwrap_or_default();
        let working = |side| self.open_orders().filter(|order| order.side == side).count();
        let held = self.desks.iter().filter(|desk| !desk.position.is_flat()).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Sample {
            at: minute,
            equity: worth.equity(),
            cash: worth.cash,
            cash_available: worth.available,
            exposure: worth.exposure,
            unrealized: worth.unrealized,
            positions: count(held),
            open_buy_orders: count(working(Side::Buy)),
            open_sell_orders: count(working(Side::Sell)),
            state: self.level(),
            complete: worth.complete,
        }
    }

    /// Cash plus positions at the bid, in the account's quote asset.
    pub fn equity(&self) -> Decimal {
        self.account_asset().map(|asset| self.worth(asset).equity()).unwrap_or_default()
    }

    /// Newest market data of any instrument, if any came.
    pub fn data_at(&self) -> Option<Timestamp> {
        let newest = self.desks.iter().map(|desk| desk.market_at).max()?;
        (newest.us() != i64::MIN).then_some(newest)
    }
}
