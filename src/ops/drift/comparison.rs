//! A while against a baseline: every signal judged, and one verdict.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::facts::{COVERAGE_MIN, Facts, Figures};
use super::finding::Finding;
use super::judge::{Reviewed, Verdict};
use super::signal::{Budget, SIGNALS, Signal, Take};
use super::statistics::{Reading, Stats};
use super::window::{SAMPLES_MIN, Window, applies};
use crate::domain::time::Timestamp;
use crate::store::drift::{self, Baseline};

/// What decides: a shorter while may fail early, and its pass is an early one (seed 000).
pub const DECIDES_HOURS: Reading = 48.0;

/// All of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// What was called good.
    pub baseline: Baseline,
    /// What it was like, by signal.
    pub before: BTreeMap<String, Stats>,
    /// What there is since.
    pub window: Window,
    /// The same, by signal.
    pub since: BTreeMap<String, Stats>,
    /// What else the ledger says.
    pub facts: Facts,
    /// Every signal, judged.
    pub findings: Vec<Finding>,
    /// Snapshots that were frozen meanwhile, with their verdicts.
    pub snapshots: Vec<(Timestamp, String)>,
    /// When.
    pub at: Timestamp,
}

impl Comparison {
    /// Judges a while.
    pub fn of(
        ledger: &Connection,
        baseline: Baseline,
        window: Window,
        at: Timestamp,
    ) -> rusqlite::Result<Self> {
        // What is not read back was not measured, and no signal passes for it.
        let before = serde_json::from_str(&baseline.frozen.signals).unwrap_or_default();
        let facts = Facts::gather(ledger, &baseline, &window)?;
        let run = window.run.as_ref();
        let market = run.map_or((baseline.frozen.market.as_str(), true), |(run, _)| {
            (run.market.as_str(), run.is_wall)
        });
        let is_covered = window.coverage() >= COVERAGE_MIN;
        let of = |signal: &Signal| {
            let mut finding = finding(signal, &before, &window);
            if let Err(why) = applies(signal.scope, &facts.place.mode, market) {
                finding.say(Verdict::NotApplicable, why);
            } else if finding.verdict == Verdict::Pass && !is_covered {
                finding.say(Verdict::Insufficient, "samples are missing");
            }
            finding
        };
        let mut findings: Vec<Finding> = SIGNALS.iter().map(of).collect();
        findings.extend(facts.findings(&window));
        let (since, snapshots) = (window.statistics(), drift::snapshots(ledger, &baseline)?);
        Ok(Self { baseline, before, window, since, facts, findings, snapshots, at })
    }

    /// The worst signal.
    pub fn overall(&self) -> Verdict {
        Verdict::of_all(self.findings.iter().map(|finding| finding.verdict))
    }

    /// A signal, judged.
    pub fn finding(&self, signal: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.signal == signal)
    }

    /// For people: a line for each signal, the worst first.
    pub fn to_text(&self) -> String {
        let (baseline, frozen) = (&self.baseline.name, &self.baseline.frozen);
        let Window { from, to, rows, .. } = &self.window;
        let mut text = format!(
            "drift against {baseline}, run {} from {} to {}\nwindow: {from} to {to}, {:.2} h, {} samples\n",
            frozen.run,
            frozen.from,
            frozen.to,
            self.window.hours(),
            rows.len()
        );
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        let cells: Vec<[String; 8]> = findings.into_iter().map(cells).collect();
        let width = |column: usize| {
            cells.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..8).map(width).collect();
        for row in &cells {
            let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            let line = padded.collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if self.window.hours() < DECIDES_HOURS {
            writeln!(text, "this is early: {DECIDES_HOURS:.0} h decide")
                .expect("writing to a String cannot fail");
        }
        writeln!(text, "overall: {}", self.overall()).expect("writing to a String cannot fail");
        text
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let overall = self.overall();
        let Baseline { name, frozen, owner, rollback_until } = &self.baseline;
        let time = |at: Timestamp| at.to_string();
        let snapshots = self.snapshots.iter();
        let snapshots =
            snapshots.map(|(at, verdict)| json!({ "at": time(*at), "verdict": verdict }));
        json!({
            "at": time(self.at),
            "baseline": {
                "name": name, "taken_at": time(frozen.taken_at), "from": time(frozen.from),
                "to": time(frozen.to), "run": frozen.run, "version": frozen.version,
                "config_hash": frozen.config_hash, "profile": frozen.profile, "mode": frozen.mode,
                "market": frozen.market, "host": frozen.host, "boot_id": frozen.boot_id,
                "schema_version": frozen.schema_version, "owner": owner,
                "rollback_until": rollback_until.map(time), "signals": self.before,
            },
            "window": {
                "from": time(self.window.from), "to": time(self.window.to),
                "hours": self.window.hours(), "samples": self.window.rows.len(),
                "coverage": self.window.coverage(), "decides": self.window.hours() >= DECIDES_HOURS,
                "run": self.window.run.as_ref().map(|(run, _)| run.run),
                "statistics": self.since,
            },
            "signals": self.findings,
            "figures": Figures::of(&self.window, self.at),
            "restarts": self.facts.starts.iter()
                .map(|(at, cause)| json!({ "at": time(*at), "before": cause }))
                .collect::<Vec<_>>(),
            "jobs": self.facts.jobs,
            "snapshots": snapshots.collect::<Vec<_>>(),
            "overall": overall,
            "exit_code": overall.severity().exit_code(),
        })
    }
}

fn cells(finding: &Finding) -> [String; 8] {
    let [baseline, current, delta] = finding.figures();
    [
        finding.verdict.to_string(),
        finding.signal.to_owned(),
        baseline,
        current,
        delta,
        finding.slope_text(),
        finding.budget.clone(),
        finding.why.clone(),
    ]
}

/// Judges a signal of the samples.
fn finding(signal: &Signal, before: &BTreeMap<String, Stats>, window: &Window) -> Finding {
    let stats = before.get(signal.name);
    let current = window.current(signal);
    let has_slope = matches!(signal.budget, Budget::Growth { slope: Some(_), .. });
    let reviewed = Reviewed {
        unit: signal.unit,
        baseline: stats.filter(|stats| stats.n >= SAMPLES_MIN as u64).map(|stats| {
            match signal.take {
                Take::Level(_) | Take::Seldom(_) => stats.median,
                Take::Rate(_) | Take::Total(_) | Take::Share(..) => stats.mean,
            }
        }),
        current: current.as_ref().ok().copied(),
        slope: has_slope.then(|| window.slope(signal)).flatten(),
        hours: window.hours(),
    };
    let mut finding = Finding::reviewed(signal.name, signal.budget, &reviewed);
    let few = stats.filter(|stats| stats.n < SAMPLES_MIN as u64);
    if let Err(why) = current {
        finding.say(Verdict::Insufficient, why);
    } else if let (Verdict::Insufficient, Some(stats)) = (finding.verdict, few) {
        let why = format!("{} samples in the baseline, {SAMPLES_MIN} needed", stats.n);
        finding.say(Verdict::Insufficient, why);
    }
    finding
}
