//! A market, a venue and an engine in one deterministic loop, with faults between the two.

use std::collections::BTreeMap;

use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::{Asset, ClientOrderId};
use ibis::domain::instrument::Instrument;
use ibis::domain::record::{Fact, FillRecord, Projection};
use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Known, Policy, VenueOrderView, VenueSnapshot};
use ibis::engine::{Engine, EngineSettings, invariant};
use ibis::exchange::Venue;
use ibis::exchange::paper::{PaperSettings, PaperVenue, VenueOrder};
use ibis::market::Synthetic;
use ibis::risk::limit::Limits;
use ibis::strategy::StrategySettings;

/// What goes wrong between engine and venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every report comes twice.
    DuplicateReports,
    /// One report in so many is lost.
    LoseReports { one_in: u64 },
    /// One order in so many is written down but never sent.
    DropSubmits { one_in: u64 },
}

/// Everything, at one instant.
pub struct World {
    pub engine: Engine,
    pub facts: Vec<Fact>,
    pub lost: u64,
    pub dropped: u64,
    venue: PaperVenue,
    market: Synthetic,
    fault: Fault,
    now: Timestamp,
    reports: u64,
    submits: u64,
    filled: BTreeMap<ClientOrderId, (Decimal, bool)>,
}

fn ratio(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Where every world begins.
fn start() -> Timestamp {
    Timestamp::from_ms(1_767_225_600_000)
}

/// The instruments of every world.
pub fn instruments() -> Vec<Instrument> {
    Synthetic::new(1, start()).instruments().to_vec()
}

/// Settings under which every kind of exit happens within hours.
pub fn engine_settings(seed: u64) -> EngineSettings {
    EngineSettings {
        strategy: StrategySettings {
            fast_candles: 3,
            slow_candles: 8,
            candle_interval_us: 60_000_000,
            stop_loss: ratio("0.005"),
            take_profit: ratio("0.004"),
            trailing_activation: ratio("0.002"),
            trailing_distance: ratio("0.001"),
            exit_on_cross: true,
            hold_max_us: 600_000_000,
            entry_takes: seed.is_multiple_of(2),
            entry_ttl_us: 60_000_000,
            entry_soft_ttl_us: 45_000_000,
            exit_slippage_max: ratio("0.05"),
            reentry_cooldown_us: 75_000_000,
        },
        limits: Limits {
            notional_min: ratio("11"),
            notional_max: ratio("2000"),
            risk_per_trade: ratio("0.015"),
            exposure_max_instrument: ratio("0.15"),
            exposure_max_total: ratio("0.6"),
            open_positions_max: 8,
            cash_reserve: ratio("0.02"),
        },
        instance: "sim".to_owned(),
        control: Default::default(),
        guards: Default::default(),
        reconcile: Policy::default(),
        stamp: 1,
    }
}

impl World {
    /// A world of its own for a seed, reconciled and ready.
    pub fn new(seed: u64, fault: Fault) -> Self {
        let start = start();
        let market = Synthetic::new(seed, start);
        let engine = Engine::new(engine_settings(seed), market.instruments());
        let deposits = [(Asset::new("USDT").unwrap(), Decimal::from_int(10_000))];
        let delays = PaperSettings { seed, ..PaperSettings::default() };
        let venue = PaperVenue::new(market.instruments().to_vec(), delays, &deposits);
        let mut world = Self {
            engine,
            facts: Vec::new(),
            lost: 0,
            dropped: 0,
            venue,
            market,
            fault,
            now: start,
            reports: 0,
            submits: 0,
            filled: BTreeMap::new(),
        };
        let mut actions = Vec::new();
        world.engine.restore(Known::default(), start, &mut actions);
        world.perform(actions);
        world.reconcile();
        world
    }

    /// Turns the world on; checks every invariant of both sides after every step that did something.
    pub fn run_hours(&mut self, hours: i64) {
        let end = Timestamp::from_us(self.now.us() + hours * 3_600_000_000);
        loop {
            let event = self.market.next();
            if event.at > end {
                return;
            }
            self.turn_until(event.at);
            self.now = event.at;
            self.venue.on_market(&event);
            let filled = !self.venue.take_changes().is_empty();
            if self.step(&Event::Market(event)) || filled {
                self.check();
            }
        }
    }

    /// What happens between two market events: arrivals, reports, deadlines.
    fn turn_until(&mut self, until: Timestamp) {
        loop {
            let venue = self.venue.next_due();
            let timer = self.engine.next_deadline();
            let Some(at) = [venue, timer].into_iter().flatten().min().filter(|at| *at <= until)
            else {
                return;
            };
            self.now = self.now.max(at);
            if venue.is_some_and(|venue| venue <= at) {
                self.turn_venue();
            } else {
                self.step(&Event::Timer);
            }
            self.check();
        }
    }

    fn turn_venue(&mut self) {
        self.venue.advance(self.now);
        let mut reports = Vec::new();
        self.venue.take_reports(self.now, &mut reports);
        for report in reports {
            self.reports += 1;
            match self.fault {
                Fault::LoseReports { one_in } if self.reports.is_multiple_of(one_in) => {
                    self.lost += 1;
                    continue;
                }
                Fault::DuplicateReports => {
                    self.step(&Event::Report(report.clone()));
                }
                Fault::None | Fault::LoseReports { .. } | Fault::DropSubmits { .. } => {}
            }
            self.step(&Event::Report(report));
        }
    }

    /// True where the engine wanted something done.
    fn step(&mut self, event: &Event) -> bool {
        let mut actions = Vec::new();
        self.engine.step(event, self.now, &mut actions);
        let acted = !actions.is_empty();
        self.perform(actions);
        acted
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Record(fact) => self.facts.push(fact),
                Action::Project(Projection::Order(order)) => {
                    let over = order.status.is_terminal();
                    self.filled.insert(order.client_order_id, (order.filled, over));
                }
                Action::Project(_) => {}
                Action::Submit(order) => {
                    self.submits += 1;
                    match self.fault {
                        Fault::DropSubmits { one_in } if self.submits.is_multiple_of(one_in) => {
                            self.dropped += 1;
                        }
                        _ => Venue::submit(&mut self.venue, &order, self.now),
                    }
                }
                Action::Cancel(id) => Venue::cancel(&mut self.venue, id, self.now),
                Action::CancelAll => Venue::cancel_all(&mut self.venue, self.now),
            }
        }
    }

    /// Both sides keep their laws; with nothing lost in between, both see no surprise.
    fn check(&self) {
        let violations = invariant::check(&self.engine);
        assert!(violations.is_empty(), "at {}: {violations:?}", self.now);
        let violations = self.venue.check();
        assert!(violations.is_empty(), "at {}: {violations:?}", self.now);
    }

    /// As at a start: what the venue says is booked.
    pub fn reconcile(&mut self) {
        let ids: Vec<ClientOrderId> =
            self.engine.open_orders().map(|order| order.client_order_id).collect();
        let ended =
            ids.iter().filter_map(|id| self.venue.order(id)).filter(|order| !order.is_open());
        let snapshot = VenueSnapshot {
            open_orders: self.venue.open_orders().map(|order| self.view(order)).collect(),
            ended_orders: ended.map(|order| self.view(order)).collect(),
            executions: self
                .venue
                .executions_since(self.engine.venue_cursor())
                .unwrap()
                .copied()
                .collect(),
            venue_sequence: self.venue.venue_sequence(),
            balances: self.venue.balances().clone(),
            ..VenueSnapshot::remembering_all()
        };
        let mut actions = Vec::new();
        let differences = self.engine.reconcile(&snapshot, self.now, &mut actions);
        assert_eq!(differences, [], "at {}", self.now);
        self.perform(actions);
        self.check();
    }

    /// Cash, holdings and holds are equal to the last unit, once nothing is in flight.
    pub fn assert_agrees_with_the_venue(&mut self) {
        while let Some(at) = self.venue.next_due() {
            self.now = self.now.max(at);
            self.turn_venue();
        }
        if self.lost > 0 || self.dropped > 0 {
            self.reconcile();
        }
        let ours = self.engine.balances();
        for (asset, theirs) in self.venue.balances() {
            assert_eq!(ours.get(asset).copied().unwrap_or_default(), *theirs, "{asset}");
        }
        let surprises: Vec<_> = self
            .facts
            .iter()
            .filter(|fact| matches!(fact.record, ibis::domain::record::Record::Surprise(_)))
            .collect();
        assert!(surprises.is_empty(), "{surprises:?}");
    }

    fn view(&self, order: &VenueOrder) -> VenueOrderView {
        VenueOrderView {
            client_order_id: order.client_order_id,
            venue_order_id: order.venue_order_id,
            symbol: self.market.instruments()[order.instrument.index()].symbol(),
            status: order.status,
        }
    }

    /// True where the order's fills ended it.
    pub fn is_over(&self, id: ClientOrderId) -> bool {
        self.filled.get(&id).is_some_and(|(_, over)| *over)
    }

    /// True where this is the fill that ended its order.
    pub fn left_after(&self, fill: &FillRecord) -> bool {
        let filled: Decimal = self
            .facts
            .iter()
            .filter_map(|fact| match &fact.record {
                ibis::domain::record::Record::Fill(other)
                    if other.client_order_id == fill.client_order_id
                        && other.venue_sequence <= fill.venue_sequence =>
                {
                    Some(other.quantity)
                }
                _ => None,
            })
            .sum();
        self.filled.get(&fill.client_order_id).is_some_and(|(total, _)| *total == filled)
    }
}
