//! An engine that goes on from a ledger, at a venue whose words are the test's.

use std::collections::BTreeMap;

use ibis::domain::balance::Balance;
use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{Execution, ExecutionReport, ReportKind};
use ibis::domain::identifier::{Asset, ClientOrderId, ExecutionId, InstrumentId, VenueOrderId};
use ibis::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use ibis::domain::market_data::{MarketData, MarketEvent, Quote};
use ibis::domain::order::{NewOrder, Purpose, TimeInForce};
use ibis::domain::order_status::OrderStatus;
use ibis::domain::position::{Basis, Lot, Position};
use ibis::domain::record::Record;
use ibis::domain::side::Side;
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Known, KnownPosition, VenueOrderView, VenueSnapshot};
use ibis::engine::working_order::WorkingOrder;
use ibis::engine::{Engine, EngineSettings, invariant};

use crate::simulation::world::{engine_settings, instruments};

/// BTC-USDT: ticks of 0.1, lots of 0.00001.
pub const BTC: InstrumentId = InstrumentId(0);
/// Our entry of [`Rig::entry`].
pub const ENTRY: &str = "sim-1-7";

pub fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub fn asset(code: &str) -> Asset {
    Asset::new(code).unwrap()
}

pub fn btc() -> Instrument {
    let instrument = instruments().swap_remove(BTC.index());
    assert_eq!(instrument.symbol().as_str(), "BTC-USDT");
    instrument
}

/// The engine, what it wants done, and what it is to know.
pub struct Rig {
    pub engine: Engine,
    pub actions: Vec<Action>,
    pub known: Known,
    seconds: i64,
    sequence: u64,
}

impl Rig {
    /// 10000 USDT and nothing else; not started.
    pub fn new() -> Self {
        Self::with(engine_settings(1))
    }

    /// The same with these settings.
    pub fn with(settings: EngineSettings) -> Self {
        let mut known = Known { venue_cursor: 1, ..Known::default() };
        let cash = Balance::new(d("10000"), Decimal::ZERO).unwrap();
        known.balances.insert(asset("USDT"), cash);
        let engine = Engine::new(settings, &instruments());
        Self { engine, actions: Vec::new(), known, seconds: 1, sequence: 1 }
    }

    /// BTC is held, bought at 60000.
    pub fn holding(mut self, quantity: &str) -> Self {
        let quantity = d(quantity);
        let cost = d("60000").mul_exact(quantity).unwrap();
        let lot = Lot {
            quantity,
            cost,
            fee: Decimal::ZERO,
            basis: Basis::Known,
            opened_at: Timestamp::from_us(1),
        };
        self.known.balances.insert(asset("BTC"), Balance::new(quantity, Decimal::ZERO).unwrap());
        self.known.positions.push(KnownPosition {
            instrument: BTC,
            position: Position::new([lot]),
            high_price: None,
            bought: quantity,
            sold: Decimal::ZERO,
            transferred: Decimal::ZERO,
        });
        self
    }

    /// An entry of 100 lots at 60000 is at work.
    pub fn entry(mut self) -> Self {
        let instrument = btc();
        let (price, quantity) = (Ticks::new(600_000), Lots::new(100));
        let hold = instrument.hold(Side::Buy, price, quantity);
        let cash = self.known.balances.get_mut(&hold.0).unwrap();
        cash.place_hold(hold.1).unwrap();
        self.known.orders.push(WorkingOrder {
            client_order_id: ClientOrderId::new(ENTRY).unwrap(),
            instrument: BTC,
            side: Side::Buy,
            purpose: Purpose::Entry,
            price,
            time_in_force: TimeInForce::Gtc,
            post_only: true,
            quantity,
            filled: Lots::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reference_price: price,
            created_at: Timestamp::from_us(1),
            updated_at: Timestamp::from_us(1),
            status: OrderStatus::New,
            venue_order_id: Some(VenueOrderId::new("v-7").unwrap()),
            hold,
        });
        self
    }

