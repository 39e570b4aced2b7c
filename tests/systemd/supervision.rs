//! What systemd's restarts do to trading, and who hears of it.

use super::books::Books;
use super::{AGENT, IBIS, configure, installed, restarted, trading};
use crate::support::machine::Machine;

/// Long enough to do something while the agent is dead.
const SLOW: &str = "RestartSec=4s\n";

/// The level and seconds of the hold for crashes in a row, in the machine's ledger.
fn held(machine: &Machine) -> Option<(String, i64)> {
    let ledger = Books::copy(machine).ledger;
    let query = "SELECT level, (until_us - set_at_us) / 1000000 FROM holds
                 WHERE code = 'crash_loop' AND cleared_at_us IS NULL";
    ledger.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()
}

/// A program that keeps what it is told.
fn page(machine: &Machine) {
    machine.write("/usr/local/bin/page", "#!/bin/sh\nexec cat >>/var/lib/ibis/paged\n");
    machine.succeed("chmod 755 /usr/local/bin/page");
    machine.write("/etc/ibis/ibis.toml", "[alerts]\ncommand = \"/usr/local/bin/page\"\n");
}

/// What it was told about a key, as JSON.
fn told(machine: &Machine, key: &str) -> Vec<serde_json::Value> {
    machine.until(&format!("grep -q '\"key\":\"{key}\"' /var/lib/ibis/paged"));
    let lines = machine.succeed("cat /var/lib/ibis/paged");
    let told = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    told.filter(|told| told["key"] == key).collect()
}

/// Acceptance test 14, under systemd: each crash in a row pauses for twice as long.
#[test]
fn crashes_across_real_restarts_hold_trading_and_not_the_process() {
    let Some(machine) = installed() else { return };
    configure(&machine, "[Service]\nRestartSec=100ms\n");
    machine.succeed("systemctl enable --now ibis-agent");
    assert_eq!(held(&machine), None);
    for (restarts, pause_s) in [(1, 30), (2, 60), (3, 120)] {
        let pid = machine.show(AGENT, "MainPID");
        machine.succeed(&format!("systemctl kill -s KILL --kill-who=main {AGENT}"));
        assert_eq!(restarted(&machine, &pid), restarts);
        assert_eq!(held(&machine), Some(("soft_pause".to_owned(), pause_s)));
        assert_eq!(machine.show(AGENT, "ActiveState"), "active");
    }
    machine.succeed(&format!("{IBIS} db check"));
}

#[test]
fn a_kill_between_a_crash_and_its_restart_is_obeyed_by_the_next_process() {
    let Some(machine) = trading(SLOW) else { return };
    let fills = Books::with_more_fills_than(&machine, 0).fills().len();
    let pid = machine.show(AGENT, "MainPID");
    machine.succeed(&format!("systemctl kill -s KILL --kill-who=main {AGENT}"));
    machine.until(&format!("[ $(systemctl show {AGENT} -p SubState --value) = auto-restart ]"));
    machine.succeed(&format!("{IBIS} kill activate --reason 'a test'"));
    assert_eq!(restarted(&machine, &pid), 1);
    let status = machine.succeed(&format!("{IBIS} kill status --json || true"));
    let status: serde_json::Value = serde_json::from_str(status.trim()).unwrap();
    assert_eq!(status["active"], true, "{status}");
    let before = Books::copy(&machine).fills();
    assert!(before.len() >= fills);
    let samples = "SELECT count(*) FROM samples";
    let minutes = |machine: &Machine| -> i64 {
        Books::copy(machine).ledger.query_row(samples, [], |row| row.get(0)).unwrap()
    };
    // Ten minutes of the market, each a second's tenth.
    let began = minutes(&machine);
    while minutes(&machine) < began + 10 {
        machine.succeed("sleep 0.2");
    }
    assert_eq!(Books::copy(&machine).fills(), before, "traded while killed");
    machine.succeed("systemctl stop ibis-agent");
    Books::copy(&machine).assert_agree();
}

#[test]
fn a_failed_unit_is_told_through_a_channel_with_the_agent_dead() {
    let Some(machine) = installed() else { return };
    page(&machine);
    configure(
        &machine,
        "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n\
         [Service]\nExecStart=\nExecStart=/bin/sh -c 'exit 101'\nRestartSec=100ms\n",
    );
    machine.run("systemctl start ibis-agent");
    let told = told(&machine, "unit/ibis-agent.service");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((&told[0]["kind"], &told[0]["instance"]), (&"firing".into(), &"ibis".into()));
    assert_eq!(told[0]["severity"], "critical", "{told:#?}");
    // The ledger was never made: what fires is told past the outbox.
    assert_eq!(machine.show("ibis-failure@ibis-agent.service.service", "Result"), "success");
}

#[test]
fn a_running_agents_kill_is_told_through_a_channel() {
    let Some(machine) = installed() else { return };
    page(&machine);
    machine.succeed("systemctl enable --now ibis-agent");
    machine.succeed(&format!("{IBIS} kill activate --reason 'a test'"));
    let told = told(&machine, "hold/global/kill_switch");
    assert_eq!((told.len(), &told[0]["severity"]), (1, &"critical".into()), "{told:#?}");
}

#[test]
fn what_is_held_is_sold_by_an_operators_word() {
    let Some(machine) = trading(SLOW) else { return };
    // Refused until something is held.
    machine.until(&format!("{IBIS} force-exit --all --reason 'a test'"));
    let sold = "SELECT count(*) FROM fills JOIN intents USING (client_order_id)
                WHERE intents.purpose = 'force_exit'";
    let sold: i64 = Books::copy(&machine).ledger.query_row(sold, [], |row| row.get(0)).unwrap();
    assert!(sold > 0);
    machine.succeed("systemctl stop ibis-agent");
    Books::copy(&machine).assert_agree();
}
