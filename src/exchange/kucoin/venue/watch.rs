//! What is looked at from time to time, whatever the orders do: the venue's service state, halted or
//! changed instruments, fills nobody told, the key after it was refused.
//!
//! Entries pause at once where private messages do not come or requests are not answered, not only
//! after a minute: fills would be heard of late. Pushes of market data that stay away for a minute are
//! the shell's to judge, and degrade.

use std::time::Duration;

use super::KucoinVenue;
use super::account_view::AccountView;
use super::answer::Answer;
use super::survey::{self, Survey, SurveyPlan};
use crate::domain::hold::{HoldCode, Level};
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::order_tracker::Moment;
use crate::exchange::kucoin::rest::{Failure, SkewVerdict};

/// One instrument's row is read this often, each in its turn: 3 % of the public quota. A refused order
/// reads its instrument's row at once.
const SYMBOL_EVERY: Duration = Duration::from_secs(2);
/// The service state, halted instruments and a refused key are looked at this often.
const TROUBLE_EVERY: Duration = Duration::from_secs(5);
/// The account is looked at again this soon where something about it is in doubt.
const DOUBT_EVERY: Duration = Duration::from_secs(5);
/// How far the lists of fills reach back behind the newest known: the venue may list one late. The first
/// list of a ledger sees what this much before its begin was traded; what is older cannot be new.
pub(super) const FILLS_OVERLAP: Duration = Duration::from_secs(60);
/// The venue's lists reach back so far (KuCoin's documentation).
const HISTORY: Duration = Duration::from_secs(7 * 86_400);
/// How far back the account's ledger is read: less than the venue's window, which begins where it is
/// asked to and must reach beyond the request's own way.
const EXPLAINED: Duration = Duration::from_secs(7 * 86_400 - 60);
/// The venue's clock is read this often.
const CLOCK_EVERY: Duration = Duration::from_secs(300);
/// Requests in a row without an answer, after which the venue counts as away.
const UNANSWERED_MAX: u32 = 3;

/// What the looks know.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Private messages come.
    pub private_up: bool,
    /// Since when fills of a time without messages are not listed yet: entries wait.
    pub unlisted_since: Option<Duration>,
    /// The venue says that it does not serve; its words.
    pub maintenance: Option<String>,
    /// Requests in a row without an answer.
    unanswered: u32,
    symbol_due: Duration,
    /// Whose row is read next.
    symbol_turn: usize,
    trouble_due: Duration,
    /// When the account is looked at next.
    pub survey_due: Duration,
    /// A look at the account is on its way.
    surveying: bool,
    /// Something about the account is in doubt.
    doubted: bool,
    clock_due: Duration,
}

impl Watch {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            private_up: false,
            unlisted_since: None,
            maintenance: None,
            unanswered: 0,
            symbol_due: now,
            symbol_turn: 0,
            trouble_due: now,
            survey_due: now + DOUBT_EVERY,
            surveying: false,
            doubted: false,
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
        self.unlisted_since
            .map(|_| "fills of the time without messages are being listed".to_owned())
    }
}

impl Watch {
    /// Something about the account is in doubt, or no more.
    pub(super) fn doubt(&mut self, doubted: bool, now: Duration) {
        if doubted && !self.doubted {
            self.survey_due = self.survey_due.min(now + DOUBT_EVERY);
        }
        self.doubted = doubted;
    }
}

/// When a look at the account was asked for, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct SurveyAsked {
    pub at: Timestamp,
    pub elapsed: Duration,
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
        if elapsed >= self.watch.survey_due && !self.watch.surveying {
            self.survey(now);
        }
        if is_due(&mut self.watch.clock_due, CLOCK_EVERY, elapsed) {
            let rest = self.rest.clone();
            self.spawn(async move { Answer::Clock(rest.resync().await) });
        }
        if is_due(&mut self.watch.trouble_due, TROUBLE_EVERY, elapsed) {
            self.look_at_trouble();
        }
        if let Some(skew) = self.rest.clock_skew() {
            let level = match skew.verdict {
                SkewVerdict::Good => None,
                SkewVerdict::Warn => Some(Level::Degraded),
                SkewVerdict::Hold => Some(Level::SoftPause),
            };
            match level {
                Some(level) => {
                    let ms = skew.offset_us / 1_000;
                    let reason = format!("this clock is {ms} ms off the venue's");
                    self.conditions.set_at(level, None, HoldCode::ClockSkew, reason);
                }
                None => self.conditions.clear(None, HoldCode::ClockSkew),
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

    /// What a look at the account is to see.
    pub(super) fn survey_plan(&self, explain: bool) -> SurveyPlan {
        let since = self.swept_until.iter().map(|since| *since - FILLS_OVERLAP);
        SurveyPlan {
            fills: self.instruments.iter().map(Instrument::symbol).zip(since).collect(),
            halted: self.conditions.scopes(HoldCode::InstrumentHalted),
            ledger_since: explain.then(|| self.rest.venue_time() - EXPLAINED),
        }
    }

    /// Looks at the account as a whole.
    fn survey(&mut self, now: Moment) {
        self.watch.surveying = true;
        let (rest, plan) = (self.rest.clone(), self.survey_plan(self.watch.doubted));
        let asked = SurveyAsked { at: now.at, elapsed: now.elapsed };
        self.spawn(async move { Answer::Account(asked, survey::take(&rest, &plan).await) });
    }

    /// A look at the account is over.
    pub(super) fn on_survey(
        &mut self,
        asked: SurveyAsked,
        outcome: Result<Survey, Failure>,
        now: Moment,
    ) {
        self.note(None, &outcome);
        self.watch.surveying = false;
        let Ok(survey) = outcome else {
            // A look that failed says nothing about what is held.
            self.watch.survey_due = now.elapsed + TROUBLE_EVERY;
            return;
        };
        let doubted = self.watch.doubted;
        let wait = if doubted { DOUBT_EVERY } else { self.settings.reconcile_interval };
        self.watch.survey_due = self.watch.survey_due.max(asked.elapsed + wait);
        if self.watch.unlisted_since.is_some_and(|since| asked.elapsed >= since) {
            self.watch.unlisted_since = None;
        } else if self.watch.unlisted_since.is_some() {
            self.watch.survey_due = now.elapsed;
        }
        let mut view = AccountView { asked_at: asked.at, ..AccountView::default() };
        self.take_in(survey, &mut view, now);
        view.venue_sequence = self.tracker.venue_sequence();
        self.account = Some(view);
    }

    /// Books the fills of a look that are new, and keeps the rest of it in a view.
    pub(super) fn take_in(&mut self, survey: Survey, view: &mut AccountView, now: Moment) {
        for (id, list) in (0u16..).map(InstrumentId).zip(&survey.fills) {
            self.tracker.on_sweep(id, list, now);
            let newest = list.iter().map(|fill| fill.at).max();
            if let (Some(newest), Some(until)) = (newest, self.swept_until.get_mut(id.index())) {
                *until = newest.max(*until);
            }
        }
        let unknown = survey.open.iter().filter(|it| !self.tracker.knows(&it.client_order_id));
        self.strays = unknown.map(|order| (order.client_order_id, *order)).collect();
        view.open = survey.open;
        view.balances = survey.balances;
        view.movements = survey.movements;
        view.history_from = self.rest.venue_time() - HISTORY;
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
            // A key that the venue refuses is a person's to look at, even where it is taken again.
            Failure::Unauthorized(reason) => self.conditions.set_at(
                Level::HardStop,
                None,
                HoldCode::VenueUnauthorized,
                reason.to_string(),
            ),
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
