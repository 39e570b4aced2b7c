//! How the agent is and what it did, said in the journal from time to time, whatever happens.

use std::time::Duration;

use super::every::Every;
use super::health::{Health, HealthLevel};
use super::session::Session;
use super::summary::Tally;
use crate::config::settings::ConditionSettings;
use crate::domain::decimal::Decimal;
use crate::store::state_json::HealthDocument;
use crate::systemd::message_id;

/// The agent's health, and its lines about it.
pub(super) struct Pulse {
    health: Health,
    heartbeat: Every,
    summary: Every,
    /// Turns of the loop since the last heartbeat line.
    turns: u64,
    /// As the summary before left it.
    before: Counted,
}

/// What a summary is the growth of.
#[derive(Clone, Copy, Default)]
struct Counted {
    fills: u64,
    net: Decimal,
    fees: Decimal,
    errors: u64,
    transitions: u64,
}

impl Counted {
    fn of(tally: &Tally, errors: u64) -> Self {
        let Tally { fills, net, fees, counters, .. } = tally;
        let transitions = counters.transitions.values().sum();
        Self { fills: *fills, net: *net, fees: *fees, errors, transitions }
    }
}

impl Pulse {
    pub(super) fn new(settings: &ConditionSettings, now: Duration) -> Self {
        Self {
            health: Health::new(settings, now),
            heartbeat: Every::from(now, settings.heartbeat_interval),
            summary: Every::from(now, settings.summary_interval),
            turns: 0,
            before: Counted::default(),
        }
    }

    /// The loop turned.
    pub(super) fn turned(&mut self) {
        self.turns += 1;
    }

    /// How the agent is, for STATUS=.
    pub(super) fn health(&self) -> HealthLevel {
        self.health.level()
    }

    /// Judges the errors so far, of which the shell itself counted `own`, and says what is due. Returns
    /// how many they are.
    pub(super) fn beat(
        &mut self,
        session: &mut Session,
        (own, age): (u64, Option<Duration>),
        now: Duration,
    ) -> u64 {
        let calls = session.rest().map_or(0, |rest| rest.count().errors);
        let errors = session.tally().errors().saturating_add(calls).saturating_add(own);
        if let Some(before) = self.health.look(now, errors) {
            let (level, found) = (self.health.level().as_str(), self.health.errors());
            let minutes = self.health.span().as_secs().div_ceil(60);
            log::warn!(from = before.as_str(), to = level, errors = found;
                "health {} -> {level}: {found} errors within {minutes} min", before.as_str());
        }
        session.be(HealthDocument {
            level: self.health.level().as_str().to_owned(),
            errors: self.health.errors(),
            window_s: self.health.span().as_secs(),
        });
        if self.heartbeat.is_due(now) {
            self.say_heartbeat(session, age);
        }
        if self.summary.is_due(now) {
            self.say_summary(session.tally(), errors);
        }
        errors
    }

    fn say_heartbeat(&mut self, session: &Session, age: Option<Duration>) {
        let engine = session.engine();
        let (state, health) = (engine.level().as_str(), self.health.level().as_str());
        let (turns, errors) = (std::mem::take(&mut self.turns), self.health.errors());
        let (equity, orders) = (engine.equity(), engine.open_orders().count());
        let age_ms = age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let data = age_ms.map_or_else(|| "not judged".to_owned(), |ms| format!("{ms} ms old"));
        log::info!(
            MESSAGE_ID = message_id::HEARTBEAT, state = state, health = health, turns = turns,
            errors = errors, equity:% = equity, open_orders = orders, data_age_ms:? = age_ms;
            "heartbeat: {state}, {health}, {turns} turns, {errors} errors, equity {}, {orders} open, \
             data {data}", equity.to_fixed(2)
        );
    }

    fn say_summary(&mut self, tally: &Tally, errors: u64) {
        let now = Counted::of(tally, errors);
        let before = std::mem::replace(&mut self.before, now);
        let (fills, errors) = (now.fills - before.fills, now.errors - before.errors);
        let transitions = now.transitions - before.transitions;
        let (net, fees) = (now.net - before.net, now.fees - before.fees);
        let minutes = self.summary.interval.as_secs().div_ceil(60);
        log::info!(
            MESSAGE_ID = message_id::HOURLY_SUMMARY, fills = fills, net:% = net, fees:% = fees,
            errors = errors, transitions = transitions;
            "last {minutes} min: {fills} fills, net {}, fees {}, {errors} errors, {transitions} \
             changes of state", net.to_fixed(2), fees.to_fixed(2)
        );
    }
}
