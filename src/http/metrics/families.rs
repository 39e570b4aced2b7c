//! The families, in groups of what they are about. A family whose data is not there is left out: an
//! absent series can be alerted on, a zero would lie.

use super::Process;
use super::exposition::{Exposition, Instant, Kind, Seconds};
use crate::domain::hold::Level;
use crate::domain::side::Side;
use crate::http::judge::Check;
use crate::http::ledger::LedgerFacts;
use crate::http::server::Facts;
use crate::http::sight::Sight;
use crate::http::view::View;
use crate::ops::report::Severity;

use Kind::{Counter, Gauge};

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
    turning(&mut text, source);
    health(&mut text, source);
    if let Some(view) = source.sight.view() {
        state(&mut text, view);
        market(&mut text, view, source);
        orders(&mut text, view);
        money(&mut text, view);
        reconciliation(&mut text, view, source);
    }
    if let Some(ledger) = source.ledger {
        ledger_families(&mut text, ledger);
    }
    text.finish()
}

fn build(text: &mut Exposition, source: &Source<'_>) {
    let facts = source.facts;
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("IBIS_COMMIT"));
    text.family("ibis_build_info", Gauge, "Version of the program; always 1.")
        .series(&[("version", version), ("commit", commit.unwrap_or("unknown"))], 1);
    text.family("ibis_config_info", Gauge, "The configuration in force; always 1.")
        .series(&[("mode", facts.mode), ("config_hash", &facts.config_hash)], 1);
    text.family("ibis_process_start_time_seconds", Gauge, "When the process began, since 1970.")
        .value(Instant(source.sight.began_at));
    let Some(process) = source.process else { return };
    text.family("ibis_process_resident_memory_bytes", Gauge, "Memory in use.")
        .value(process.resident);
    text.family("ibis_process_cpu_seconds_total", Counter, "Processor time, user and system.")
        .value(Seconds(process.cpu));
    text.family("ibis_process_threads", Gauge, "Threads.").value(process.threads);
    text.family("ibis_process_open_fds", Gauge, "Open descriptors.").value(process.fds);
}

fn turning(text: &mut Exposition, source: &Source<'_>) {
    let sight = source.sight;
    let last = sight.wall.us() - i64::try_from(sight.loop_age.as_micros()).unwrap_or(i64::MAX);
    let help = "When the loop last turned, since 1970.";
    text.family("ibis_loop_last_success_timestamp_seconds", Gauge, help)
        .value(Instant(crate::domain::time::Timestamp::from_us(last)));
}

fn health(text: &mut Exposition, source: &Source<'_>) {
    let help = "Verdict of a check of /health: 0 ok, 1 degraded, 2 critical, 3 unknown.";
    let mut family = text.family("ibis_check_status", Gauge, help);
    for check in source.checks {
        let number = match check.severity {
            Severity::Ok => 0,
            Severity::Degraded => 1,
            Severity::Critical => 2,
            Severity::Insufficient => 3,
        };
        family.series(&[("check", check.name)], number);
    }
}

fn state(text: &mut Exposition, view: &View) {
    let mut family = text.family("ibis_agent_state", Gauge, "1 for the state the agent is in.");
    for level in Level::ALL {
        family.series(&[("state", level.as_str())], u8::from(view.state == level));
    }
    if let Some(since) = view.counters.state_since {
        let help = "Since when, by the engine's clock, since 1970; none before the first change.";
        text.family("ibis_agent_state_since_timestamp_seconds", Gauge, help).value(Instant(since));
    }
    let help = "1 while the kill switch is set.";
    text.family("ibis_kill_switch_active", Gauge, help)
        .value(u8::from(view.state == Level::KillSwitch));
    let help = "How often the kill switch was set, by the way the order came.";
    let mut family = text.family("ibis_kill_switch_activations_total", Counter, help);
    for (path, count) in &view.counters.kills {
        family.series(&[("path", path)], count);
    }
    let help = "Changes of the state since the start of the process; class is the hold behind it.";
    let mut family = text.family("ibis_state_transitions_total", Counter, help);
    for ((from, to, code), count) in &view.counters.transitions {
        let labels = [("from", from.as_str()), ("to", to.as_str()), ("class", code.as_str())];
        family.series(&labels, count);
    }
    let mut family = text.family("ibis_hold_active", Gauge, "1 for each active hold.");
    for hold in &view.holds {
        family.series(&[("scope", hold.scope_str()), ("code", hold.code.as_str())], 1);
    }
    let help = "Entries that were not sent, by why not.";
    let mut family = text.family("ibis_guard_denied_orders_total", Counter, help);
    for (code, count) in &view.counters.denied {
        family.series(&[("code", code)], count);
    }
}