    /// Starts at a venue that agrees with the ledger.
    pub fn start(self) -> Self {
        let balances = self.known.balances.clone();
        self.start_at(balances)
    }

    /// Starts at a venue with these balances.
    pub fn start_at(mut self, balances: BTreeMap<Asset, Balance>) -> Self {
        let at_work = |order: &WorkingOrder| VenueOrderView {
            client_order_id: order.client_order_id,
            venue_order_id: order.venue_order_id.unwrap(),
            symbol: btc().symbol(),
            status: order.status,
        };
        let snapshot = VenueSnapshot {
            open_orders: self.known.orders.iter().map(at_work).collect(),
            venue_sequence: self.known.venue_cursor,
            balances,
            ..VenueSnapshot::remembering_all()
        };
        let now = self.now();
        self.engine.restore(self.known.clone(), now, &mut self.actions);
        self.engine.reconcile(&snapshot, now, &mut self.actions);
        self
    }

    /// The instant of the last step.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_us(self.seconds * 1_000_000)
    }

    /// A second later.
    pub fn step(&mut self, event: &Event) {
        let now = self.now();
        self.engine.step(event, now, &mut self.actions);
        assert_eq!(invariant::check(&self.engine), []);
    }

    /// So many seconds pass.
    pub fn pass(&mut self, seconds: i64) {
        self.seconds += seconds;
    }

    /// A second later, BTC is bid at so many ticks.
    pub fn quote(&mut self, bid: i64) {
        self.seconds += 1;
        let size = Lots::new(1_000_000);
        let (bid, ask) = (Ticks::new(bid), Ticks::new(bid + 1));
        let data = MarketData::Quote(Quote { bid, bid_size: size, ask, ask_size: size });
        self.step(&Event::Market(MarketEvent { at: self.now(), instrument: BTC, data }));
    }

    /// The venue says something about an order.
    pub fn report(&mut self, client_order_id: ClientOrderId, kind: ReportKind) {
        let report = ExecutionReport { client_order_id, at: self.now(), kind };
        self.step(&Event::Report(report));
    }

    /// The venue filled so many lots of an order.
    pub fn fill(&mut self, id: ClientOrderId, side: Side, ticks: i64, lots: i64) {
        self.sequence += 1;
        let instrument = btc();
        let (price, quantity) = (Ticks::new(ticks), Lots::new(lots));
        let notional = instrument.notional(price, quantity);
        let execution = Execution {
            execution_id: ExecutionId::new(&self.sequence.to_string()).unwrap(),
            venue_sequence: self.sequence,
            client_order_id: id,
            venue_order_id: VenueOrderId::new("v-7").unwrap(),
            instrument: BTC,
            side,
            price,
            quantity,
            notional,
            fee: instrument.fee(notional, Liquidity::Taker),
            fee_asset: asset("USDT"),
            liquidity: Liquidity::Taker,
            at: self.now(),
        };
        self.report(id, ReportKind::Fill(execution));
    }

    /// Orders sent since the last call.
    pub fn sent(&mut self) -> Vec<NewOrder> {
        let actions = std::mem::take(&mut self.actions);
        let sent = actions.iter().filter_map(|action| match action {
            Action::Submit(order) => Some(*order.get()),
            _ => None,
        });
        sent.collect()
    }

    /// Cancels wanted so far.
    pub fn cancels(&self) -> Vec<&str> {
        let ids = self.actions.iter().filter_map(|action| match action {
            Action::Cancel(id) => Some(id.as_str()),
            _ => None,
        });
        ids.collect()
    }

    /// Facts so far.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.actions.iter().filter_map(|action| match action {
            Action::Record(fact) => Some(&fact.record),
            _ => None,
        })
    }

    /// How much BTC is held.
    pub fn held(&self) -> Decimal {
        self.engine.desks()[BTC.index()].position.quantity()
    }
}
