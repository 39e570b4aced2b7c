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
use crate::histogram::Histogram;
use crate::http::board::{Board, Phase};
use crate::http::judge;
use crate::http::view::{
    GuardsView, MeasuredView, NetworkView, OrderView, RequestView, StreamView, tests::view,
};
use crate::ops::timer::Timer;

/// Units and words a gauge's name may end with: base units, or what is counted now.
const GAUGE_ENDS: [&str; 19] = [
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
    "_mismatches",
    "_ratio",
    "_ok",
    "_running",
    "_connected",
    "_verified",
    "_consecutive",
    "_depth",
    "_limit",
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
    view.counters.refuse("held");
    view.counters.rejected.insert(300_000, 1);
    view.counters.fills.insert(("buy", "taker"), 3);
    view.counters.kills.insert("cli", 1);
    view.state = Level::KillSwitch;
    view.guards = guards();
    view.notifications = vec![("webhook", [("delivered", 4), ("failed", 0), ("refused", 0)])];
    view.network = network();
    view.turns.observe(Duration::from_millis(1));
    view.counters.notional = Decimal::parse("12.34").unwrap();
    let board = Board::new();
    board.reach(Phase::Ready);
    board.publish(view, board.turned_at());
    let sight = Sight::at(&board, board.turned_at(), at);
    let health = Arc::clone(&Settings::defaults().health);
    let checks = judge::checks(&sight, &health);
    let facts = Facts {
        mode: "paper",
        profile: "canary",
        config_hash: "abc".to_owned(),
        state_dir: PathBuf::new(),
        health,
        mismatch_kinds: vec!["dust", "movement"],
    };
    let ledger = LedgerFacts {
        restarts: BTreeMap::from([("crash", 1), ("operator", 2)]),
        unclean_streak: 2,
        timers: BTreeMap::from([(Timer::Healthcheck, at)]),
        drilled_at: Some(at),
        chain_holds: true,
        outbox_depth: 3,
        realized_day: Some(Decimal::parse("-0.5").unwrap()),
        bytes: 4_096,
    };
    let cpu = Duration::from_millis(1_230);
    let process = Some(Process { resident: 1 << 20, cpu, threads: 4, fds: 12 });
    let (facts, checks, ledger) = (&facts, checks.as_slice(), Some(&ledger));
    render(&Source { facts, sight: &sight, checks, process, ledger })
}

fn guards() -> GuardsView {
    let d = |text| Decimal::parse(text).unwrap();
    let measured = MeasuredView {
        open: d("10000"),
        daily_loss: d("0.01"),
        drawdown: d("0.02"),
        turnover: d("1.5"),
    };
    let limits = vec![("daily_loss", Level::HardStop, d("0.03"))];
    GuardsView { measured: Some(measured), limits }
}

