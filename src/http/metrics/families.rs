//! What each family shows, in groups of what they are about. A family whose data is not there is left
//! out: an absent series can be alerted on, a zero would lie.

mod ledger;
mod network;

use super::Process;
use super::exposition::{Exposition, Instant, Seconds};
use super::family;
use crate::domain::hold::Level;
use crate::domain::instrument::Liquidity;
use crate::domain::side::Side;
use crate::http::judge::Check;
use crate::http::ledger::LedgerFacts;
use crate::http::server::Facts;
use crate::http::sight::Sight;
use crate::http::view::View;
use crate::ops::report::Severity;

/// What the text is made of.
#[derive(Debug)]
pub struct Source<'a> {
    /// What does not change while the process runs.
    pub facts: &'a Facts,
    /// The agent.
    pub sight: &'a Sight,
    /// The checks of `/health`.
    pub checks: &'a [Check],
    /// What the process costs.
    pub process: Option<Process>,
    /// What the ledger says.
    pub ledger: Option<&'a LedgerFacts>,
}

/// The whole text.
pub fn render(source: &Source<'_>) -> String {
    let mut text = Exposition::default();
    build(&mut text, source);
    health(&mut text, source);
    if let Some(view) = source.sight.view() {
        turning(&mut text, view, source.sight);
        state(&mut text, view, source.sight);
        network::of(&mut text, view, source.sight);
        orders(&mut text, view);
        money(&mut text, view);
        agreement(&mut text, view, source);
        notifications(&mut text, view);
    }
    if let Some(found) = source.ledger {
        ledger::of(&mut text, found, source.sight.limits(source.facts));
    }
    text.finish()
}

fn build(text: &mut Exposition, source: &Source<'_>) {
    let (facts, sight) = (source.facts, source.sight);
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("IBIS_COMMIT"));
    text.family(family::BUILD_INFO).series(&[version, commit.unwrap_or("unknown")], 1);
    text.family(family::CONFIG_INFO).series(&[facts.mode, facts.profile, &facts.config_hash], 1);
    text.family(family::START_TIME).value(Instant(sight.began_at));
    text.family(family::LOOP_LAST_SUCCESS).value(Instant(sight.wall_before(sight.loop_age)));
    let Some(process) = source.process else { return };
    text.family(family::RESIDENT).value(process.resident);
    text.family(family::CPU).value(Seconds(process.cpu));
    text.family(family::THREADS).value(process.threads);
    text.family(family::OPEN_FDS).value(process.fds);
}

fn turning(text: &mut Exposition, view: &View, sight: &Sight) {
    text.family(family::LOOP_DURATION).histogram(&[], &view.turns);
    let mut family = text.family(family::MARKET_UPDATED);
    for instrument in &view.instruments {
        if let Some(at) = instrument.market_at.and_then(|at| sight.wall_of(at)) {
            family.series(&[instrument.symbol.as_str()], Instant(at));
        }
    }
}

fn health(text: &mut Exposition, source: &Source<'_>) {
    let mut family = text.family(family::CHECK_STATUS);
    for check in source.checks {
        let number = match check.severity {
            Severity::Ok => 0,
            Severity::Degraded => 1,
            Severity::Critical => 2,
            Severity::Insufficient => 3,
        };
        family.series(&[check.name], number);
    }
}

fn state(text: &mut Exposition, view: &View, sight: &Sight) {
    let mut family = text.family(family::AGENT_STATE);
    for level in Level::ALL {
        family.series(&[level.as_str()], u8::from(view.state == level));
    }
    if let Some(since) = sight.wall_of(view.state_since) {
        text.family(family::STATE_SINCE).value(Instant(since));
    }
    let is_killed = view.state == Level::KillSwitch;
    text.family(family::KILL_ACTIVE).value(u8::from(is_killed));
    if is_killed {
        text.family(family::KILL_VERIFIED).value(u8::from(view.kill_verified));
    }
    let mut family = text.family(family::KILL_ACTIVATIONS);
    for (path, count) in &view.counters.kills {
        family.series(&[path], count);
    }
    let mut family = text.family(family::STATE_TRANSITIONS);
    for ((from, to, code), count) in &view.counters.transitions {
        family.series(&[from.as_str(), to.as_str(), code.as_str()], count);
    }
    let mut family = text.family(family::HOLD_ACTIVE);
    for hold in &view.holds {
        family.series(&[hold.scope_str(), hold.code.as_str()], 1);
    }
    let mut family = text.family(family::DENIED);
    for (code, count) in &view.counters.denied {
        family.series(&[code], count);
    }
}

fn orders(text: &mut Exposition, view: &View) {
    let counters = &view.counters;
    let rejected: u64 = counters.rejected.values().sum();
    let denied: u64 = counters.denied.values().sum();
    text.family(family::SUBMISSIONS)
        .series(&["accepted"], counters.accepted)
        .series(&["rejected"], rejected)
        .series(&["denied"], denied);
    let mut family = text.family(family::REJECTS);
    for (code, count) in &counters.rejected {
        family.series(&[&code.to_string()], count);
    }
    text.family(family::CANCELS).series(&["canceled"], counters.canceled);
    let mut family = text.family(family::OPEN_ORDERS);
    for side in [Side::Buy, Side::Sell] {
        let count = view.open_orders.iter().filter(|order| order.side == side).count();
        family.series(&[side.as_str()], count);
    }
    // All of them from the start on: the growth of a series that was not there is not seen.
    let mut family = text.family(family::FILLS);
    for side in [Side::Buy, Side::Sell] {
        for liquidity in [Liquidity::Maker, Liquidity::Taker] {
            let labels = (side.as_str(), liquidity.as_str());
            let count = counters.fills.get(&labels).copied().unwrap_or(0);
            family.series(&[labels.0, labels.1], count);
        }
    }
    text.family(family::FILL_NOTIONAL).value(counters.notional);
    text.family(family::FEES).value(counters.fees);
}

fn money(text: &mut Exposition, view: &View) {
    text.family(family::EQUITY).value(view.money.equity);
    text.family(family::UNREALIZED).value(view.money.unrealized);
    if let Some(measured) = view.guards.measured {
        text.family(family::EQUITY_OPEN_DAY).value(measured.open);
        text.family(family::DAILY_LOSS).value(measured.daily_loss);
        text.family(family::DRAWDOWN).value(measured.drawdown);
        text.family(family::TURNOVER).value(measured.turnover);
    }
    let mut family = text.family(family::LIMIT);
    for (limit, level, value) in &view.guards.limits {
        family.series(&[limit, level.as_str()], value);
    }
}

fn agreement(text: &mut Exposition, view: &View, source: &Source<'_>) {
    let mut family = text.family(family::MISMATCHES);
    for kind in &source.facts.mismatch_kinds {
        family.series(&[kind], view.mismatches.get(*kind).copied().unwrap_or(0));
    }
    if let Some(at) = view.reconciled_at.and_then(|at| source.sight.wall_of(at)) {
        text.family(family::RECONCILED).value(Instant(at));
    }
}

fn notifications(text: &mut Exposition, view: &View) {
    let mut family = text.family(family::NOTIFICATIONS);
    for (channel, results) in &view.notifications {
        for (result, count) in results {
            family.series(&[channel, result], count);
        }
    }
}

#[cfg(test)]
mod tests;
