//! An account on a bench: four instruments, one quote asset, a venue whose word is the test's.

mod periodic;
mod rules;
mod starting;

use std::collections::BTreeMap;

use super::{Known, Movement, Policy, VenueOrderView, VenueSnapshot};
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::{Execution, ExecutionReport, ReportKind};
use crate::domain::hold::Level;
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, InstrumentId, VenueOrderId};
use crate::domain::instrument::tests::{btc, spec};
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::market_data::{MarketData, MarketEvent, Quote};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::Record;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::action::Action;
use crate::engine::event::Event;
use crate::engine::{Engine, EngineSettings, invariant};
use crate::risk::sizing::tests::limits;
use crate::strategy::tests::settings;

pub(super) const BTC: InstrumentId = InstrumentId(0);

pub(super) fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub(super) fn asset(code: &str) -> Asset {
    Asset::new(code).unwrap()
}

pub(super) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

pub(super) struct Bench {
    pub engine: Engine,
    pub actions: Vec<Action>,
    pub now: Timestamp,
    /// What the venue has, by asset.
    pub balances: BTreeMap<Asset, Balance>,
    pub open: Vec<VenueOrderView>,
    pub movements: Vec<Movement>,
    pub executions: Vec<Execution>,
    pub sequence: u64,
}

impl Bench {
    /// An account that holds 1000 USDT and nothing else, agreed about.
    pub fn new(policy: Policy) -> Self {
        let mut bench = Self::unstarted(policy);
        bench.has("USDT", "1000");
        bench.start(Known::default());
        bench.actions.clear();
        bench
    }

    pub fn unstarted(policy: Policy) -> Self {
        let settings = EngineSettings {
            strategy: settings(),
            limits: limits(),
            control: Default::default(),
            guards: Default::default(),
            reconcile: policy,
            instance: "ibis".to_owned(),
            stamp: 7,
        };
        let eth = Instrument::new(spec("ETH-USDT", "0.01", "0.0001")).unwrap();
        let other = Instrument::new(spec("ETH-USDC", "0.01", "0.0001")).unwrap();
        let sol = Instrument::new(spec("SOL-USDT", "0.01", "0.0001")).unwrap();
        Self {
            engine: Engine::new(settings, &[btc(), eth, sol, other]),
            actions: Vec::new(),
            now: Timestamp::from_us(1_000_000_000),
            balances: BTreeMap::new(),
            open: Vec::new(),
            movements: Vec::new(),
            executions: Vec::new(),
            sequence: 0,
        }
    }

    pub fn has(&mut self, code: &str, total: &str) {
        self.balances.insert(asset(code), Balance::new(d(total), Decimal::ZERO).unwrap());
    }

    pub fn moved(&mut self, id: &str, code: &str, amount: &str, kind: &str) {
        let (id, kind) = (id.to_owned(), kind.to_owned());
        let at = self.now;
        self.movements.push(Movement { id, asset: asset(code), amount: d(amount), kind, at });
    }

    pub fn start(&mut self, known: Known) {
        self.engine.restore(known, self.now, &mut self.actions);
        let snapshot = self.snapshot();
        self.engine.reconcile(&snapshot, self.now, &mut self.actions);
        self.check();
    }

    /// A minute later, a view of the venue as it is.
    pub fn look(&mut self) {
        self.now = self.now + std::time::Duration::from_secs(60);
        let snapshot = self.snapshot();
        self.step(&Event::Account(Box::new(snapshot)));
    }

    pub fn snapshot(&self) -> VenueSnapshot {
        VenueSnapshot {
            asked_at: self.now,
            open_orders: self.open.clone(),
            executions: self.executions.clone(),
            venue_sequence: self.sequence,
            balances: self.balances.clone(),
            movements: Some(self.movements.clone()),
            ..VenueSnapshot::remembering_all()
        }
    }

    pub fn step(&mut self, event: &Event) {
        self.engine.step(event, self.now, &mut self.actions);
        self.check();
    }

    fn check(&self) {
        let mut violations = invariant::check(&self.engine);
        // Money may be owed until the venue says where it came from.
        violations.retain(|it| it.invariant != "available_not_negative");
        assert_eq!(violations, []);
    }

    pub fn quote(&mut self, id: InstrumentId, bid: i64) {
        let (bid, ask) = (Ticks::new(bid), Ticks::new(bid + 1));
        let size = Lots::new(1_000_000);
        let data = MarketData::Quote(Quote { bid, bid_size: size, ask, ask_size: size });
        self.step(&Event::Market(MarketEvent { at: self.now, instrument: id, data }));
    }

    /// A fill of BTC that nobody here asked for.
    pub fn fill(&mut self, side: Side, price: &str, quantity: &str) {
        self.sequence += 1;
        let instrument = btc();
        let (price, lots) = (d(price), instrument.quantity(d(quantity)).unwrap());
        let ticks = instrument.price(price).unwrap();
        let id = ClientOrderId::new("manual").unwrap();
        let execution = Execution {
            execution_id: ExecutionId::new(&self.sequence.to_string()).unwrap(),
            venue_sequence: self.sequence,
            client_order_id: id,
            venue_order_id: VenueOrderId::new("9").unwrap(),
            instrument: BTC,
            side,
            price: ticks,
            quantity: lots,
            notional: instrument.notional(ticks, lots),
            fee: Decimal::ZERO,
            fee_asset: asset("USDT"),
            liquidity: Liquidity::Taker,
            at: self.now,
        };
        let kind = ReportKind::Fill(execution);
        self.step(&Event::Report(ExecutionReport { client_order_id: id, at: self.now, kind }));
    }

    pub fn works(&mut self, id: &str, code: &str) {
        self.open.push(VenueOrderView {
            client_order_id: ClientOrderId::new(id).unwrap(),
            venue_order_id: VenueOrderId::new("1").unwrap(),
            symbol: symbol(code),
            status: OrderStatus::New,
        });
    }

    pub fn level(&self, code: &str) -> Level {
        self.engine.holds().level_for(symbol(code))
    }

    pub fn total(&self, code: &str) -> Decimal {
        self.engine.balances().get(&asset(code)).copied().unwrap_or_default().total()
    }

    pub fn btc(&self) -> Decimal {
        self.engine.desks()[0].position.quantity()
    }

    /// Transfers since the last call: asset, amount, kind.
    pub fn transfers(&mut self) -> Vec<String> {
        self.take(|record| {
            let Record::Transfer(it) = record else { return None };
            Some(format!("{} {} {}", it.asset, it.amount, it.kind))
        })
    }

    /// Surprises since the last call.
    pub fn surprises(&mut self) -> Vec<String> {
        self.take(|record| {
            let Record::Surprise(it) = record else { return None };
            Some(format!("{} {}", it.code, it.subject))
        })
    }

    fn take(&mut self, find: impl Fn(&Record) -> Option<String>) -> Vec<String> {
        let mut found = Vec::new();
        self.actions.retain(|action| match action {
            Action::Record(fact) => match find(&fact.record) {
                Some(text) => {
                    found.push(text);
                    false
                }
                None => true,
            },
            Action::Project(_) | Action::Submit(_) | Action::Cancel(_) | Action::CancelAll => true,
        });
        found
    }

    pub fn canceled(&self) -> Vec<&str> {
        let ids = self.actions.iter().filter_map(|action| match action {
            Action::Cancel(id) => Some(id.as_str()),
            Action::Record(_) | Action::Project(_) | Action::Submit(_) | Action::CancelAll => None,
        });
        ids.collect()
    }
}
