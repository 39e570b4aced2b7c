//! The engine alone, at a venue and in a market whose every word is the test's.

mod auditing;
mod clockwork;
mod entering;
mod force_exit;
mod guarding;
mod guarding_orders;
mod holding;
mod reporting;

use ibis::domain::identifier::InstrumentId;
use ibis::domain::instrument::{Lots, Ticks};
use ibis::domain::market_data::{Candle, MarketData, MarketEvent, Quote, Trade};
use ibis::domain::record::Projection;
use ibis::domain::time::Timestamp;
use ibis::engine::EngineSettings;
use ibis::engine::action::Action;
use ibis::engine::event::Event;

use crate::incidents::rig::Rig;
use crate::simulation::world::{engine_settings, instruments};

/// ETH-USDT at this bid, in its ticks.
const ETH_BID: i64 = 300_000;

/// A strategy that enters at the first candle that closes above the one before.
fn quick() -> EngineSettings {
    let mut settings = engine_settings(1);
    settings.strategy.fast_candles = 1;
    settings.strategy.slow_candles = 2;
    settings
}

fn eth() -> InstrumentId {
    let at = instruments().iter().position(|it| it.symbol().as_str() == "ETH-USDT").unwrap();
    InstrumentId(u16::try_from(at).unwrap())
}

fn candle(close: i64) -> Candle {
    let price = Ticks::new(close);
    let open_at = Timestamp::default();
    Candle { open_at, open: price, high: price, low: price, close: price, volume: Lots::new(1) }
}

/// Somebody traded at this price.
fn print(price: i64) -> MarketData {
    MarketData::Trade(Trade { price: Ticks::new(price), size: Lots::new(1), aggressor: None })
}

/// Something happens in the market of an instrument, now.
fn market(rig: &mut Rig, instrument: InstrumentId, data: MarketData) {
    let at = rig.now();
    rig.step(&Event::Market(MarketEvent { at, instrument, data }));
}

fn quote(rig: &mut Rig, instrument: InstrumentId, bid: i64) {
    let size = Lots::new(1_000_000);
    let (bid, ask) = (Ticks::new(bid), Ticks::new(bid + 1));
    market(rig, instrument, MarketData::Quote(Quote { bid, bid_size: size, ask, ask_size: size }));
}

/// Candles that fall and then rise: the last one is a signal to enter.
fn signal(rig: &mut Rig, instrument: InstrumentId) {
    for close in [100, 99, 98, 101] {
        market(rig, instrument, MarketData::Candle(candle(close)));
    }
}

/// Why entries were refused so far, in order.
fn refusals(rig: &Rig) -> Vec<&'static str> {
    let codes = rig.actions.iter().filter_map(|action| match action {
        Action::Project(Projection::Refused { code, .. }) => Some(*code),
        _ => None,
    });
    codes.collect()
}
