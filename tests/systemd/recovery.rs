//! Hang and crash: systemd brings the agent back, and nothing is lost or done twice.

use super::books::Books;
use super::{AGENT, IBIS, restarted, trading};
use crate::support::machine::Machine;

/// Acceptance test 15.
#[test]
fn a_hung_agent_is_restarted_by_the_watchdog() {
    let Some(machine) = trading("WatchdogSec=2s\n") else { return };
    let pid = machine.show(AGENT, "MainPID");
    machine.succeed(&format!("systemctl kill -s STOP --kill-who=main {AGENT}"));
    assert_eq!(restarted(&machine, &pid), 1);
    let journal = machine.journal("-u ibis-agent");
    let timeout = |m: &str| m.contains("Watchdog timeout");
    assert!(journal.iter().any(|entry| entry["MESSAGE"].as_str().is_some_and(timeout)));
    machine.succeed(&format!("{IBIS} db check"));
    let causes = causes(&machine);
    assert_eq!(causes, serde_json::json!({"watchdog": 1}), "a restart by the watchdog is one");
}

/// How the agent's runs ended, by its ledger.
fn causes(machine: &Machine) -> serde_json::Value {
    // It may be degraded by its short life: only what it says counts here.
    let status = machine.succeed(&format!("{IBIS} status --json || true"));
    let status: serde_json::Value = serde_json::from_str(status.trim()).unwrap();
    status["ends_24h"].clone()
}

#[test]
fn a_killed_agent_loses_no_fill_and_doubles_no_order() {
    let Some(machine) = trading("") else { return };
    let mut fills = 0;
    for restarts in 1..=3 {
        let pid = machine.show(AGENT, "MainPID");
        let before = Books::with_more_fills_than(&machine, fills).fills();
        fills = before.len();
        machine.succeed(&format!("systemctl kill -s KILL --kill-who=main {AGENT}"));
        assert_eq!(restarted(&machine, &pid), restarts);
        let after = Books::copy(&machine).fills();
        assert!(after.starts_with(&before), "what was written before the kill is gone");
    }
    assert_eq!(causes(&machine), serde_json::json!({"crash": 3}));
    machine.succeed("systemctl start ibis-exec-integrity");
    assert_eq!(machine.show("ibis-exec-integrity.service", "ExecMainStatus"), "0");
    machine.succeed("systemctl stop ibis-agent");
    Books::copy(&machine).assert_agree();
    machine.succeed(&format!("{IBIS} db check"));
}
