//! A good life: start, reload, stop, and a machine that is switched off.

use super::{AGENT, trading};

#[test]
fn a_reload_keeps_the_process() {
    let Some(machine) = trading("") else { return };
    let pid = machine.show(AGENT, "MainPID");
    machine.succeed("systemctl reload ibis-agent");
    machine.until(&format!("systemctl -q is-active {AGENT}"));
    assert_eq!(machine.show(AGENT, "MainPID"), pid);
}

#[test]
fn a_power_off_drains_in_order() {
    let Some(machine) = trading("") else { return };
    machine.succeed("journalctl --sync");
    let journal = machine.power_off();
    let position = |message: &str| {
        let found = journal
            .iter()
            .rposition(|entry| entry["MESSAGE"].as_str().is_some_and(|m| m.contains(message)));
        found.unwrap_or_else(|| panic!("the journal lacks {message:?}"))
    };
    let stopping = position("Stopping ibis-agent.service");
    let down = position("ibis-agent.service: Deactivated successfully");
    assert!(stopping < down);
    // What it said while it drained, between the request and the end.
    let drained = journal[stopping..down]
        .iter()
        .any(|entry| entry["_SYSTEMD_UNIT"] == AGENT && entry["MESSAGE"].is_string());
    assert!(drained, "the agent ended without a word");
    assert!(!journal.iter().any(|e| e["MESSAGE"].as_str().is_some_and(|m| m.contains("SIGKILL"))));
}
