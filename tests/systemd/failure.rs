//! When not to go on: the start limit, and errors that need a person.

use super::{AGENT, configure, installed};

#[test]
fn a_crash_loop_ends_and_reports_once() {
    let Some(machine) = installed() else { return };
    configure(
        &machine,
        "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=3\n\
         [Service]\nExecStart=\nExecStart=/bin/sh -c 'exit 101'\nRestartSec=100ms\n",
    );
    machine.run("systemctl start ibis-agent");
    machine.until(&format!("[ $(systemctl show {AGENT} -p SubState --value) = failed ]"));
    assert_eq!(machine.show(AGENT, "NRestarts"), "3");
    let reports = "journalctl -u ibis-failure@ibis-agent.service.service";
    machine.until(&format!("{reports} | grep -q Finished"));
    let runs = machine.succeed(&format!("journalctl --sync; {reports} | grep -c Finished"));
    assert_eq!(runs.trim(), "1", "OnFailure ran more than once");
    assert_eq!(machine.show("ibis-failure@ibis-agent.service.service", "Result"), "success");
}

#[test]
fn a_bad_configuration_is_not_restarted() {
    let Some(machine) = installed() else { return };
    machine.write("/etc/ibis/ibis.toml", "[bogus]\nbogus = 1\n");
    assert!(!machine.run("systemctl start ibis-agent").status.success());
    assert_eq!(machine.show(AGENT, "ExecMainStatus"), "78");
    assert_eq!(machine.show(AGENT, "ActiveState"), "failed");
    assert_eq!(machine.show(AGENT, "NRestarts"), "0");
    let lines = machine.journal("-u ibis-agent _SYSTEMD_UNIT=ibis-agent.service");
    let said = lines.iter().filter_map(|entry| entry["MESSAGE"].as_str());
    assert!(said.into_iter().any(|message| message.contains("bogus")), "{lines:?}");
    machine.until("journalctl -u ibis-failure@ibis-agent.service.service | grep -q Finished");
}
