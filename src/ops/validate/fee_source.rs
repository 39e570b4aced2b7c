//! Where the fees came from, in each minute: what was earned under rates that somebody typed proves
//! nothing about the venue.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::kpi::{Doubts, Kpi};

/// How a source begins that counts (seed 004).
const TRUSTED: [&str; 3] = ["api:", "connector:", "project:"];

/// Each minute on record belongs to the last run that had begun, and that run knows its source.
pub(super) fn fee_source(evidence: &Evidence) -> Kpi {
    let threshold = "of api, connector or project";
    let mut minutes: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for sample in evidence.minutes.iter().flatten() {
        let begun = |began| began <= sample.at;
        let run = evidence.runs.iter().rev().find(|run| run.began.is_none_or(begun));
        *minutes.entry(run.and_then(|run| run.fee_source.as_deref())).or_default() += 1;
    }
    if minutes.is_empty() {
        return Kpi::without_figure("fee_source", threshold, "no minute is on record");
    }
    let is_trusted = |source: &str| TRUSTED.iter().any(|begin| source.starts_with(begin));
    let untrusted: usize = minutes
        .iter()
        .filter(|(source, _)| source.is_some_and(|source| !is_trusted(source)))
        .map(|(_, count)| count)
        .sum();
    let unknown = minutes.get(&None).copied().unwrap_or(0);
    let value: Vec<&str> = minutes.keys().map(|source| source.unwrap_or("unknown")).collect();
    let lacks = (unknown > 0)
        .then(|| format!("{unknown} minutes are of runs that did not write it down: too old"));
    let reason = match untrusted {
        0 => format!("all {} minutes on record", evidence.recorded()),
        _ => format!("{untrusted} minutes with rates that are not the venue's"),
    };
    let doubts = Doubts { fails: untrusted > 0, lacks };
    Kpi::judged("fee_source", (value.join(", "), threshold), doubts, reason)
}
