//! What the account is worth and has at stake, in one quote asset.

use super::Engine;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, InstrumentId};
use crate::domain::side::Side;
use crate::risk::limit::Account;

/// The account's worth in one quote asset, and whether every held instrument had a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Worth {
    /// The quote asset, all of it.
    pub cash: Decimal,
    /// The quote asset, free to use.
    pub available: Decimal,
    /// Positions at the bid.
    pub exposure: Decimal,
    /// Exposure less cost, for lots of known basis.
    pub unrealized: Decimal,
    /// False where a held instrument had no price: its part is missing.
    pub complete: bool,
}

impl Worth {
    /// Cash plus positions at the bid.
    pub fn equity(&self) -> Decimal {
        self.cash + self.exposure
    }
}

impl Engine {
    /// What the account is worth in `quote`.
    pub fn worth(&self, quote: Asset) -> Worth {
        let balance = self.balances.get(&quote).copied().unwrap_or_default();
        let mut worth = Worth {
            cash: balance.total(),
            available: balance.available(),
            complete: true,
            ..Worth::default()
        };
        for desk in self.desks.iter().filter(|desk| desk.instrument.quote() == quote) {
            if desk.position.is_flat() {
                continue;
            }
            let Some(value) = desk.value() else {
                worth.complete = false;
                continue;
            };
            worth.exposure += value;
            worth.unrealized += desk.known_value(value) - desk.position.cost();
        }
        worth
    }

    /// What an entry in `instrument`, which has no order at work, is judged by.
    pub(super) fn account(&self, instrument: InstrumentId) -> Option<Account> {
        let desk = self.desks.get(instrument.index())?;
        let worth = self.worth(desk.instrument.quote());
        if !worth.complete {
            return None;
        }
        let mut account = Account {
            equity: worth.equity(),
            available: worth.available,
            exposure_total: worth.exposure,
            exposure_instrument: desk.value()?,
            open_positions: 0,
        };
        for other in &self.desks {
            let entering = other.order.as_ref().filter(|order| order.side == Side::Buy);
            if let Some(order) =
                entering.filter(|_| other.instrument.quote() == desk.instrument.quote())
            {
                account.exposure_total += other.instrument.notional(order.price, order.remaining());
            }
            let holds = !other.position.is_flat() && !other.is_dust();
            account.open_positions += u64::from(entering.is_some() || holds);
        }
        Some(account)
    }

    /// The quote asset the account is counted in: the first instrument's.
    pub fn account_asset(&self) -> Option<Asset> {
        self.desks.first().map(|desk| desk.instrument.quote())
    }
}
