//! What the agent looks at from time to time, as `exchange::kucoin::venue::watch` does, more often.

use std::time::Duration;

use ibis::domain::hold::HoldCode;
use ibis::domain::identifier::InstrumentId;
use ibis::exchange::kucoin::order_tracker::Moment;
use ibis::exchange::kucoin::protocol::status::ServiceState;
use ibis::exchange::kucoin::rest::Failure;

use super::ask::{Answer, Ask};
use super::shell::Agent;

/// Distances of the looks.
const SYMBOL_EVERY: Duration = Duration::from_secs(20);
const TROUBLE_EVERY: Duration = Duration::from_secs(5);
/// The account is looked at as a whole this often ...
const SURVEY_EVERY: Duration = Duration::from_secs(25);
/// ... and where something about it is in doubt.
const DOUBT_EVERY: Duration = Duration::from_secs(5);
/// A third of the switch's timeout.
const PROVE_EVERY: Duration = Duration::from_secs(10);
/// The switch's timeout, in seconds.
const DEAD_MAN_S: i64 = 30;
/// Requests in a row without an answer, after which the venue counts as away.
const UNANSWERED_MAX: u32 = 3;

/// What the looks know.
pub struct Watch {
    pub private_up: bool,
    pub unlisted_since: Option<Duration>,
    maintenance: Option<String>,
    unanswered: u32,
    turn: usize,
    symbol_due: Duration,
    trouble_due: Duration,
    pub survey_due: Duration,
    surveying: bool,
    doubted: bool,
    prove_due: Duration,
    proving: bool,
    /// The agent's clock is too far from the venue's.
    pub skewed: bool,
}

impl Watch {
    pub fn new(now: Duration, private_up: bool) -> Self {
        Self {
            private_up,
            unlisted_since: None,
            maintenance: None,
            unanswered: 0,
            turn: 0,
            symbol_due: now,
            trouble_due: now,
            survey_due: now + DOUBT_EVERY,
            surveying: false,
            doubted: false,
            prove_due: now,
            proving: false,
            skewed: false,
        }
    }

    /// Something about the account is in doubt, or no more.
    pub fn doubt(&mut self, doubted: bool, now: Duration) {
        if doubted && !self.doubted {
            self.survey_due = self.survey_due.min(now + DOUBT_EVERY);
        }
        self.doubted = doubted;
    }

    /// A look at the account that was asked for then is over.
    pub fn surveyed(&mut self, asked: Duration, whole: bool, now: Moment) {
        self.surveying = false;
        if !whole {
            self.survey_due = now.elapsed + TROUBLE_EVERY;
            return;
        }
        let wait = if self.doubted { DOUBT_EVERY } else { SURVEY_EVERY };
        self.survey_due = self.survey_due.max(asked + wait);
        if self.unlisted_since.is_some_and(|since| asked >= since) {
            self.unlisted_since = None;
        } else if self.unlisted_since.is_some() {
            self.survey_due = now.elapsed;
        }
    }

    pub fn next_due(&self) -> Duration {
        let survey = (!self.surveying).then_some(self.survey_due);
        let dues = [Some(self.symbol_due), Some(self.trouble_due), survey];
        dues.into_iter().flatten().min().unwrap()
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
        self.unlisted_since.map(|_| "fills are being listed")
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
        if elapsed >= self.watch.survey_due && !self.watch.surveying {
            self.watch.surveying = true;
            self.survey = Some(self.survey_plan(self.watch.doubted, now));
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
