//! What the agent looks at from time to time, as `exchange::kucoin::venue::watch` does, more often.

use std::collections::BTreeSet;
use std::time::Duration;

use ibis::domain::hold::HoldCode;
use ibis::domain::identifier::InstrumentId;
use ibis::exchange::kucoin::order_tracker::Moment;
use ibis::exchange::kucoin::protocol::status::ServiceState;
use ibis::exchange::kucoin::rest::Failure;

use super::ask::{Answer, Ask};
use super::shell::Agent;

/// Distances of the looks. Sweeps come every 300 s in earnest.
const SYMBOL_EVERY: Duration = Duration::from_secs(20);
const TROUBLE_EVERY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(40);
/// A third of the switch's timeout.
const PROVE_EVERY: Duration = Duration::from_secs(10);
/// The switch's timeout, in seconds.
const DEAD_MAN_S: i64 = 30;
/// Requests in a row without an answer, after which the venue counts as away.
const UNANSWERED_MAX: u32 = 3;

/// What the looks know.
pub struct Watch {
    pub private_up: bool,
    pub unlisted: BTreeSet<InstrumentId>,
    maintenance: Option<String>,
    unanswered: u32,
    turn: usize,
    symbol_due: Duration,
    trouble_due: Duration,
    sweep_due: Duration,
    prove_due: Duration,
    proving: bool,
    /// The agent's clock is too far from the venue's.
    pub skewed: bool,
}

impl Watch {
    pub fn new(now: Duration, private_up: bool) -> Self {
        Self {
            private_up,
            unlisted: BTreeSet::new(),
            maintenance: None,
            unanswered: 0,
            turn: 0,
            symbol_due: now,
            trouble_due: now,
            sweep_due: now + SWEEP_EVERY,
            prove_due: now,
            proving: false,
            skewed: false,
        }
    }

    pub fn sweep_soon(&mut self, now: Duration) {
        self.sweep_due = self.sweep_due.min(now + TROUBLE_EVERY);
    }

    pub fn next_due(&self) -> Duration {
        let dues = [self.symbol_due, self.trouble_due, self.sweep_due];
        dues.into_iter().min().unwrap()
    }

    fn unavailable(&self) -> Option<&'static str> {
        if self.maintenance.is_some() {
            return Some("the venue does not serve");
        }
        if self.unanswered >= UNANSWERED_MAX {
            return Some("the venue does not answer");
        }
        if !self.private_up {
            return Some("no private messages");
        }
        (!self.unlisted.is_empty()).then_some("fills are being listed")
    }
}

fn is_due(due: &mut Duration, every: Duration, now: Duration) -> bool {
    let is_due = now >= *due;
    if is_due {
        *due = now + every;
    }
    is_due
}

impl Agent {
    pub(super) fn look(&mut self, now: Moment) {
        let elapsed = now.elapsed;
        if is_due(&mut self.watch.symbol_due, SYMBOL_EVERY, elapsed) {
            let turn = self.watch.turn % self.instruments.len();
            self.watch.turn = turn + 1;
            self.asks.push(Ask::Symbol(InstrumentId(u16::try_from(turn).unwrap())));
        }
        if is_due(&mut self.watch.sweep_due, SWEEP_EVERY, elapsed) {
            self.sweep_all();
        }
        if elapsed >= self.watch.prove_due && !self.watch.proving {
            self.watch.proving = true;
            self.watch.prove_due = elapsed + PROVE_EVERY;
            self.asks.push(Ask::DeadMan(DEAD_MAN_S));
        }
        if is_due(&mut self.watch.trouble_due, TROUBLE_EVERY, elapsed) {
            self.asks.push(Ask::Service);
            for symbol in self.conditions.scopes(HoldCode::InstrumentHalted) {
                if let Some(id) = self.id_of(symbol) {
                    self.asks.push(Ask::Symbol(id));
                }
            }
        }
        let conditions = &mut self.conditions;
        match self.watch.skewed {
            true => conditions.set(None, HoldCode::ClockSkew, "this clock is off"),
            false => conditions.clear(None, HoldCode::ClockSkew),
        }
        match self.watch.unavailable() {
            Some(why) => conditions.set(None, HoldCode::VenueUnavailable, why),
            None => conditions.clear(None, HoldCode::VenueUnavailable),
        }
    }

    pub(super) fn sweep_all(&mut self) {
        for (id, since) in (0u16..).map(InstrumentId).zip(self.swept_until.clone()) {
            self.asks.push(Ask::Sweep(id, since));
        }
    }

    pub(super) fn on_look(&mut self, ask: &Ask, answer: Answer, now: Moment) {
        match (ask, answer) {
            (Ask::Service, Answer::Service(Ok(service))) => {
                let open = service.status == ServiceState::Open;
                self.watch.maintenance = (!open).then(|| service.status.to_string());
            }
            (Ask::Symbol(id), Answer::Symbol(outcome)) => match outcome {
                Ok(row) if !row.enable_trading => self.halted(*id, "does not trade"),
                Ok(_) => {
                    let symbol = self.instruments[id.index()].symbol();
                    self.conditions.clear(Some(symbol), HoldCode::InstrumentHalted);
                }
                Err(Failure::NotFound(_) | Failure::Rejected(_) | Failure::Halted(_)) => {
                    self.halted(*id, "is listed no more");
                }
                Err(_) => {}
            },
            (Ask::DeadMan(_), Answer::DeadMan(outcome)) => {
                self.watch.proving = false;
                if outcome.is_err() {
                    self.watch.prove_due = now.elapsed + Duration::from_secs(1);
                }
            }
            _ => {}
        }
    }

    fn halted(&mut self, id: InstrumentId, why: &str) {
        self.halt(id, HoldCode::InstrumentHalted, why.to_owned());
    }

    pub(super) fn halt(&mut self, id: InstrumentId, code: HoldCode, why: String) {
        let symbol = self.instruments[id.index()].symbol();
        self.conditions.set(Some(symbol), code, why);
    }

    /// What the outcome of a call says about the venue, and about an instrument.
    pub(super) fn note(&mut self, ask: &Ask, failure: Option<&Failure>) {
        let instrument = match ask {
            Ask::Place(_, id, _) | Ask::Cancel(_, id) => Some(*id),
            _ => None,
        };
        match failure {
            None => self.watch.unanswered = 0,
            Some(Failure::Maintenance(_)) => {
                self.watch.maintenance.get_or_insert_with(|| "maintenance".to_owned());
            }
            Some(Failure::Unavailable(_) | Failure::Unresolved(_)) => self.watch.unanswered += 1,
            Some(Failure::Halted(_)) => {
                if let Some(id) = instrument {
                    self.halted(id, "refuses orders");
                }
            }
            Some(Failure::Rejected(_)) => {
                if let Some(id) = instrument {
                    self.asks.push(Ask::Symbol(id));
                }
            }
            Some(_) => {}
        }
    }
}
