//! The seven sections of seed 000's check list for a review of 48 hours, filled in from what is recorded.
//! A section of which nothing is recorded says so.

use serde::Serialize;

use super::UNKNOWN;
use super::comparison::{Comparison, DECIDES_HOURS};
use super::facts::Figures;
use super::finding::Finding;
use super::judge::Verdict;
use crate::config::Settings;
use crate::store::drift::RunFacts;

/// One line of a section: what, what it was, what it is, by how much more, and what that means. What does
/// not apply to a line is `-`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Line {
    /// What.
    pub item: String,
    /// In the baseline.
    pub baseline: String,
    /// Now.
    pub current: String,
    /// The difference, as a part of the baseline.
    pub delta: String,
    /// A verdict, and why; or a note.
    pub status: String,
}

/// A section.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Section {
    /// Its number in the check list.
    pub number: u8,
    /// Its title there.
    pub title: &'static str,
    /// False where nothing is recorded that it asks for.
    pub recorded: bool,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// What seed 000's tables ask for that is a signal here.
const DRIFT: [&str; 6] = [
    "mark_rate",
    "market_age_p95",
    "push_lag_p95",
    "order_failures",
    "order_rejects",
    "running_share",
];
const PERFORMANCE: [&str; 10] = [
    "order_ack_p99",
    "push_lag_p99",
    "backup_duration",
    "rss",
    "cpu",
    "threads",
    "descriptors",
    "loop_p50",
    "loop_p95",
    "loop_p99",
];
const TELEMETRY: [&str; 4] =
    ["coverage", "logged_errors", "logged_warnings", "notifications_given_up"];
const INTEGRATION: [&str; 3] = ["call_errors", "reconnects", "rate_limited"];
const INCIDENTS: [&str; 2] = ["restarts", "state_changes"];

/// The sections. What depends on the configuration is said only where the agent's is the one of now.
pub fn sections(comparison: &Comparison, settings: &Settings) -> Vec<Section> {
    vec![
        section(1, "Deployment context", context(comparison, settings)),
        section(2, "Drift summary", drift(comparison)),
        section(3, "Performance baseline", signals(comparison, &PERFORMANCE)),
        section(4, "Feature flags", flags(comparison, settings)),
        section(5, "Telemetry and alerting", telemetry(comparison)),
        section(6, "Integration points", integration(comparison)),
        section(7, "Incident review", incidents(comparison)),
    ]
}

fn section(number: u8, title: &'static str, lines: Vec<Line>) -> Section {
    let says = |line: &Line| line.current != "-" || line.baseline != "-";
    Section { number, title, recorded: lines.iter().any(says), lines }
}

