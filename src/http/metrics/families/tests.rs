//! The whole text, by the rules of the format and of names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::config::Settings;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, HoldCode};
use crate::domain::time::Timestamp;
use crate::http::board::{Board, Phase};
use crate::http::judge;
use crate::http::view::{OrderView, tests::view};

/// Units and words a gauge's name may end with: base units, or what is counted now.
const GAUGE_ENDS: [&str; 14] = [
    "_info",
    "_seconds",
    "_bytes",
    "_threads",
    "_fds",
    "_status",
    "_state",
    "_active",
    "_orders",
    "_quote",
    "_positions",
    "_mismatches",
    "_ratio",
    "_ok",
];

fn full(reason: &str) -> String {
    let mut view = view();
    let at = Timestamp::from_ms(1_771_532_639_000);
    view.instruments[0].market_at = Some(at);
    let code = HoldCode::Operator;
    for scope in [None, Some(view.instruments[0].symbol)] {
        let reason = reason.to_owned();
        let level = Level::SoftPause;
        view.holds.push(Hold { scope, code, level, reason, set_at: at, until: None });
    }
    view.open_orders.push(OrderView { client_order_id: "a".to_owned(), side: Side::Buy });
    view.counters.transitions.insert((Level::Running, Level::SoftPause, code), 2);
    view.counters.state_since = Some(at);
    view.counters.refuse("held");
    view.counters.rejected.insert(300_000, 1);
    view.counters.fills.insert(("buy", "taker"), 3);
    view.counters.notional = Decimal::parse("12.34").unwrap();
    let board = Board::new();
    board.reach(Phase::Ready);
    board.publish(view, board.turned_at());
    let sight = Sight::at(&board, board.turned_at(), at);
    let health = Arc::clone(&Settings::defaults().health);
    let checks = judge::checks(&sight, &health);
    let facts = Facts {
        mode: "paper",
        config_hash: "abc".to_owned(),
        state_dir: PathBuf::new(),
        health,
        mismatch_kinds: vec!["dust", "movement"],
    };
    let ledger = LedgerFacts {
        restarts: BTreeMap::from([("crash", 1), ("operator", 2)]),
        jobs: BTreeMap::from([("healthcheck".to_owned(), at)]),
        realized_day: Some(Decimal::parse("-0.5").unwrap()),
        bytes: 4_096,
    };
    let cpu = Duration::from_millis(1_230);
    let process = Some(Process { resident: 1 << 20, cpu, threads: 4, fds: 12 });
    let (facts, checks, ledger) = (&facts, checks.as_slice(), Some(&ledger));
    render(&Source { facts, sight: &sight, checks, process, ledger })
}

fn is_name(text: &str) -> bool {
    text.starts_with("ibis_") && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn every_line_keeps_the_rules() {
    let text = full("");
    assert!(text.ends_with('\n') && !text.contains("\n\n"));
    let mut lines = text.lines().peekable();
    let (mut families, mut series) = (BTreeSet::new(), BTreeSet::new());
    while let Some(help) = lines.next() {
        let (name, said) = help.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
        assert!(is_name(name) && said.ends_with('.'), "{help}");
        assert!(families.insert(name.to_owned()), "{name} is there twice");
        let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
        match kind {
            "counter" => assert!(name.ends_with("_total"), "{name}"),
            "gauge" => assert!(GAUGE_ENDS.iter().any(|end| name.ends_with(end)), "{name}"),
            other => panic!("{name}: {other}"),
        }
        let mut count = 0;
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (id, value) = sample.rsplit_once(' ').unwrap();
            assert!(value.parse::<i64>().is_ok() || Decimal::parse(value).is_ok(), "{sample}");
            let rest = id.strip_prefix(name).unwrap();
            assert!(rest.is_empty() || (rest.starts_with('{') && rest.ends_with("\"}")), "{id}");
            assert!(series.insert(id.to_owned()), "{id} is there twice");
            count += 1;
        }
        assert!(count > 0, "{name} is empty in a text that has everything");
    }
    assert!(families.len() > 25, "{families:?}");
}

#[test]
fn the_state_is_one_hot_and_a_reason_is_no_label() {
    let text = full("a reason with a word: planted");
    assert!(!text.contains("planted"));
    let states: Vec<&str> =
        text.lines().filter(|line| line.starts_with("ibis_agent_state{")).collect();
    assert_eq!(states.len(), Level::ALL.len());
    assert_eq!(states.iter().filter(|line| line.ends_with(" 1")).count(), 1);
    for line in [
        "ibis_agent_state{state=\"running\"} 1",
        "ibis_hold_active{scope=\"BTC-USDT\",code=\"operator\"} 1",
        "ibis_open_orders{side=\"buy\"} 1",
        "ibis_fill_notional_quote_total 12.34",
        "ibis_process_cpu_seconds_total 1.230000",
        "ibis_loop_last_success_timestamp_seconds 1771532639.000000",
        "ibis_run_restarts_total{cause=\"crash\"} 1",
        "ibis_realized_pnl_day_quote -0.5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
