//! Causes of holds that only the shell can see: its calls of the venue, its connections, its disk, its
//! own turns.
//!
//! Readings are taken about once a second, each judged by a pure judge of its own; what the judges find
//! becomes a hold through the engine like any other. All of them die with the process, none is latched:
//! each ends by itself once its cause has been away for its time. What the venue itself says, or does
//! not, is `exchange::kucoin::venue`'s.

mod api;
mod connections;
mod disk;
mod lasting;
mod quota;
mod stall;

use std::sync::Arc;
use std::time::Duration;

use super::every::Every;
use super::session::Session;
use crate::clock;
use crate::config::Settings;
use crate::config::settings::{ConditionSettings, HealthSettings};
use crate::domain::hold::{Hold, HoldCode};
use crate::engine::event::Event;
use api::ApiJudge;
use lasting::{Finding, Lasting, Word};
use stall::Stall;

/// Readings are taken this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What ends with its cause.
const NO_STAY: Duration = Duration::ZERO;

/// What is watched.
pub(super) struct Watch {
    due: Every,
    settings: Arc<ConditionSettings>,
    health: Arc<HealthSettings>,
    stall: Stall,
    api: ApiJudge,
    holds: [(HoldCode, Lasting); 6],
}

impl Watch {
    pub(super) fn new(settings: &Settings, session: &Session) -> Self {
        let now = clock::monotonic();
        let conditions = Arc::clone(&settings.conditions);
        let count = session.rest().map(|rest| rest.count()).unwrap_or_default();
        Self {
            due: Every::new(LOOK_EVERY),
            health: Arc::clone(&settings.health),
            stall: Stall::new(now, clock::since_boot()),
            api: ApiJudge::new(&conditions, now, count),
            holds: [
                (HoldCode::ApiErrors, Lasting::new(conditions.api_stay)),
                (HoldCode::RateLimit, Lasting::new(conditions.rate_limit_stay)),
                (HoldCode::VenueUnavailable, Lasting::new(NO_STAY)),
                (HoldCode::DiskSpace, Lasting::new(NO_STAY)),
                (HoldCode::LoopStalled, Lasting::new(conditions.loop_stay)),
                (HoldCode::TaskFailing, Lasting::new(NO_STAY)),
            ],
            settings: conditions,
        }
    }

    pub(super) fn reconfigure(&mut self, settings: &Settings) {
        self.health = Arc::clone(&settings.health);
    }

    /// Called once a turn; looks about once a second.
    pub(super) fn look(&mut self, session: &mut Session, now: Duration) {
        self.stall.turned(now, clock::since_boot());
        if !self.due.is_due(now) {
            return;
        }
        for (code, found) in self.findings(session, now) {
            self.take_in(session, (code, found), now);
        }
    }

    /// Takes in that a part of the agent ends too often, or that none does.
    pub(super) fn tasks(&mut self, session: &mut Session, found: Option<String>, now: Duration) {
        let found = found.map(Finding::degraded);
        self.take_in(session, (HoldCode::TaskFailing, found), now);
    }

    fn take_in(
        &mut self,
        session: &mut Session,
        (code, found): (HoldCode, Option<Finding>),
        now: Duration,
    ) {
        let hold = self.holds.iter_mut().find(|(known, _)| *known == code);
        let active = session.engine().holds().get(None, code).map(|hold| hold.level);
        if let Some(word) = hold.and_then(|(_, hold)| hold.next(found, now, active)) {
            tell(session, code, word);
        }
    }

    /// What each judge finds now.
    fn findings(&mut self, session: &Session, now: Duration) -> [(HoldCode, Option<Finding>); 5] {
        let rest = session.rest();
        let down = session.feed_down_for();
        let unanswered = rest.and_then(|rest| rest.unanswered_for());
        let least = rest.map(|rest| rest.take_headroom()).unwrap_or_default();
        let disk = disk::free(session.state_dir());
        [
            (HoldCode::ApiErrors, rest.and_then(|rest| self.api.judge(now, rest.count()))),
            (HoldCode::RateLimit, quota::judge(&least, self.settings.rate_limit_min)),
            (
                HoldCode::VenueUnavailable,
                connections::judge(down, unanswered, self.settings.connection_down_max),
            ),
            (HoldCode::DiskSpace, disk::judge(&disk, &self.health)),
            (HoldCode::LoopStalled, self.stall.judge(self.settings.loop_gap_max)),
        ]
    }
}

fn tell(session: &mut Session, code: HoldCode, word: Word) {
    let (scope, set_at, until) = (None, session.now(), None);
    session.tell(&match word {
        Word::Clear => Event::ClearHold { scope, code },
        Word::Set(Finding { level, reason }) => {
            Event::SetHold(Hold { scope, code, level, reason, set_at, until })
        }
    });
}
