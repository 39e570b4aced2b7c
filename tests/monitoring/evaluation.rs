//! Rules as Prometheus evaluates them (acceptance 17: each fires, each stays silent, and none speaks of an
//! agent that is well).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cases::{self, Should};
use super::scrape::{Scrape, TARGET, has_moved};
use super::{FILE, all_rules, stage};
use crate::http::Served;
use crate::support::home::Home;
use crate::support::promtool::promtool;
use crate::support::{output, repository, text};

/// Minutes for which an agent that is well goes on: less than the six hours after which no fill is news.
const WELL_MINUTES: u32 = 300;

/// Runs unit tests of the shipped rules; promtool's report where one fails, `None` without promtool.
fn run(home: &Home, tests: &[Value]) -> Option<Result<(), String>> {
    let mut command = promtool(&["test", "rules"])?;
    // JSON is YAML.
    let document = json!({
        "rule_files": [repository().join(FILE)], "evaluation_interval": "1m", "tests": tests,
    });
    let path = home.write("tests.yml", document.to_string());
    let ran = output(command.arg(path));
    Some(if ran.status.success() { Ok(()) } else { Err(text(&ran)) })
}

/// Whether an alert fires then: 1 or 0.
fn firing(alert: &str, at: &str, expected: u8) -> Value {
    let alerts = format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}");
    json!({
        "expr": format!("(count({alerts}) > bool 0) or vector(0)"),
        "eval_time": at,
        "exp_samples": [{ "labels": "{}", "value": expected }],
    })
}

fn test_of((alert, should, at, series): &cases::Case, expected: u8) -> Value {
    let scraped = |(series, values): &(&str, &str)| {
        let target = match series.split_once('{') {
            Some((name, labels)) => format!("{name}{{{TARGET},{labels}"),
            None => format!("{series}{{{TARGET}}}"),
        };
        json!({ "series": target, "values": values })
    };
    json!({
        "name": format!("{alert} {should:?} {series:?}"),
        "interval": "1m",
        "input_series": series.iter().map(scraped).collect::<Vec<_>>(),
        "promql_expr_test": [firing(alert, at, expected)],
    })
}

#[test]
fn acceptance_17_promtool_accepts_the_rules() {
    let Some(mut command) = promtool(&["check", "rules"]) else { return };
    let checked = output(command.arg(repository().join(FILE)));
    let said = text(&checked);
    assert!(checked.status.success(), "{said}");
    assert!(said.contains(&format!("SUCCESS: {} rules found", all_rules().len())), "{said}");
}

#[test]
fn acceptance_17_every_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() {
    let cases = cases::all();
    let names: BTreeSet<&str> = all_rules().iter().map(|rule| rule.alert).collect();
    assert_eq!(names.len(), all_rules().len(), "two rules have one name");
    for name in &names {
        for should in [Should::Fire, Should::Stay] {
            let has = cases.iter().any(|case| case.0 == *name && case.1 == should);
            assert!(has, "{name} has no case in which it is to {should:?}");
        }
    }
    for (alert, ..) in &cases {
        assert!(names.contains(alert), "a case is about {alert}, which is no rule");
    }
}

#[test]
fn acceptance_17_every_rule_fires_and_stays_silent() {
    let home = Home::new();
    let expected = |case: &cases::Case| u8::from(case.1 == Should::Fire);
    let tests: Vec<Value> = cases::all().iter().map(|case| test_of(case, expected(case))).collect();
    let Some(ran) = run(&home, &tests) else { return };
    ran.unwrap_or_else(|report| panic!("{report}"));
    // The other way round each of them fails: none passes whatever the rule does.
    let opposite: Vec<Value> =
        cases::all().iter().map(|case| test_of(case, 1 - expected(case))).collect();
    let report = run(&home, &opposite).unwrap().unwrap_err();
    let failed = report.lines().filter(|line| line.trim_start().starts_with("expr: ")).count();
    assert_eq!(failed, cases::all().len(), "{report}");
}