fn network() -> NetworkView {
    let stream = |name, connected, fallback| StreamView {
        name,
        connected,
        running: true,
        pushed: Some(Duration::from_secs(5)),
        ups: 3,
        downs: 2,
        gaps: 1,
        fallback,
    };
    let mut took = Histogram::default();
    took.observe(Duration::from_millis(20));
    NetworkView {
        streams: vec![stream("market", false, Some(true)), stream("private", true, None)],
        requests: vec![RequestView { op: "place", results: vec![("ok", 1), ("timeout", 0)], took }],
        quotas: vec![("spot", Decimal::parse("0.8").unwrap())],
        clock_skew: Some(Decimal::parse("-0.012").unwrap()),
    }
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
            "histogram" => assert!(name.ends_with("_seconds"), "{name}"),
            "gauge" => assert!(GAUGE_ENDS.iter().any(|end| name.ends_with(end)), "{name}"),
            other => panic!("{name}: {other}"),
        }
        let mut count = 0;
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (id, value) = sample.rsplit_once(' ').unwrap();
            assert!(value.parse::<i64>().is_ok() || Decimal::parse(value).is_ok(), "{sample}");
            let rest = id.strip_prefix(name).unwrap();
            let part = |end: &&str| kind == "histogram" && rest.starts_with(*end);
            let end = ["_bucket", "_sum", "_count"].into_iter().find(part).unwrap_or("");
            let rest = rest.strip_prefix(end).unwrap();
            assert!(rest.is_empty() || (rest.starts_with('{') && rest.ends_with("\"}")), "{id}");
            assert!(series.insert(id.to_owned()), "{id} is there twice");
            count += 1;
        }
        assert!(count > 0, "{name} is empty in a text that has everything");
    }
    let known: BTreeSet<String> = family::ALL.iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(families, known, "a text that has everything has every family, and no other");
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
        "ibis_agent_state{state=\"kill_switch\"} 1",
        "ibis_hold_active{scope=\"BTC-USDT\",code=\"operator\"} 1",
        "ibis_open_orders{side=\"buy\"} 1",
        "ibis_fill_notional_quote_total 12.34",
        "ibis_process_cpu_seconds_total 1.230000",
        "ibis_loop_last_success_timestamp_seconds 1771532639.000000",
        "ibis_run_restarts_total{cause=\"crash\"} 1",
        "ibis_realized_pnl_day_quote -0.5",
        "ibis_kill_switch_verified 0",
        "ibis_loop_duration_seconds_bucket{le=\"0.000500\"} 0",
        "ibis_loop_duration_seconds_bucket{le=\"0.001000\"} 1",
        "ibis_loop_duration_seconds_count 1",
        "ibis_tasks_running{task=\"private\"} 1",
        "ibis_ws_connected{stream=\"market\"} 0",
        "ibis_ws_last_message_timestamp_seconds{stream=\"market\"} 1771532634.000000",
        "ibis_ws_reconnects_total{stream=\"market\",result=\"up\"} 2",
        "ibis_ws_reconnects_total{stream=\"market\",result=\"down\"} 2",
        "ibis_ws_gap_total{stream=\"private\"} 1",
        "ibis_rest_fallback_active{stream=\"market\"} 1",
        "ibis_venue_requests_total{op=\"place\",result=\"ok\"} 1",
        "ibis_venue_request_duration_seconds_sum{op=\"place\"} 0.020000",
        "ibis_venue_rate_limit_remaining_ratio{pool=\"spot\"} 0.8",
        "ibis_clock_skew_seconds -0.012",
        "ibis_limit{limit=\"daily_loss\",level=\"hard_stop\"} 0.03",
        "ibis_turnover_day_ratio 1.5",
        "ibis_fills_total{side=\"sell\",liquidity=\"maker\"} 0",
        "ibis_timer_last_success_timestamp_seconds{timer=\"healthcheck\"} 1771532639.000000",
        "ibis_timer_max_age_seconds{timer=\"healthcheck\"} 900.000000",
        "ibis_kill_switch_last_drill_timestamp_seconds 1771532639.000000",
        "ibis_crash_loop_consecutive 2",
        "ibis_ledger_chain_ok 1",
        "ibis_notification_outbox_depth 3",
        "ibis_notifications_total{channel=\"webhook\",result=\"delivered\"} 4",
        "ibis_config_info{mode=\"paper\",profile=\"canary\",config_hash=\"abc\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn what_stands_still_grows_older_and_a_clock_of_its_own_tells_no_time() {
    let told = |clock: Option<Timestamp>, passed: u64| {
        let mut view = view();
        let at = Timestamp::from_ms(1_771_532_630_000);
        view.instruments[0].market_at = Some(at);
        view.clock = clock;
        let board = Board::new();
        board.publish(view, board.turned_at());
        // The wall was set by an hour meanwhile: what is old stays as old.
        let wall = Timestamp::from_ms(1_771_536_239_000) + Duration::from_secs(passed);
        let sight = Sight::at(&board, board.turned_at() + Duration::from_secs(passed), wall);
        let mut text = Exposition::default();
        turning(&mut text, sight.view().unwrap(), &sight);
        state(&mut text, sight.view().unwrap(), &sight);
        text.finish()
    };
    let clock = Some(Timestamp::from_ms(1_771_532_639_000));
    for passed in [0, 3_600] {
        let text = told(clock, passed);
        let line =
            "ibis_market_last_update_timestamp_seconds{symbol=\"BTC-USDT\"} 1771536230.000000";
        assert!(text.contains(line), "9 s old at first: {text}");
        assert!(text.contains("ibis_agent_state_since_timestamp_seconds 1771536200.0"), "{text}");
    }
    assert!(!told(None, 0).contains("_timestamp_seconds"));
}
