//! Conditions of the process, the calls and the machine become holds, and end.

use std::process::Command;

use serde_json::Value;

use crate::exchange::process::Exchange;
use crate::live::trader::Trader;
use crate::support::home::Home;
use crate::support::succeed;

/// Without an address that another test may have.
const QUIET: &str = "[http]\nenabled = false\n";

#[test]
fn a_disk_that_fills_up_degrades_then_pauses_and_ends_with_its_cause() {
    let home = Home::new();
    let limits = |warn: &str, critical: &str| {
        let limits =
            format!("[health]\ndisk_free_warn = {warn:?}\ndisk_free_critical = {critical:?}\n");
        home.write("ibis.toml", format!("{QUIET}{limits}"));
    };
    limits("1000GiB", "1MiB");
    let mut agent = home.start("agent --config ibis.toml", &[]);
    agent.line("hold disk_space sets degraded");
    limits("1000GiB", "1000GiB");
    agent.signal("HUP");
    agent.line("hold disk_space sets soft_pause");
    limits("1MiB", "1MiB");
    agent.signal("HUP");
    agent.line("hold disk_space is over");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}

#[test]
fn a_process_that_was_stopped_is_degraded_for_a_while() {
    let home = Home::new();
    let limits = "[conditions]\nloop_gap_max = \"2s\"\nloop_stay = \"2s\"\n";
    home.write("ibis.toml", format!("{QUIET}{limits}"));
    let mut agent = home.start("agent --config ibis.toml", &[]);
    agent.line("ready: run 1");
    agent.signal("STOP");
    // Longer than the longest gap that is borne.
    succeed(Command::new("sleep").arg("3"));
    agent.signal("CONT");
    let line = agent.line("hold loop_stalled sets degraded");
    assert!(line.contains("the loop stood still for"), "{line}");
    agent.line("hold loop_stalled is over");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}

#[test]
fn it_says_how_it_is_and_what_it_did() {
    let home = Home::new();
    let often = "[conditions]\nheartbeat_interval = \"1s\"\nsummary_interval = \"1s\"\n";
    home.write("ibis.toml", format!("{QUIET}{often}"));
    let mut agent = home.start("agent --config ibis.toml", &[]);
    let line = agent.line("heartbeat: ");
    assert!(line.contains("healthy") && line.contains(" turns, 0 errors"), "{line}");
    let line = agent.line("last 1 min: ");
    assert!(line.contains(" fills, net ") && line.contains("changes of state"), "{line}");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    let state: Value =
        serde_json::from_slice(&std::fs::read(home.path("data/state.json")).unwrap()).unwrap();
    assert_eq!(state["body"]["health"]["level"], "healthy");
    assert_eq!(
        home.ibis("status --json").parsed()["agent_health"],
        "healthy, 0 errors within 10 min"
    );
}

/// A live agent at an exchange with this fault from its second minute of requests on.
fn faulty(rule: &str, conditions: &str) -> (Trader, Exchange) {
    let home = Home::new();
    home.write("plan.toml", format!("[[rule]]\n{rule}"));
    let exchange = Exchange::start_in(home, "--faults plan.toml --seed 3 --speed 60");
    let conditions = format!("[conditions]\n{conditions}{QUIET}");
    let trader = Trader::new(&exchange, &["BTC-USDT"], &conditions);
    (trader, exchange)
}

#[test]
fn calls_that_fail_degrade_then_pause_and_it_recovers() {
    // The rows of instruments are read every two seconds, and fail from the sixth second to the 40th.
    let rule = "fault = \"error\"\non = \"GET /api/*\"\nfrom_s = 6\nuntil_s = 40\ncode = \"500000\"\n\
                http = 500\nmsg = \"Internal Server Error\"\n";
    let few = "api_window = \"20s\"\napi_errors_max = 3\napi_calls_min = 5\napi_stay = \"1s\"\n\
               errors_degraded = 3\n";
    let (trader, _exchange) = faulty(rule, few);
    let mut agent = trader.start("--speed 60");
    let line = agent.line("hold api_errors sets degraded");
    assert!(line.contains("calls failed within"), "{line}");
    agent.line("hold api_errors sets soft_pause");
    agent.line("hold api_errors is over");
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("health healthy -> "), "{}", ended.stderr);
}

#[test]
fn a_quota_that_is_nearly_used_up_pauses_entries() {
    let rule = "fault = \"rate_limited\"\non = \"GET /api/v2/symbols/*\"\nfrom_s = 4\nlimit = 2\n\
                headers = true\nreset_ms = 500\n";
    let (trader, _exchange) = faulty(rule, "rate_limit_stay = \"2s\"\n");
    let mut agent = trader.start("--speed 60");
    let line = agent.line("hold rate_limit sets soft_pause");
    assert!(line.contains("left of the public quota"), "{line}");
    agent.line("hold rate_limit is over");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}