/// Evaluates every rule over an agent that goes on as between two answers.
fn assert_silent(served: &Served, earlier: &Scrape, later: &Scrape) {
    let mut series = later.goes_on(earlier, WELL_MINUTES);
    series.push((format!("up{{{TARGET}}}"), format!("1x{WELL_MINUTES}")));
    let input = series.iter().map(|(series, values)| json!({ "series": series, "values": values }));
    let alerts = "ALERTS{alertstate=\"firing\"}";
    let test = json!({
        "name": "an agent that is well",
        "interval": "1m",
        "input_series": input.collect::<Vec<_>>(),
        "promql_expr_test": [{
            "expr": format!("count by (alertname) (count_over_time({alerts}[{WELL_MINUTES}m]))"),
            "eval_time": format!("{WELL_MINUTES}m"),
            "exp_samples": [],
        }],
    });
    if let Some(ran) = run(&served.home, &[test]) {
        ran.unwrap_or_else(|report| panic!("{report}"));
    }
}

/// What moves while an agent is well.
const MOVING: [&str; 2] =
    ["ibis_market_last_update_timestamp_seconds", "ibis_loop_last_success_timestamp_seconds"];

/// Two answers, between which every instant of these families moved, and of each there is one.
fn two_scrapes(served: &Served, moving: &[&str]) -> (Scrape, Scrape) {
    let runs = [("state", "running")];
    let earlier = Scrape::until(&served.tcp, |it| {
        it.value("ibis_agent_state", &runs).is_some_and(|it| it.is_positive())
            && moving.iter().all(|name| it.value(name, &[]).is_some())
    });
    let later = Scrape::until(&served.tcp, |later| {
        let mut samples = later.samples.iter().filter(|(it, _)| moving.contains(&it.name.as_str()));
        samples.all(|(series, value)| {
            earlier.samples.get(series).is_none_or(|before| has_moved(*before, *value))
        })
    });
    (earlier, later)
}

#[test]
fn acceptance_17_no_rule_fires_on_an_idle_healthy_agent() {
    let served = stage::paper();
    let (earlier, later) = two_scrapes(&served, &MOVING);
    assert_silent(&served, &earlier, &later);
}

#[test]
fn acceptance_17_no_rule_fires_on_a_healthy_agent_in_live_mode() {
    let (served, _exchange) = stage::live("", "");
    let [market, turning] = MOVING;
    let moving = [market, turning, "ibis_reconcile_last_success_timestamp_seconds"];
    let (earlier, later) = two_scrapes(&served, &moving);
    for name in ["ibis_ws_connected", "ibis_venue_requests_total", "ibis_clock_skew_seconds"] {
        assert!(later.value(name, &[]).is_some(), "{name} is not in {later:?}");
    }
    assert_silent(&served, &earlier, &later);
}

#[test]
fn the_same_agent_makes_rules_fire_once_it_is_not_well() {
    // Or the silence above would be that of rules which see nothing.
    let served = stage::paper();
    let (earlier, later) = two_scrapes(&served, &MOVING);
    let mut series = later.goes_on(&earlier, 20);
    for (series, values) in &mut series {
        if series.starts_with("ibis_loop_last") || series.starts_with("ibis_market_last") {
            "0x20".clone_into(values);
        }
    }
    let input = series.iter().map(|(series, values)| json!({ "series": series, "values": values }));
    let expected = ["IbisLoopStalled", "IbisMarketSilent", "IbisMarketStale", "IbisDown"];
    let test = json!({
        "interval": "1m",
        "input_series": input.collect::<Vec<_>>(),
        "promql_expr_test": expected.map(|alert| firing(alert, "20m", 1)),
    });
    let Some(ran) = run(&served.home, &[test]) else { return };
    ran.unwrap_or_else(|report| panic!("{report}"));
}
