//! The verdict: every group of comparisons is a check, every difference a check of its own name.
//!
//! What the Python IBIS checked lives on where it means something here: stale sells (180 s), blocked
//! capital (75 %), duplicate order ids (critical), both directions of open orders. Dropped are
//! capital drift above 0.25 (balances are compared exactly), free cash below the minimum trade (the
//! normal state of being invested), a symbol with a buy and a sell (the ledger's unique index on open
//! intents excludes it) and a stored position count (there is none to drift).

use serde_json::json;

use super::JOB;
use super::difference::Difference;
use super::snapshot::Snapshot;
use super::{judge_ledger, judge_state, judge_venue};
use crate::config::Settings;
use crate::config::settings::{Decision, ForeignOrders};
use crate::domain::decimal::{Decimal, Round};
use crate::domain::side::Side;
use crate::engine::reconcile::Policy;
use crate::ops::age::Age;
use crate::ops::report::{Check, Report, Severity};

/// Age at which an open sell counts as stale: Python IBIS, `--stale-sell-seconds`.
const STALE_SELL: std::time::Duration = std::time::Duration::from_secs(180);
/// Share of the holdings' worth in open sells, in percent: Python IBIS.
const BLOCKED_PERCENT_MAX: i64 = 75;
/// Differences of one report: beyond it one more line changes nothing.
const DIFFERENCES_MAX: usize = 200;

/// All differences, by group.
pub fn differences(
    snapshot: &Snapshot,
    settings: &Settings,
) -> Vec<(&'static str, Vec<Difference>)> {
    let prefix = format!("{}-", settings.agent.instance);
    let mut groups = vec![
        ("state_json", judge_state::judge(snapshot)),
        ("ledger", judge_ledger::judge(&snapshot.ledger, &prefix)),
    ];
    if let Ok(venue) = &snapshot.venue {
        let rules = judge_venue::Rules {
            grace: settings.health.inflight_grace,
            policy: policy(settings),
            symbols: &settings.market.symbols,
            prefix: &prefix,
        };
        groups.push(("venue", judge_venue::judge(snapshot, venue, rules)));
    }
    groups
}

/// What the operator decided, as the agent takes it.
fn policy(settings: &Settings) -> Policy {
    Policy {
        dust: settings.health.dust,
        adopt_unexplained: settings.reconcile.unexplained == Decision::Adopt,
        ignore_foreign_orders: settings.reconcile.foreign_orders == ForeignOrders::Ignore,
    }
}

/// Judges a snapshot.
pub fn judge(snapshot: &Snapshot, settings: &Settings) -> Report {
    let groups = differences(snapshot, settings);
    let mut checks = Vec::new();
    for (group, found) in &groups {
        if found.is_empty() {
            checks.push(Check::new(group, Severity::Ok, "no difference"));
        }
        checks.extend(found.iter().take(DIFFERENCES_MAX).map(Difference::check));
    }
    if let Err(why) = &snapshot.venue {
        let check = Check::new("venue", Severity::Insufficient, "not compared");
        checks.push(check.because(why));
    }
    checks.push(stale_sells(snapshot));
    checks.push(blocked(snapshot));
    let mut report = Report::new(JOB, snapshot.now, checks);
    let all: Vec<&Difference> =
        groups.iter().flat_map(|(_, found)| found).take(DIFFERENCES_MAX).collect();
    let ledger = &snapshot.ledger;
    let held = ledger.state.positions.iter().filter(|position| !position.lots.is_empty()).count();
    for (name, value) in [
        ("differences", json!(all)),
        ("positions", json!(held)),
        ("open_orders", json!(ledger.state.open_orders.len())),
        ("fills", json!(ledger.audit.last_fill)),
        ("fills_compared", json!(ledger.recent_fills.len())),
        ("event", json!(ledger.head)),
    ] {
        report.facts.insert(name.to_owned(), value);
    }
    report
}

/// Sells that have worked for too long, by the engine's clock.
fn stale_sells(snapshot: &Snapshot) -> Check {
    let stale: Vec<String> = (snapshot.ledger.state.open_orders.iter())
        .filter(|open| open.intent.side == Side::Sell)
        .filter(|open| Age::of(open.created_at, snapshot.engine_at).reaches(STALE_SELL))
        .map(|open| open.intent.client_order_id.to_string())
        .collect();
    let check = |severity, value: String| {
        Check::new("stale_sells", severity, value).against(format!("< {}", Age::from(STALE_SELL)))
    };
    if stale.is_empty() {
        return check(Severity::Ok, "none".to_owned());
    }
    check(Severity::Degraded, stale.join(" ")).because("an exit waits; see: ibis status")
}

/// How much of the holdings' worth waits in open sells.
fn blocked(snapshot: &Snapshot) -> Check {
    let id = "blocked_capital";
    let threshold = format!("<= {BLOCKED_PERCENT_MAX} %");
    let state = &snapshot.ledger.state;
    let marks =
        || state.positions.iter().filter_map(|position| Some((position, position.mark_price?)));
    let worth: Decimal = marks()
        .flat_map(|(position, mark)| {
            position.lots.iter().map(move |lot| lot.quantity.mul(mark, Round::Down))
        })
        .sum();
    let cash: Decimal = state
        .balances
        .iter()
        .filter(|(asset, _)| marks().any(|(position, _)| position.symbol.quote() == **asset))
        .map(|(_, balance)| balance.total())
        .sum();
    let total = worth + cash;
    if !total.is_positive() {
        return Check::new(id, Severity::Ok, "nothing held").against(threshold);
    }
    let in_sells: Decimal = state
        .open_orders
        .iter()
        .filter(|open| open.intent.side == Side::Sell)
        .filter_map(|open| {
            let mark = marks().find(|(position, _)| position.symbol == open.intent.symbol)?.1;
            let filled = open.order.as_ref().map_or(Decimal::ZERO, |order| order.filled);
            Some((open.intent.quantity - filled).mul(mark, Round::Down))
        })
        .sum();
    let hundred = Decimal::from_int(100);
    let percent = in_sells.mul_div(hundred, total, Round::Down);
    let over = percent > Decimal::from_int(BLOCKED_PERCENT_MAX);
    let severity = if over { Severity::Degraded } else { Severity::Ok };
    let value = format!("{} %", percent.floor_to(Decimal::ONE));
    Check::new(id, severity, value).against(threshold)
}
