//! Hang and crash: systemd brings the agent back, and nothing is lost or done twice.

use super::books::{assert_agree, fills, fills_beyond};
use super::{AGENT, IBIS, restarted, trading};

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
}

#[test]
fn a_killed_agent_loses_no_fill_and_doubles_no_order() {
    let Some(machine) = trading("") else { return };
    fills_beyond(&machine, 0);
    for restarts in 1..=3 {
        let pid = machine.show(AGENT, "MainPID");
        let before = fills(&machine);
        machine.succeed(&format!("systemctl kill -s KILL --kill-who=main {AGENT}"));
        assert_eq!(restarted(&machine, &pid), restarts);
        assert!(fills(&machine).starts_with(&before), "what was written before the kill is gone");
    }
    machine.succeed("systemctl start ibis-exec-integrity");
    assert_eq!(machine.show("ibis-exec-integrity.service", "ExecMainStatus"), "0");
    machine.succeed("systemctl stop ibis-agent");
    assert_agree(&machine);
    machine.succeed(&format!("{IBIS} db check"));
}