fn market(text: &mut Exposition, view: &View, source: &Source<'_>) {
    let help = "When market data last came, by the market's clock, since 1970.";
    let mut family = text.family("ibis_market_last_update_timestamp_seconds", Gauge, help);
    for instrument in &view.instruments {
        if let Some(at) = instrument.market_at {
            family.series(&[("symbol", instrument.symbol.as_str())], Instant(at));
        }
    }
    if let Some(age) = source.sight.data_age() {
        let help = "Age of the newest market data.";
        text.family("ibis_market_data_age_seconds", Gauge, help).value(Seconds(age));
    }
}

fn orders(text: &mut Exposition, view: &View) {
    let counters = &view.counters;
    let rejected: u64 = counters.rejected.values().sum();
    let denied: u64 = counters.denied.values().sum();
    let help = "Orders by what came of them; denied ones were never sent.";
    text.family("ibis_order_submissions_total", Counter, help)
        .series(&[("result", "accepted")], counters.accepted)
        .series(&[("result", "rejected")], rejected)
        .series(&[("result", "denied")], denied);
    let help = "Orders that the venue refused, by its code; 0 is none, or one too many.";
    let mut family = text.family("ibis_order_rejects_total", Counter, help);
    for (code, count) in &counters.rejected {
        family.series(&[("code", &code.to_string())], count);
    }
    let help = "Orders that ended canceled or expired.";
    text.family("ibis_order_cancels_total", Counter, help)
        .series(&[("result", "canceled")], counters.canceled);
    let mut family = text.family("ibis_open_orders", Gauge, "Orders that are not over.");
    for side in [Side::Buy, Side::Sell] {
        let count = view.open_orders.iter().filter(|order| order.side == side).count();
        family.series(&[("side", side.as_str())], count);
    }
    let mut family = text.family("ibis_fills_total", Counter, "Fills.");
    for ((side, liquidity), count) in &counters.fills {
        family.series(&[("side", side), ("liquidity", liquidity)], count);
    }
    let help = "Bought and sold, in quote units.";
    text.family("ibis_fill_notional_quote_total", Counter, help).value(counters.notional);
    text.family("ibis_fees_quote_total", Counter, "Fees, in quote units.").value(counters.fees);
}

fn money(text: &mut Exposition, view: &View) {
    let money = &view.money;
    text.family("ibis_equity_quote", Gauge, "Cash plus positions at the bid, in quote units.")
        .value(money.equity);
    let help = "Positions at the bid less what was paid for them, in quote units.";
    text.family("ibis_unrealized_pnl_quote", Gauge, help).value(money.unrealized);
    let held = view.instruments.iter().filter(|it| it.quantity.is_positive()).count();
    text.family("ibis_positions", Gauge, "Instruments held.").value(held);
}

fn reconciliation(text: &mut Exposition, view: &View, source: &Source<'_>) {
    let help = "Differences between ledger and venue that no rule has resolved.";
    let mut family = text.family("ibis_reconcile_mismatches", Gauge, help);
    for kind in &source.facts.mismatch_kinds {
        family.series(&[("kind", kind)], view.mismatches.get(*kind).copied().unwrap_or(0));
    }
    if let Some(at) = view.reconciled_at {
        let help = "When ledger and venue last agreed, by the engine's clock, since 1970.";
        text.family("ibis_reconcile_last_success_timestamp_seconds", Gauge, help)
            .value(Instant(at));
    }
}

fn ledger_families(text: &mut Exposition, ledger: &LedgerFacts) {
    let help = "Starts after a run that ended so, over the life of the ledger.";
    let mut family = text.family("ibis_run_restarts_total", Counter, help);
    for (cause, count) in &ledger.restarts {
        family.series(&[("cause", cause)], count);
    }
    let help = "When a job last ended with a verdict of ok or degraded, since 1970.";
    let mut family = text.family("ibis_timer_last_success_timestamp_seconds", Gauge, help);
    for (job, at) in &ledger.jobs {
        family.series(&[("job", job)], Instant(*at));
    }
    if let Some(realized) = ledger.realized_day {
        let help = "Net of the sells of the engine's UTC day, in quote units.";
        text.family("ibis_realized_pnl_day_quote", Gauge, help).value(realized);
    }
    text.family("ibis_db_size_bytes", Gauge, "Size of the ledger and its log.").value(ledger.bytes);
}

#[cfg(test)]
mod tests;
