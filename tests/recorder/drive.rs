//! A recorded engine between the synthetic market and the paper venue, in one deterministic loop.

use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::Asset;
use ibis::domain::time::Timestamp;
use ibis::engine::EngineSettings;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Known, VenueSnapshot};
use ibis::exchange::Venue;
use ibis::exchange::paper::{PaperSettings, PaperVenue};
use ibis::market::Synthetic;
use ibis::recorder::header::Fresh;
use ibis::recorder::recorded_engine::RecordedEngine;
use ibis::recorder::recording::Recorder;

use crate::simulation::world::engine_settings;

/// Inputs between two flushes.
const TURN: usize = 50;

/// Where every world begins.
pub fn start() -> Timestamp {
    Timestamp::from_ms(1_767_225_600_000)
}

/// Settings under which every kind of exit happens within hours.
fn settings(seed: u64) -> EngineSettings {
    EngineSettings { instance: "box".to_owned(), ..engine_settings(seed) }
}

/// What the engine of a seed is built from.
pub fn fresh(seed: u64) -> Fresh {
    let instruments = Synthetic::new(seed, start()).instruments().to_vec();
    Fresh { settings: settings(seed), instruments, traded: Vec::new() }
}

/// An engine at work.
pub struct World {
    pub engine: RecordedEngine,
    venue: PaperVenue,
    market: Synthetic,
    taken: Vec<(Event, Timestamp, Vec<Action>)>,
}

impl World {
    /// A world of its own for a seed, reconciled and ready.
    pub fn new(seed: u64, recorder: Option<Recorder>) -> Self {
        let market = Synthetic::new(seed, start());
        let deposits = [(Asset::new("USDT").unwrap(), Decimal::from_int(10_000))];
        let delays = PaperSettings { seed, ..PaperSettings::default() };
        let venue = PaperVenue::new(market.instruments().to_vec(), delays, &deposits);
        let mut engine = RecordedEngine::new(fresh(seed).engine().unwrap(), recorder);
        let mut actions = Vec::new();
        engine.restore(Known::default(), start(), &mut actions);
        let balances = venue.balances().clone();
        let snapshot = VenueSnapshot { balances, ..VenueSnapshot::default() };
        assert_eq!(engine.reconcile(&snapshot, start(), &mut actions), []);
        Self { engine, venue, market, taken: Vec::new() }
    }

    /// Takes so many market events, and what the venue says in between.
    pub fn run(&mut self, events: usize) {
        for turn in 0..events {
            let event = self.market.next();
            self.venue_until(event.at);
            self.venue.on_market(&event);
            drop(self.venue.take_changes());
            self.step(Event::Market(event), event.at);
            if turn % TURN == 0 {
                self.engine.flush();
            }
        }
        self.taken.clear();
    }

    /// The same, and returns what was taken: events, instants, and what was done.
    pub fn fork(&mut self, events: usize) -> Vec<(Event, Timestamp, Vec<Action>)> {
        for _ in 0..events {
            let event = self.market.next();
            self.venue_until(event.at);
            self.venue.on_market(&event);
            drop(self.venue.take_changes());
            self.step(Event::Market(event), event.at);
        }
        std::mem::take(&mut self.taken)
    }

    fn venue_until(&mut self, until: Timestamp) {
        while let Some(at) = self.venue.next_due().filter(|at| *at <= until) {
            self.venue.advance(at);
            drop(self.venue.take_changes());
            let mut reports = Vec::new();
            self.venue.take_reports(at, &mut reports);
            for report in reports {
                self.step(Event::Report(report), at);
            }
        }
        while let Some(at) = self.engine.next_deadline().filter(|at| *at <= until) {
            self.step(Event::Timer, at);
        }
    }

    fn step(&mut self, event: Event, now: Timestamp) {
        let mut actions = Vec::new();
        self.engine.step(&event, now, &mut actions);
        for action in &actions {
            match action {
                Action::Submit(order) => Venue::submit(&mut self.venue, order, now),
                Action::Cancel(id) => Venue::cancel(&mut self.venue, *id, now),
                Action::CancelAll => Venue::cancel_all(&mut self.venue, now),
                Action::Record(_) | Action::Project(_) => {}
            }
        }
        self.taken.push((event, now, actions));
    }
}
