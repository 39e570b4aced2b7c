//! What the agent shows of itself: plain values, made by its loop, read by every answer. Nothing secret
//! has a place here.

mod network;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::counters::Counters;
use crate::config::settings::HealthSettings;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, Level};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::histogram::Histogram;

pub use network::{NetworkView, RequestView, StreamView};

/// The agent at an instant.
#[derive(Clone, Debug)]
pub struct View {
    /// Which start of the agent this is.
    pub run: u32,
    /// The engine's clock; the market's, where that is not the wall's.
    pub at: Timestamp,
    /// The engine's clock when the view was made, where it goes as fast as the wall's; none where it does
    /// not: its times say nothing to others.
    pub clock: Option<Timestamp>,
    /// The strictest of the holds on everything.
    pub state: Level,
    /// Since when, by the engine's clock.
    pub state_since: Timestamp,
    /// Active holds, strictest first.
    pub holds: Vec<Hold>,
    /// The venue has shown that nothing is at work since the kill switch was set, where it is.
    pub kill_verified: bool,
    /// When ledger and venue last agreed, by the engine's clock, as far as known.
    pub reconciled_at: Option<Timestamp>,
    /// Differences between ledger and venue that no rule has resolved, by their names.
    pub mismatches: BTreeMap<&'static str, u64>,
    /// How fresh the market is.
    pub data: DataView,
    /// How the ledger is.
    pub ledger: LedgerView,
    /// What the account is worth.
    pub money: MoneyView,
    /// What the guards measure.
    pub guards: GuardsView,
    /// What is traded.
    pub instruments: Vec<InstrumentView>,
    /// Orders that are not over.
    pub open_orders: Vec<OrderView>,
    /// When something counts as degraded or critical, as last configured.
    pub limits: Arc<HealthSettings>,
    /// What was counted since the start of the process.
    pub counters: Counters,
    /// What the loop's turns took since then.
    pub turns: Histogram,
    /// What came of the alerts that this process sent: by channel, each outcome with how often.
    pub notifications: Vec<(&'static str, [(&'static str, u64); 3])>,
    /// The ways to the venue.
    pub network: NetworkView,
}

/// How fresh the market's data is.
#[derive(Clone, Copy, Debug)]
pub struct DataView {
    /// Age of the newest market data when the view was made.
    pub age: Duration,
    /// From this age on it is stale; none where data is as old as it is: a replay, or a clock of its own.
    pub stale_after: Option<Duration>,
}

/// How the ledger is.
#[derive(Clone, Debug)]
pub struct LedgerView {
    /// How long the last proof of work waits to be durable.
    pub lag: Duration,
    /// Entries are held because it cannot be written.
    pub held: bool,
}

/// What the account is worth, in units of its quote asset.
#[derive(Clone, Copy, Debug)]
pub struct MoneyView {
    /// Cash plus positions at the bid.
    pub equity: Decimal,
    /// The quote asset, all of it.
    pub cash: Decimal,
    /// Positions at the bid.
    pub exposure: Decimal,
    /// Exposure less cost, for lots of known basis.
    pub unrealized: Decimal,
    /// The largest exposure that the limits allow.
    pub exposure_max: Decimal,
}

/// What the account's guards measure, and when they act.
#[derive(Clone, Default, Debug)]
pub struct GuardsView {
    /// What they found; none while the account cannot be valued, or where none of them is on.
    pub measured: Option<MeasuredView>,
    /// What must be reached for a level, by the guard's name.
    pub limits: Vec<(&'static str, Level, Decimal)>,
}

/// The account against what it is compared with.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredView {
    /// The equity at the beginning of the UTC day, in quote units.
    pub open: Decimal,
    /// Lost since then, as a fraction of it.
    pub daily_loss: Decimal,
    /// Lost since the equity's peak, as a fraction of it.
    pub drawdown: Decimal,
    /// Bought and sold in the day, as a multiple of its first equity.
    pub turnover: Decimal,
}

/// One instrument.
#[derive(Clone, Debug)]
pub struct InstrumentView {
    /// Which.
    pub symbol: Symbol,
    /// Last market data, by the engine's clock; none yet.
    pub market_at: Option<Timestamp>,
    /// Held, in base units.
    pub quantity: Decimal,
}

/// An order that is not over.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// Ours.
    pub client_order_id: String,
    /// Buy or sell.
    pub side: Side,
}

#[cfg(test)]
pub(in crate::http) mod tests {
    use super::*;

    /// An agent that is well and holds nothing.
    pub fn view() -> View {
        let money = Decimal::from_int(10_000);
        View {
            run: 1,
            at: Timestamp::from_ms(1_771_532_639_000),
            clock: Some(Timestamp::from_ms(1_771_532_639_000)),
            state: Level::Running,
            state_since: Timestamp::from_ms(1_771_532_600_000),
            holds: Vec::new(),
            kill_verified: false,
            reconciled_at: Some(Timestamp::from_ms(1_771_532_600_000)),
            mismatches: BTreeMap::new(),
            data: DataView { age: Duration::ZERO, stale_after: Some(Duration::from_secs(30)) },
            ledger: LedgerView { lag: Duration::ZERO, held: false },
            money: MoneyView {
                equity: money,
                cash: money,
                exposure: Decimal::ZERO,
                unrealized: Decimal::ZERO,
                exposure_max: Decimal::from_int(6_000),
            },
            guards: GuardsView::default(),
            instruments: vec![InstrumentView {
                symbol: Symbol::new("BTC-USDT").unwrap(),
                market_at: None,
                quantity: Decimal::ZERO,
            }],
            open_orders: Vec::new(),
            limits: crate::config::Settings::defaults().health,
            counters: Counters::default(),
            turns: Histogram::default(),
            notifications: Vec::new(),
            network: NetworkView::default(),
        }
    }
}
