//! What is looked at from time to time, whatever the orders do: the venue's service state, halted or
//! changed instruments, fills nobody told, the key after it was refused.

use std::collections::BTreeSet;
use std::time::Duration;

use super::KucoinVenue;
use super::answer::Answer;
use crate::domain::hold::HoldCode;
use crate::domain::identifier::InstrumentId;
use crate::exchange::kucoin::order_tracker::Moment;
use crate::exchange::kucoin::rest::{Failure, SkewVerdict};

/// One instrument's row is read this often, each in its turn: 3 % of the public quota. A refused order
/// reads its instrument's row at once.
const SYMBOL_EVERY: Duration = Duration::from_secs(2);
/// The service state, halted instruments and a refused key are looked at this often.
const TROUBLE_EVERY: Duration = Duration::from_secs(5);
/// All fills since the last sweep are listed this often, pushes or not.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// The venue's clock is read this often.
const CLOCK_EVERY: Duration = Duration::from_secs(300);
/// Requests in a row without an answer, after which the venue counts as away.
const UNANSWERED_MAX: u32 = 3;

/// What the looks know.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Private messages come.
    pub private_up: bool,
    /// Instruments whose fills of the time without messages are not listed yet: entries wait.
    pub unlisted: BTreeSet<InstrumentId>,
    /// The venue says that it does not serve; its words.
    pub maintenance: Option<String>,
    /// Requests in a row without an answer.
    unanswered: u32,
    symbol_due: Duration,
    /// Whose row is read next.
    symbol_turn: usize,
    trouble_due: Duration,
    sweep_due: Duration,
    clock_due: Duration,
}

impl Watch {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            private_up: false,
            unlisted: BTreeSet::new(),
            maintenance: None,
            unanswered: 0,
            symbol_due: now,
            symbol_turn: 0,
            trouble_due: now,
            sweep_due: now + SWEEP_EVERY,
            clock_due: now + CLOCK_EVERY,
        }
    }

    /// Why the venue cannot be traded at, if so.
    fn unavailable(&self) -> Option<String> {
        if let Some(words) = &self.maintenance {
            return Some(format!("the venue does not serve: {words}"));
        }
        if self.unanswered >= UNANSWERED_MAX {
            return Some("the venue does not answer".to_owned());
        }
        if !self.private_up {
            return Some("no private messages from the venue".to_owned());
        }
        let listing = !self.unlisted.is_empty();
        listing.then(|| "fills of the time without messages are being listed".to_owned())
    }
}

/// True once an interval.
fn is_due(due: &mut Duration, every: Duration, now: Duration) -> bool {
    let is_due = now >= *due;
    if is_due {
        *due = now + every;
    }
    is_due
}

impl KucoinVenue {
    /// Looks at what is due, and says what is wrong with the venue.
    pub(super) fn look(&mut self, now: Moment) {
        let elapsed = now.elapsed;
        if is_due(&mut self.watch.symbol_due, SYMBOL_EVERY, elapsed) {
            let turn = self.watch.symbol_turn % self.instruments.len().max(1);
            self.watch.symbol_turn = turn + 1;
            self.ask_symbol(turn);
        }
        if is_due(&mut self.watch.sweep_due, SWEEP_EVERY, elapsed) {
            self.sweep_all();
        }
        if is_due(&mut self.watch.clock_due, CLOCK_EVERY, elapsed) {
            let rest = self.rest.clone();
            self.spawn(async move { Answer::Clock(rest.resync().await) });
        }
        if is_due(&mut self.watch.trouble_due, TROUBLE_EVERY, elapsed) {
            self.look_at_trouble();
        }
        if let Some(skew) = self.rest.clock_skew() {
            if skew.verdict == SkewVerdict::Hold {
                let reason = format!("this clock is {} ms off the venue's", skew.offset_us / 1_000);
                self.conditions.set(None, HoldCode::ClockSkew, reason);
            } else {
                self.conditions.clear(None, HoldCode::ClockSkew);
            }
        }
        match self.watch.unavailable() {
            Some(why) => self.conditions.set(None, HoldCode::VenueUnavailable, why),
            None => self.conditions.clear(None, HoldCode::VenueUnavailable),
        }
    }

    fn look_at_trouble(&mut self) {
        let rest = self.rest.clone();
        self.spawn(async move { Answer::Service(rest.service_status().await) });
        if self.conditions.is_set(None, HoldCode::VenueUnauthorized) {
            let rest = self.rest.clone();
            self.spawn(async move { Answer::Key(rest.api_key().await.map(drop)) });
        }
        for symbol in self.conditions.scopes(HoldCode::InstrumentHalted) {
            if let Some(id) = self.id_of(symbol) {
                self.ask_symbol(id.index());
            }
        }
    }

    fn ask_symbol(&mut self, index: usize) {
        let Ok(id) = u16::try_from(index).map(InstrumentId) else { return };
        let Some(symbol) = self.symbol_of(id) else { return };
        let rest = self.rest.clone();
        self.spawn(async move { Answer::Symbol(id, rest.symbol(symbol.as_str()).await) });
    }

    /// Lists the fills of every instrument since its last list.
    pub(super) fn sweep_all(&mut self) {
        for (index, since) in self.swept_until.clone().into_iter().enumerate() {
            let Ok(id) = u16::try_from(index).map(InstrumentId) else { continue };
            let Some(symbol) = self.symbol_of(id) else { continue };
            let rest = self.rest.clone();
            self.spawn(
                async move { Answer::Swept(id, rest.fills_since(symbol.as_str(), since).await) },
            );
        }
    }

    /// A list of fills was not to be had: all are asked for again soon.
    pub(super) fn sweep_soon(&mut self, now: Moment) {
        self.watch.sweep_due = self.watch.sweep_due.min(now.elapsed + TROUBLE_EVERY);
    }

    /// What the outcome of a request says about the venue itself, and about an instrument.
    pub(super) fn note<T>(
        &mut self,
        instrument: Option<InstrumentId>,
        outcome: &Result<T, Failure>,
    ) {
        let Err(failure) = outcome else {
            self.watch.unanswered = 0;
            return;
        };
        match failure {
            Failure::Unauthorized(reason) => {
                self.conditions.set(None, HoldCode::VenueUnauthorized, reason.to_string());
            }
            Failure::Maintenance(reason) => {
                self.watch.maintenance.get_or_insert_with(|| reason.to_string());
            }
            Failure::Unavailable(_) | Failure::Unresolved(_) => self.watch.unanswered += 1,
            Failure::Halted(reason) => {
                if let Some(id) = instrument {
                    self.halt(id, HoldCode::InstrumentHalted, reason.to_string());
                }
            }
            // The instrument's rules may have changed: its row says.
            Failure::Rejected(_) => {
                if let Some(id) = instrument {
                    self.ask_symbol(id.index());
                }
            }
            Failure::NotFound(_)
            | Failure::Duplicate(_)
            | Failure::Clock(_)
            | Failure::RateLimited { .. }
            | Failure::Malformed(_) => {}
        }
    }

    /// No entries into an instrument.
    pub(super) fn halt(&mut self, id: InstrumentId, code: HoldCode, why: String) {
        if let Some(symbol) = self.symbol_of(id) {
            self.conditions.set(Some(symbol), code, why);
        }
    }
}
