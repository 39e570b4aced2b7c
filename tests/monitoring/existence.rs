//! Rules about what is there (acceptance 17: seed 000 had 18 rules, and most of their metrics had no
//! producer).

use std::collections::BTreeSet;

use super::scrape::{Scrape, Series, family_of};
use super::selector::{Selector, grouped};
use super::{all_rules, stage};
use crate::support::home::Ended;

/// The labels that Prometheus itself gives.
const OF_PROMETHEUS: [&str; 2] = ["job", "instance"];

#[test]
fn acceptance_17_no_rule_reads_a_metric_or_a_label_that_no_family_has() {
    for rule in all_rules() {
        let selectors = Selector::all(&rule.expr);
        assert!(
            !selectors.is_empty() || rule.alert == "IbisDown",
            "{rule:?} reads nothing of ours"
        );
        let mut labels: BTreeSet<&str> = OF_PROMETHEUS.into();
        for selector in &selectors {
            let family = family_of(&selector.name);
            let family = family.unwrap_or_else(|| panic!("{}: {selector:?}", rule.alert));
            labels.extend(family.labels);
            labels.extend(selector.name.ends_with("_bucket").then_some("le"));
            for (label, ..) in &selector.matchers {
                assert!(family.labels.contains(&label.as_str()), "{}: {label}", rule.alert);
            }
        }
        for label in grouped(&rule.expr) {
            assert!(labels.contains(label.as_str()), "{} groups by {label}", rule.alert);
        }
        for (at, word) in rule.summary.match_indices("$labels.") {
            let label = rule.summary[at + word.len()..].split(' ').next().unwrap();
            assert!(labels.contains(label), "{} says {label}", rule.alert);
        }
    }
}

/// Everything that agents show when each thing that a rule is about has happened to one of them.
fn shown() -> BTreeSet<Series> {
    let done = |ended: &Ended| assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    let mut shown = BTreeSet::new();
    let mut see = |scrape: &Scrape| shown.extend(scrape.samples.keys().cloned());

    let paper = stage::paper();
    let home = &paper.home;
    done(&home.ibis("healthcheck"));
    done(&home.ibis("kill drill"));
    done(&home.ibis("pause --reason test"));
    let state = |it: &Scrape, state| {
        it.value("ibis_agent_state", &[("state", state)]).is_some_and(|it| it.is_positive())
    };
    let drilled = "ibis_kill_switch_last_drill_timestamp_seconds";
    see(&Scrape::until(&paper.tcp, |it| {
        state(it, "soft_pause") && it.value(drilled, &[]).is_some()
    }));
    done(&home.ibis("kill activate --reason test"));
    see(&Scrape::until(&paper.tcp, |it| {
        it.value("ibis_kill_switch_verified", &[]).is_some_and(|it| it.is_positive())
    }));

    let (live, _exchange) = stage::live("--speed 60", stage::BUSY);
    see(&Scrape::until(&live.tcp, |it| {
        let placed = it.value("ibis_venue_requests_total", &[("op", "place"), ("result", "ok")]);
        placed.is_some_and(|it| it.is_positive())
    }));
    shown
}

#[test]
fn acceptance_17_what_every_rule_reads_is_what_a_running_agent_shows() {
    let shown = shown();
    for rule in all_rules() {
        for selector in Selector::all(&rule.expr) {
            let found = shown.iter().any(|series| selector.takes(series));
            assert!(found, "{}: no agent shows {selector:?}", rule.alert);
        }
    }
}
