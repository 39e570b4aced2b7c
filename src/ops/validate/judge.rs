//! The KPIs in the order of the checklist, the grounds they stand on, and what the whole says.

use super::evidence::Evidence;
use super::kpi::{Doubts, Kpi, Verdict, number, percent};
use super::{account, fee_source, inventory, orders, state};
use crate::config::settings::ValidateSettings;
use crate::domain::decimal::Round;

/// Share of the minutes that have to be on record, in percent (seed 004: coverage at least 95 %).
const COVERAGE_MIN_PERCENT: usize = 95;

/// The twelve.
pub(super) fn kpis(evidence: &Evidence, limits: &ValidateSettings) -> Vec<Kpi> {
    vec![
        state::running_share(evidence, limits.running_min),
        state::flapping(evidence),
        account::turnover_day(evidence, limits.turnover_max),
        account::daily_loss(evidence, limits.daily_loss_max),
        account::drawdown(evidence, limits.drawdown_max),
        state::hard_stops(evidence),
        orders::cancels_per_minute(evidence),
        fee_source::fee_source(evidence),
        orders::rejects(evidence),
        inventory::base_ratio(),
        inventory::tracking_error(),
        orders::fills(evidence),
    ]
}

/// What every KPI stands on: the window is within the ledger, and its minutes are on record. Neither can
/// fail: what is not known is not bad, and never good.
pub(super) fn grounds(evidence: &Evidence) -> [Kpi; 2] {
    [begins(evidence), coverage(evidence)]
}

fn begins(evidence: &Evidence) -> Kpi {
    let (start, threshold) = (evidence.window.start, "not before the ledger");
    let lacks = match evidence.first_sample {
        None => Some("the ledger has no minute on record: run the agent first".to_owned()),
        Some(first) if start < first => {
            Some(format!("the ledger begins at {first}: wait, or ask for a shorter --window"))
        }
        Some(_) => None,
    };
    let doubts = Doubts { fails: false, lacks };
    Kpi::judged("window_start", (start.to_string(), threshold), doubts, "within the ledger")
}

fn coverage(evidence: &Evidence) -> Kpi {
    let (recorded, all) = (evidence.recorded(), evidence.minutes.len());
    let threshold = format!(">= {COVERAGE_MIN_PERCENT} %");
    if all == 0 {
        return Kpi::without_figure("coverage", threshold, "the window has no minute");
    }
    let share = number(recorded).div(number(all), Round::Down);
    let told = format!("{recorded} of {all} minutes on record");
    let is_short = recorded * 100 < all * COVERAGE_MIN_PERCENT;
    let lacks = is_short.then(|| format!("{told}: the rest nobody knows"));
    Kpi::judged("coverage", (percent(share), threshold), Doubts { fails: false, lacks }, told)
}

/// The worst; without anything judged there is nothing to pass.
pub(super) fn overall<'a>(kpis: impl Iterator<Item = &'a Kpi>) -> Verdict {
    match kpis.map(|kpi| kpi.verdict).max() {
        None | Some(Verdict::NotApplicable) => Verdict::Insufficient,
        Some(worst) => worst,
    }
}
