//! Acceptance tests 12 and 13: a signal to stop is obeyed in every state, with orders in flight.

use ibis::domain::hold::{HoldCode, Level};
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::time::Timestamp;
use ibis::store::operator;

use crate::support::home::{Home, Running};

/// Orders stay in flight for a minute either way; a drain may take two seconds.
const SLOW: &str = "stop_timeout = \"2s\"\n[paper]\norder_latency = \"1m\"\nreport_latency = \"1m\"\n\
    [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\n\
    [http]\nenabled = false\n";

/// An agent with an entry in flight.
fn in_flight(home: &Home, more: &str) -> Running {
    home.write("ibis.toml", format!("{SLOW}{more}"));
    let mut agent = home.start("agent --config ibis.toml --json", &[]);
    agent.line("(entry)");
    agent
}

/// Says something to the agent.
fn say(home: &Home, wish: Wish) {
    let command = Command {
        id: CommandId::new("0123456789abcdef0123456789abcdef").unwrap(),
        at: Timestamp::from_ms(1),
        by: "test".to_owned(),
        via: Via::Cli,
        reason: "a test".to_owned(),
        wish,
    };
    operator::submit(&home.path("data"), None, &command).unwrap();
}

/// Stops it, and compares what its ledger says.
fn stops(home: &Home, agent: Running, (signal, state): (&str, &str)) {
    agent.signal(signal);
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{state}: {ended:?}");
    let summary: serde_json::Value = serde_json::from_str(ended.stdout.trim()).unwrap();
    assert_eq!(summary["cause"], format!("SIG{signal}"), "{state}");
    assert!(summary["open_orders"].as_u64().unwrap() > 0, "{state}: nothing was in flight");
    let query = "SELECT cause FROM runs WHERE run = 1";
    let cause: String = home.ledger().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(cause, "operator", "{state}");
    let checked = home.json("db check");
    assert_eq!(summary["chain_head"], checked["chain_head"], "{state}");
}

/// Acceptance test 12.
#[test]
fn sigterm_ends_the_agent_in_every_state_with_orders_in_flight() {
    let home = Home::new();
    let agent = in_flight(&home, "");
    stops(&home, agent, ("TERM", "running"));

    let home = Home::new();
    let mut agent =
        in_flight(&home, "[health]\ndisk_free_warn = \"1MiB\"\ndisk_free_critical = \"1MiB\"\n");
    let full = "[health]\ndisk_free_warn = \"1000GiB\"\ndisk_free_critical = \"1MiB\"\n";
    home.write("ibis.toml", format!("{SLOW}{full}"));
    agent.signal("HUP");
    agent.line("-> degraded");
    stops(&home, agent, ("TERM", "degraded"));

    for (state, wish) in [
        ("soft_pause", Wish::Pause { scope: None, for_us: None }),
        ("hard_stop", Wish::Hold { code: HoldCode::Integrity, level: Some(Level::HardStop) }),
        ("kill_switch", Wish::Kill { flatten: false }),
    ] {
        let home = Home::new();
        let mut agent = in_flight(&home, "");
        say(&home, wish);
        agent.line(&format!("-> {state}"));
        stops(&home, agent, ("TERM", state));
    }
}

/// Acceptance test 13.
#[test]
fn sigint_is_exit_0_and_counts_as_an_operators_stop() {
    let home = Home::new();
    let agent = in_flight(&home, "");
    stops(&home, agent, ("INT", "running"));
}
