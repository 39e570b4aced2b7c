//! The validation for people: the window, a line a KPI, the verdict.

use super::evidence::Evidence;
use super::kpi::{Kpi, Verdict};
use super::window::{Clock, Window};
use crate::domain::time::Timestamp;
use crate::ops::age::Age;

/// The whole page.
pub(super) fn render(
    evidence: &Evidence,
    grounds: &[Kpi],
    kpis: &[Kpi],
    (verdict, at): (Verdict, Timestamp),
) -> String {
    let lines: Vec<&Kpi> = grounds.iter().chain(kpis).collect();
    let width = |text: fn(&Kpi) -> &str| lines.iter().map(|kpi| text(kpi).len()).max().unwrap_or(0);
    let (ids, values) = (width(|kpi| kpi.id), width(|kpi| &kpi.value));
    let limits = width(|kpi| &kpi.threshold);
    let mut page = format!("{} {at}\n{}\n", super::JOB, heading(evidence));
    for kpi in lines {
        let Kpi { id, verdict, value, threshold, reason } = kpi;
        let shown = shown(*verdict);
        page.push_str(&format!(
            "{shown:<14}  {id:<ids$}  {value:<values$}  {threshold:<limits$}  {reason}\n"
        ));
    }
    page.push_str(&format!("verdict: {}\n", whole(verdict)));
    page
}

/// `1d00h of the market's clock, 2026-01-01T01:00:00Z to 2026-01-02T01:00:00Z, synthetic`
fn heading(evidence: &Evidence) -> String {
    let Window { start, end, clock } = evidence.window;
    let length = Age::of(start, end);
    let clock = match clock {
        Clock::Wall => "wall",
        Clock::Virtual => "market's own",
    };
    let markets: Vec<&str> = evidence.markets().into_iter().collect();
    let market = match markets.is_empty() {
        true => "no run".to_owned(),
        false => format!("market {}", markets.join(", ")),
    };
    let configurations = match evidence.configurations() {
        0 | 1 => String::new(),
        count => format!(", {count} configurations"),
    };
    format!("{length} by the {clock} clock, {start} to {end}, {market}{configurations}")
}

fn shown(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "FAIL",
        Verdict::NotApplicable | Verdict::Ok | Verdict::Insufficient => verdict.as_str(),
    }
}

/// What the whole says: a paper run passes, or it does not.
fn whole(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Insufficient | Verdict::NotApplicable => "INSUFFICIENT",
    }
}