/// The page.
pub fn render(comparison: &Comparison, sections: &[Section]) -> String {
    let (name, overall) = (&comparison.baseline.name, comparison.overall());
    let hours = comparison.window.hours();
    let mut page = format!("# Drift review against {name}: {overall}\n\n{}", comparison.at);
    let early = if hours < DECIDES_HOURS { "early, " } else { "" };
    page.push_str(&format!(", {early}after {hours:.2} h of {DECIDES_HOURS:.0} h\n"));
    for Section { number, title, recorded, lines } in sections {
        page.push_str(&format!("\n## {number}. {title}\n\n"));
        if !recorded {
            page.push_str("Nothing is recorded.\n\n");
        }
        if lines.is_empty() {
            continue;
        }
        page.push_str("| | baseline | current | delta | status |\n|---|---:|---:|---:|---|\n");
        for Line { item, baseline, current, delta, status } in lines {
            let cells =
                [item, baseline, current, delta, status].map(|cell| cell.replace('|', "\\|"));
            page.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    page
}

fn line(item: &str, (baseline, current): (&str, &str), status: impl Into<String>) -> Line {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    Line {
        item: item.to_owned(),
        baseline: or_dash(baseline),
        current: or_dash(current),
        delta: "-".to_owned(),
        status: status.into(),
    }
}

fn signals(comparison: &Comparison, names: &[&str]) -> Vec<Line> {
    names.iter().filter_map(|name| comparison.finding(name)).map(signal).collect()
}

fn signal(finding: &Finding) -> Line {
    let [baseline, current, delta] = finding.figures();
    let slope = finding.slope_text();
    let mut status = finding.verdict.to_string();
    for more in [finding.why.as_str(), slope.as_str()].iter().filter(|more| !more.is_empty()) {
        status.push_str(", ");
        status.push_str(more);
    }
    Line { item: finding.signal.to_owned(), baseline, current, delta, status }
}

fn same(baseline: &str, current: &str) -> &'static str {
    if baseline == current { "same" } else { "changed" }
}

fn drift(comparison: &Comparison) -> Vec<Line> {
    let figures = Figures::of(&comparison.window, comparison.at);
    let mut lines = signals(comparison, &DRIFT);
    lines.push(line("market events", ("", &counted(figures.market_events)), ""));
    lines.push(line("orders", ("", &counted(figures.orders)), ""));
    lines
}

fn counted(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

fn context(comparison: &Comparison, settings: &Settings) -> Vec<Line> {
    let frozen = &comparison.baseline.frozen;
    let place = &comparison.facts.place;
    let uptime = Figures::of(&comparison.window, comparison.at).uptime_hours;
    let uptime = uptime.map(|hours| format!("{hours:.2} h")).unwrap_or_default();
    let run = comparison.window.run.as_ref().map(|(run, _)| run);
    let text = |of: fn(&RunFacts) -> String| run.map(of).unwrap_or_default();
    let pair = |item: &str, before: &str, now: &str| line(item, (before, now), same(before, now));
    let is_same = run.is_some_and(|run| run.config_hash == settings.hash());
    let profile = if is_same { settings.agent.profile.as_str() } else { UNKNOWN };
    let owner = comparison.baseline.owner.as_deref().unwrap_or_default();
    let (rollback, is_open) = match comparison.baseline.rollback_until {
        Some(until) if until > comparison.at => (until.to_string(), "open"),
        Some(until) => (until.to_string(), "closed"),
        None => (String::new(), "not recorded"),
    };
    let owned = if owner.is_empty() { "not recorded" } else { "" };
    vec![
        pair("version", &frozen.version, &text(|run| run.version.clone())),
        pair("run", &frozen.run.to_string(), &text(|run| run.run.to_string())),
        line("uptime", ("", &uptime), ""),
        pair("mode", &frozen.mode, &place.mode),
        pair("market", &frozen.market, &text(|run| run.market.clone())),
        pair("profile", &frozen.profile, profile),
        pair("host", &frozen.host, &place.host),
        pair("boot", &frozen.boot_id, &place.boot_id),
        pair(
            "schema of the ledger",
            &frozen.schema_version.to_string(),
            &place.schema_version.to_string(),
        ),
        line("owner", (owner, ""), owned),
        line("rollback window", (&rollback, ""), is_open),
    ]
}

fn flags(comparison: &Comparison, settings: &Settings) -> Vec<Line> {
    let before = &comparison.baseline.frozen.config_hash;
    let now = comparison.window.run.as_ref().map(|(run, _)| run.config_hash.clone());
    let now = now.unwrap_or_default();
    let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
    let hashes = (short(before), short(&now));
    let mut lines = vec![line("configuration", (&hashes.0, &hashes.1), same(before, &now))];
    if settings.hash() == now {
        lines.push(line("agent.armed", ("", &settings.agent.armed.to_string()), ""));
        let locked: Vec<String> = settings.locked().iter().map(ToString::to_string).collect();
        let locked = if locked.is_empty() { "nothing".to_owned() } else { locked.join("; ") };
        lines.push(line("lowered by the profile", ("", &locked), ""));
    } else {
        let why = "the configuration of now is another than the agent's: its keys are not told";
        lines.push(line("keys", ("", ""), why));
    }
    lines
}

fn telemetry(comparison: &Comparison) -> Vec<Line> {
    let facts = &comparison.facts;
    let mut lines = signals(comparison, &TELEMETRY);
    let delivered = facts.deliveries.0.to_string();
    lines.push(line("notifications delivered", ("", &delivered), ""));
    let figures = Figures::of(&comparison.window, comparison.at);
    lines.push(line("ledger events", ("", &counted(figures.ledger_events)), ""));
    let bytes = (counted(figures.ledger_bytes_before), counted(figures.ledger_bytes));
    lines.push(line("ledger bytes", ("", &bytes.1), format!("{} at the beginning", bytes.0)));
    if facts.jobs.is_empty() {
        lines.push(line("jobs", ("", ""), "none ran in this while"));
    }
    for job in &facts.jobs {
        let status = match job.critical {
            0 => "none critical".to_owned(),
            critical => format!("{critical} critical"),
        };
        lines.push(line(&job.job, ("", &format!("{} runs", job.runs)), status));
    }
    lines
}

fn integration(comparison: &Comparison) -> Vec<Line> {
    signals(comparison, &INTEGRATION)
}

fn incidents(comparison: &Comparison) -> Vec<Line> {
    let mut lines = signals(comparison, &INCIDENTS);
    for (at, cause) in &comparison.facts.starts {
        lines.push(line("start", ("", &at.to_string()), format!("the run before ended: {cause}")));
    }
    match &comparison.facts.stops {
        None => {
            let why = "the engine's clock is not the wall's, or no run is there";
            lines.push(line("latched states", ("", ""), why));
        }
        Some(stops) if stops.is_empty() => {
            lines.push(line("latched states", ("", "none"), ""));
        }
        Some(stops) => lines.extend(
            stops.iter().map(|(at, state, code)| line(state, ("", &at.to_string()), code.as_str())),
        ),
    }
    for (at, verdict) in &comparison.snapshots {
        lines.push(line("snapshot", ("", &at.to_string()), verdict.as_str()));
    }
    let bad = comparison.findings.iter().filter(|finding| finding.verdict >= Verdict::Warn);
    let bad: Vec<&str> = bad.map(|finding| finding.signal).collect();
    let bad = if bad.is_empty() { "none".to_owned() } else { bad.join(", ") };
    lines.push(line("outside of their budgets", ("", &bad), ""));
    lines
}
